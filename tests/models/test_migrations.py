"""Migrations that move data: nothing is lost, on any database."""

from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy
from alembic.script import ScriptDirectory

from app import create_app
from exts import db
from services.keys import api_keys, key_owners, key_rotation
from tests.databases import KINDS, database_of


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_keys_keep_their_hashes_when_they_get_several(
    kind: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    if kind == "sqlite":
        moved({**settings, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'old.db'}"})
    else:
        with database_of(kind) as address:
            moved({**settings, "SQLALCHEMY_DATABASE_URI": address})


def moved(settings: dict[str, Any]) -> None:
    app, key = create_app(settings), "sc_live_of_old"
    with app.app_context():
        flask_migrate.upgrade(revision="0012")
        old = {"id": "a" * 32, "name": "shop", "hint": key[:12], "key_hash": key_owners.hash_of(key)}
        with db.engine.begin() as connection:
            connection.execute(
                sqlalchemy.text(
                    "INSERT INTO api_key (id, name, hint, key_hash, scopes, is_test, created_at, last_used_at) "
                    "VALUES (:id, :name, :hint, :key_hash, '[\"read\"]', false, 1, 2)"
                ),
                old,
            )
        flask_migrate.upgrade()
        assert key_owners.authenticate(key) == key_owners.KeyOwner(old["id"], frozenset({"read"}), False)
        _, new = key_rotation.rotate(old["id"], "1h")
        assert [one.hint for one in api_keys.get(old["id"]).secrets] == [new[:12], old["hint"]]
        db.session.remove()
        flask_migrate.downgrade(revision="0012")
        with db.engine.connect() as connection:
            kept = connection.execute(sqlalchemy.text("SELECT key_hash, hint FROM api_key")).one()
        assert tuple(kept) == (key_owners.hash_of(new), new[:12])
        db.engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_migration_goes_down_and_up_again(kind: str, settings: dict[str, Any], tmp_path: Path) -> None:
    if kind == "sqlite":
        down_and_up({**settings, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'old.db'}"})
    else:
        with database_of(kind) as address:
            down_and_up({**settings, "SQLALCHEMY_DATABASE_URI": address})


def down_and_up(settings: dict[str, Any]) -> None:
    app = create_app(settings)
    with app.app_context():
        script = ScriptDirectory(str(Path(app.root_path) / "migrations"))
        steps = [step.revision for step in script.walk_revisions()][::-1]
        for step in steps:
            flask_migrate.upgrade(revision=step)
            tables = shape()
            if step == steps[0]:
                fill()
            flask_migrate.downgrade(revision="-1")
            flask_migrate.upgrade(revision=step)
            assert shape() == tables, step
            if step == steps[0]:
                fill()
            assert sessions() == 1, step
        for step in [*steps[:-1][::-1], "base"]:
            flask_migrate.downgrade(revision=step)
            assert step == "base" or sessions() == 1, step
        assert set(shape()) <= {"alembic_version"}
        flask_migrate.upgrade()
        assert shape() == tables
        db.engine.dispose()


def fill() -> None:
    """Insert a row that refers to another one."""
    for table, row in (
        (
            "administrator",
            {
                **dict.fromkeys(("id", "created_at"), 1),
                **dict.fromkeys(("email", "canonical", "role", "password_hash"), "a"),
                "must_change_password": False,
            },
        ),
        (
            "administrator_session",
            {
                "id": "a",
                "administrator_id": 1,
                **dict.fromkeys(("signed_in_at", "password_at", "last_seen_at"), 1),
            },
        ),
    ):
        columns = sqlalchemy.inspect(db.engine).get_columns(table)
        needed = {
            column["name"]: row.get(column["name"], "a") for column in columns if not column["nullable"]
        }
        with db.engine.begin() as connection:
            there = sqlalchemy.table(table, *(sqlalchemy.column(name) for name in needed))
            connection.execute(there.insert().values(needed))


def sessions() -> int:
    with db.engine.connect() as connection:
        return int(connection.scalar(sqlalchemy.text("SELECT count(*) FROM administrator_session")) or 0)


def shape() -> dict[str, Any]:
    """Return each table with its columns and indexes."""
    if db.engine.dialect.name == "sqlite":
        return shape_of_sqlite()
    look = sqlalchemy.inspect(db.engine)
    return {
        table: (
            sorted(column["name"] for column in look.get_columns(table)),
            sorted(
                (str(index["name"]), *map(str, index["column_names"])) for index in look.get_indexes(table)
            ),
        )
        for table in look.get_table_names()
    }


def shape_of_sqlite() -> dict[str, Any]:
    """Return the same from two statements; SQLAlchemy asks thousands of times for each table by itself."""
    columns = """
        SELECT made.name, info.name FROM sqlite_master AS made, pragma_table_xinfo(made.name) AS info
        WHERE made.type = 'table' AND made.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY 1, 2
    """
    indexes = """
        SELECT made.name, list.name, info.name
        FROM sqlite_master AS made, pragma_index_list(made.name) AS list, pragma_index_info(list.name) AS info
        WHERE made.type = 'table' AND list.origin = 'c' ORDER BY 1, 2, info.seqno
    """
    found: dict[str, Any] = {}
    with db.engine.connect() as connection:
        for table, column in connection.exec_driver_sql(columns):
            found.setdefault(table, ([], []))[0].append(column)
        for table, index, column in connection.exec_driver_sql(indexes):
            found[table][1].append((index, column))
    return found


@pytest.mark.slow
def test_texts_are_utf8_in_a_mariadb_that_was_created_as_latin1(settings: dict[str, Any]) -> None:
    """And what differs by an accent or a capital is different, as on the other databases."""
    with database_of("mariadb") as address:
        app = create_app({**settings, "SQLALCHEMY_DATABASE_URI": address})
        with app.app_context():
            with db.engine.begin() as connection:
                name = connection.engine.url.database
                connection.execute(sqlalchemy.text(f"ALTER DATABASE {name} CHARACTER SET latin1"))
            for make in (flask_migrate.upgrade, db.drop_all, db.create_all):
                make()
                if make == db.drop_all:
                    continue
                collations = sqlalchemy.text(
                    "SELECT DISTINCT collation_name FROM information_schema.columns "
                    "WHERE table_schema = database() AND collation_name IS NOT NULL "
                    "AND table_name <> 'alembic_version'"
                )
                with db.engine.connect() as connection:
                    assert connection.scalars(collations).all() == ["utf8mb4_bin"]
                    stored = {"name": "ówner 🗝"}
                    insert = "INSERT INTO lease (name, holder, expires_at) VALUES (:name, 'x', 1)"
                    connection.execute(sqlalchemy.text(insert), stored)
                    found = "SELECT count(*) FROM lease WHERE name = :name"
                    for asked, count in (("ówner 🗝", 1), ("owner 🗝", 0), ("Ówner 🗝", 0)):
                        assert connection.scalar(sqlalchemy.text(found), {"name": asked}) == count
            db.engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_compared_byte_by_byte_and_old_mexican_numbers_written_anew(
    kind: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    if kind == "sqlite":
        rewritten({**settings, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'old.db'}"})
    else:
        with database_of(kind) as address:
            rewritten({**settings, "SQLALCHEMY_DATABASE_URI": address})


def rewritten(settings: dict[str, Any]) -> None:
    app = create_app(settings)
    add = sqlalchemy.text(
        "INSERT INTO suppression (id, channel, canonical, reason, created_at) VALUES (:id, :channel, :to, 'bounce', 1)"
    )
    with app.app_context():
        flask_migrate.upgrade(revision="0018")
        with db.engine.begin() as connection:
            for id, channel, to in (("a", "sms", "+5215512345678"), ("b", "email", "muller@example.org")):
                connection.execute(add, {"id": id, "channel": channel, "to": to})
        flask_migrate.upgrade()
        with db.engine.begin() as connection:
            connection.execute(add, {"id": "c", "channel": "email", "to": "müller@example.org"})
            connection.execute(add, {"id": "A", "channel": "email", "to": "a@example.org"})
            found = connection.execute(
                sqlalchemy.text("SELECT id, canonical FROM suppression ORDER BY created_at, id")
            )
            assert dict(found.all())["a"] == "+525512345678"
            exact = sqlalchemy.text(
                "SELECT id FROM suppression WHERE canonical = 'muller@example.org' OR id = 'a'"
            )
            assert set(connection.scalars(exact)) == {"a", "b"}
            connection.execute(sqlalchemy.text("DELETE FROM suppression WHERE id IN ('c', 'A')"))
        db.session.remove()
        flask_migrate.downgrade(revision="0018")
        flask_migrate.upgrade()
        with db.engine.begin() as connection:
            connection.execute(add, {"id": "c", "channel": "email", "to": "müller@example.org"})
            assert set(connection.scalars(exact)) == {"a", "b"}
        db.engine.dispose()
