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
