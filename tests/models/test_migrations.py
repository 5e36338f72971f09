"""Migrations that move data: nothing is lost, on any database."""

from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy

from app import create_app
from exts import db
from services.keys import api_keys, key_owners, key_rotation
from tests.databases import KINDS, database_of


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
        flask_migrate.upgrade(revision="0013")
        assert key_owners.authenticate(key) == key_owners.KeyOwner(old["id"], frozenset({"read"}), False)
        _, new = key_rotation.rotate(old["id"], "1h")
        assert [one.hint for one in api_keys.get(old["id"]).secrets] == [new[:12], old["hint"]]
        db.session.remove()
        flask_migrate.downgrade(revision="0012")
        with db.engine.connect() as connection:
            kept = connection.execute(sqlalchemy.text("SELECT key_hash, hint FROM api_key")).one()
        assert tuple(kept) == (key_owners.hash_of(new), new[:12])
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
        flask_migrate.upgrade()  # on MariaDB this time from its usual collation
        with db.engine.begin() as connection:
            connection.execute(add, {"id": "c", "channel": "email", "to": "müller@example.org"})
            assert set(connection.scalars(exact)) == {"a", "b"}
        db.engine.dispose()
