"""A new secret for a key, and the overlap with the old one."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

from domain.errors import Conflict, InvalidInput, NotFound
from exts import db
from services.audit import trail
from services.keys import api_keys, key_owners, key_rotation

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        yield clock


def works(app: Flask, key: str) -> bool:
    """Check the key as another process would, without a cached answer."""
    app.extensions.pop("sendcode_api_keys", None)
    return key_owners.authenticate(key) is not None


@pytest.mark.parametrize(
    ("overlap", "life"), [("1h", {"hours": 1}), ("24h", {"hours": 24}), ("7d", {"days": 7})]
)
def test_both_secrets_work_until_the_old_one_dies(
    app: Flask, clock: time_machine.Traveller, overlap: str, life: dict[str, int]
) -> None:
    view, old = api_keys.create("shop", scopes=["read"], is_test=True)
    rotated, new = key_rotation.rotate(view.id, overlap)
    assert rotated.id == view.id
    assert new.startswith("sc_test_")
    assert key_owners.authenticate(new) == key_owners.authenticate(old)
    clock.shift(timedelta(**life) - timedelta(seconds=1))
    assert works(app, old)
    clock.shift(1)
    assert not works(app, old)
    assert works(app, new)


def test_a_leaked_secret_dies_at_once_even_where_it_is_cached() -> None:
    view, old = api_keys.create("shop")
    assert key_owners.authenticate(old)
    _, new = key_rotation.rotate(view.id, "0")
    assert key_owners.authenticate(old) is None
    assert key_owners.authenticate(new)


def test_a_second_rotation_never_lengthens_an_older_overlap(clock: time_machine.Traveller) -> None:
    view, first = api_keys.create("shop")
    key_rotation.rotate(view.id, "1h")
    rotated, _ = key_rotation.rotate(view.id, "7d")
    ends = [one.expires_at for one in rotated.secrets]
    assert ends[0] is None
    assert ends[1] - ends[2] == timedelta(days=7, hours=-1)
    rotated, _ = key_rotation.rotate(view.id, "0")
    assert rotated.overlapping == ()
    assert key_owners.authenticate(first) is None


def test_an_overlap_is_ended_early_and_the_secret_of_now_can_not_be() -> None:
    view, old = api_keys.create("shop")
    rotated, new = key_rotation.rotate(view.id)
    key_owners.authenticate(old)
    current, previous = rotated.secrets
    key_rotation.end_early(view.id, previous.id)
    assert key_owners.authenticate(old) is None
    for secret in (current.id, previous.id, 99):
        with pytest.raises(NotFound):
            key_rotation.end_early(view.id, secret)
    assert key_owners.authenticate(new)


def test_a_revoked_key_is_dead_with_all_its_secrets() -> None:
    view, old = api_keys.create("shop")
    _, new = key_rotation.rotate(view.id)
    assert key_owners.authenticate(old)
    assert key_owners.authenticate(new)
    api_keys.revoke(view.id)
    assert key_owners.authenticate(old) is key_owners.authenticate(new) is None
    with pytest.raises(Conflict):
        key_rotation.rotate(view.id)
    with pytest.raises(NotFound):
        key_rotation.rotate("nobody")
    with pytest.raises(InvalidInput, match="overlap"):
        key_rotation.rotate(view.id, "2h")


def test_the_last_use_is_known_for_each_secret(clock: time_machine.Traveller) -> None:
    view, old = api_keys.create("shop")
    _, new = key_rotation.rotate(view.id)
    key_owners.authenticate(new)
    clock.shift(3600)
    key_owners.authenticate(old)
    found = api_keys.get(view.id)
    assert found.secrets[1].last_used_at - found.secrets[0].last_used_at == timedelta(hours=1)
    assert found.last_used_at == found.secrets[1].last_used_at


def test_a_key_is_found_with_one_lookup(app: Flask) -> None:
    view, key = api_keys.create("shop")
    key_rotation.rotate(view.id)
    works(app, key)
    app.extensions.pop("sendcode_api_keys")
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert key_owners.authenticate(key)
    assert len(seen) == 1
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0]}", ("x", "api")).all()
    assert not [step for step in plan if step.detail.startswith("SCAN")], plan


def test_it_is_audited_without_a_secret() -> None:
    view, old = api_keys.create("shop")
    rotated, new = key_rotation.rotate(view.id, "1h")
    key_rotation.end_early(view.id, rotated.secrets[1].id)
    api_keys.edit(view.id, scopes=["read"], networks=["10.0.0.0/8"])
    api_keys.edit(view.id, scopes=["read"], networks=["10.0.0.0/8"])
    edited, ended, turned = trail.entries().shown[:3]
    assert turned.after == {"secret": new[:12], "overlap": "1h"}
    assert ended.before == {"secret": old[:12]}
    assert edited.before == {"scopes": ["verifications", "messages", "read", "webhooks"], "networks": None}
    assert edited.after == {"scopes": ["read"], "networks": ["10.0.0.0/8"]}
    told = repr(trail.entries())
    assert old not in told
    assert new not in told
