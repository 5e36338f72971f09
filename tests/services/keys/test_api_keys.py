"""API keys."""

import hashlib
import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, select, update

from domain.errors import InvalidInput, NotFound
from exts import db
from models import ApiKey, ApiKeySecret
from services.keys import api_keys, key_owners
from services.keys.key_owners import KeyOwner, Scope
from tests.servers.thread import wait_until

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def statements():
    """The SQL statements executed from now on."""
    seen = []
    event.listen(db.engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
    return seen


def row(view):
    db.session.rollback()
    return db.session.get(ApiKey, view.id, populate_existing=True)


def test_a_key_names_its_kind_and_has_256_random_bits():
    _, live = api_keys.create("shop")
    _, test = api_keys.create("shop", is_test=True)
    assert live.startswith("sc_live_")
    assert test.startswith("sc_test_")
    assert len(live.removeprefix("sc_live_")) == 43  # 32 bytes in base64
    assert live[8:] != test[8:]


def test_only_the_hash_of_a_key_is_stored():
    view, key = api_keys.create("shop")
    stored = row(view).secrets[0]
    assert stored.key_hash == hashlib.sha256(key.encode()).hexdigest()
    assert stored.hint == key[:12]
    for kept in (ApiKey, ApiKeySecret):
        assert key not in repr(db.session.execute(select(kept.__table__)).all())
    assert key not in repr(view)


def test_a_key_has_all_scopes_by_default():
    assert api_keys.create("all")[0].scopes == ("verifications", "messages", "read", "webhooks")
    assert api_keys.create("some", scopes=["read", "verifications"])[0].scopes == ("verifications", "read")


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "write"]])
def test_a_key_without_a_known_scope_is_refused(scopes):
    with pytest.raises(InvalidInput, match="must be some of verifications, messages, read, webhooks"):
        api_keys.create("shop", scopes=scopes)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 121])
def test_a_key_needs_a_name(name):
    with pytest.raises(InvalidInput, match="name"):
        api_keys.create(name)


def test_a_key_is_recognised_and_nothing_else_is():
    view, key = api_keys.create("shop", is_test=True, scopes=["read"])
    assert key_owners.authenticate(key) == KeyOwner(view.id, frozenset({Scope.READ}), True)
    for other in (
        "",
        key[:-1],
        key + "=",
        key.upper(),
        key.replace("test", "live"),
        "x" * 5000,
        "\xff\ud800",
    ):
        assert key_owners.authenticate(other) is None


def test_a_key_just_seen_is_recognised_without_asking_the_database(statements):
    _, key = api_keys.create("shop")
    first = key_owners.authenticate(key)
    statements.clear()
    assert key_owners.authenticate(key) == first
    assert statements == []


def test_a_revoked_key_ends_at_once_here_and_soon_elsewhere(context):
    here, key_here = api_keys.create("here")
    there, key_there = api_keys.create("there")
    assert key_owners.authenticate(key_here)
    assert key_owners.authenticate(key_there)
    assert api_keys.revoke(here.id).revoked_at is not None
    assert key_owners.authenticate(key_here) is None
    db.session.execute(update(ApiKey).where(ApiKey.id == there.id).values(revoked_at=datetime.now(UTC)))
    db.session.commit()
    wait_until(lambda: key_owners.authenticate(key_there) is None)


def test_revoking_twice_keeps_the_first_time_and_an_unknown_key_is_not_found():
    view, _ = api_keys.create("shop")
    first = api_keys.revoke(view.id).revoked_at
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert api_keys.revoke(view.id).revoked_at == first
    with pytest.raises(NotFound):
        api_keys.revoke("nobody")


def test_the_last_use_is_recorded_once_a_minute(app, statements):
    view, key = api_keys.create("shop")
    start = datetime.now(UTC)
    for seconds, noted in ((0, True), (30, False), (59, False), (61, True)):
        app.extensions.pop("sendcode_api_keys", None)  # as in another process, which has not seen it
        statements.clear()
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            key_owners.authenticate(key)
        assert any("UPDATE" in statement for statement in statements) == noted
    assert row(view).secrets[0].last_used_at == start + timedelta(seconds=61)


def test_keys_are_listed_newest_first():
    for name in ("first", "second"):
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=name == "second")):
            api_keys.create(name)
    assert [view.name for view in api_keys.list_all()] == ["second", "first"]


def test_no_key_gets_into_a_log(caplog):
    with caplog.at_level(logging.DEBUG):
        view, key = api_keys.create("shop")
        key_owners.authenticate(key)
        api_keys.revoke(view.id)
        key_owners.authenticate(key)
    assert view.id in caplog.text
    assert key not in caplog.text
    assert key[8:] not in caplog.text
