"""The audit trail: written in the transaction of the change, without secrets, newest first."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from domain.actions import Action
from exts import db
from models import AuditEntry
from services import retention
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor, Wanted
from services.keys import api_keys
from services.people import administrators
from services.scheduling import schedules
from services.scheduling.schedules import NewSchedule
from services.storage.transactions import transaction

pytestmark = pytest.mark.usefixtures("context")
JANE = Actor(7, "jane@example.org", "192.0.2.1")


def fill(count: int, by: Actor = JANE, action: Action = Action.KEY_ADDED) -> None:
    def work(session: Session) -> None:
        for number in range(count):
            trail.note(session, by, action, f"key {number}")

    transaction(work)


def test_a_change_that_fails_leaves_no_entry() -> None:
    def work(session: Session) -> None:
        trail.note(session, JANE, Action.KEY_ADDED, "shop")
        session.flush()
        raise KeyError

    with pytest.raises(KeyError):
        transaction(work)
    assert trail.entries().shown == ()


def test_an_entry_has_actor_action_object_address_and_old_values() -> None:
    administrators.add("kim@example.org", "viewer", by=JANE)
    administrators.disable("kim@example.org")
    disabled, added = trail.entries().shown
    assert (added.actor_id, added.actor, added.ip) == (7, "jane@example.org", "192.0.2.1")
    assert (added.action, added.subject, added.before, added.after) == (
        Action.ADMINISTRATOR_ADDED,
        "k***@example.org",
        {},
        {"role": "viewer"},
    )
    assert (disabled.actor_id, disabled.actor, disabled.ip) == (None, "command line", None)
    assert (disabled.before, disabled.after) == ({"state": "active"}, {"state": "disabled"})


def test_an_action_that_changes_nothing_writes_no_entry() -> None:
    view, _ = api_keys.create("shop")
    for _ in range(2):
        api_keys.revoke(view.id)
    administrators.add("kim@example.org", "viewer")
    for _ in range(2):
        administrators.disable("kim@example.org")
    told = [entry.action for entry in trail.entries().shown]
    assert told.count(Action.KEY_REVOKED) == told.count(Action.ADMINISTRATOR_DISABLED) == 1


def test_no_secret_and_no_destination_is_stored() -> None:
    _, key = api_keys.create("shop")
    _, password = administrators.add("kim@example.org", "viewer")
    reset = administrators.reset_password("kim@example.org")
    given = {
        "args": ["kim@example.org", "13800138000", 314159],
        "kwargs": {"body": "code 314159", "tries": 3},
    }
    schedules.add(NewSchedule("report", "another.programs", every="1h", **given), force=True)
    schedules.remove("report")
    kept = repr([[getattr(row, column.name) for column in AuditEntry.__table__.columns] for row in rows()])
    for secret in (key, key[-8:], password, reset, "kim@", "13800138000", "314159"):
        assert str(secret) not in kept
    assert trail.entries().shown[0].before["arguments"] == ["text", "text", "number", "body=text", "tries=3"]


def rows() -> list[AuditEntry]:
    return list(db.session.scalars(db.select(AuditEntry)))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (30, 30),
        (-0.5, -0.5),
        (1000, "number"),
        (True, True),
        (None, None),
        ([1, 2], "list of 2"),
        ({}, "object of 0"),
    ],
)
def test_only_small_numbers_of_the_input_are_recorded(value: Any, told: Any) -> None:
    assert trail.outline(value) == told


def test_pages_follow_each_other_without_gap_or_doubling() -> None:
    fill(trail.PAGE + 3)
    first = trail.entries()
    fill(2)
    second = trail.entries(older_than=first.older_than)
    assert len(first.shown) == trail.PAGE
    assert [entry.subject for entry in (*first.shown, *second.shown)] == [
        f"key {number}" for number in reversed(range(trail.PAGE + 3))
    ]
    assert second.older_than is None


def test_entries_are_found_by_actor_and_by_action() -> None:
    fill(1)
    fill(1, by=COMMAND_LINE)
    fill(1, action=Action.KEY_REVOKED)
    assert len(trail.entries(Wanted(actor_id=7)).shown) == 2
    assert len(trail.entries(Wanted(command_line=True)).shown) == 1
    assert [entry.action for entry in trail.entries(Wanted([Action.KEY_REVOKED])).shown] == ["key.revoked"]
    assert trail.entries(Wanted(actor_id=8)).shown == ()


def test_an_action_of_a_newer_version_is_shown_by_its_name() -> None:
    fill(1)
    rows()[0].action = "key.polished"
    db.session.commit()
    assert trail.entries().shown[0].action == "key.polished"


def test_the_purge_leaves_the_audit_alone() -> None:
    fill(2)
    retention.purge(retention.parse_age("0d"))
    assert len(trail.entries().shown) == 2
