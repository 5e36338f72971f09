"""Lists of sessions, and ending sessions."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.errors import NotFound
from services.audit import trail
from services.audit.trail import Actor
from services.people import administrators
from services.sign_in import session_lists, sessions

pytestmark = pytest.mark.usefixtures("context")
PASSWORD = "seven purple otters"


@pytest.fixture
def jane(context: None) -> Actor:
    added, _ = administrators.add("jane@example.org", "owner", PASSWORD)
    return Actor(added.id, added.email, "192.0.2.1")


def sign_in(email: str = "jane@example.org") -> sessions.ConsoleSession:
    return sessions.sign_in(email, PASSWORD, ip="192.0.2.7", user_agent="Firefox")[1]


def ids(administrator: Actor | None = None) -> set[str]:
    return {one.id for one in session_lists.living(administrator and administrator.id)}


def test_only_live_sessions_are_listed(jane: Actor) -> None:
    administrators.add("kim@example.org", "viewer", PASSWORD)
    ended, mine, theirs = sign_in(), sign_in(), sign_in("kim@example.org")
    sessions.end(ended.id)
    assert ids() == {mine.id, theirs.id}
    assert ids(jane) == {mine.id}
    (shown,) = session_lists.living(jane.id)
    assert (shown.ip, shown.user_agent) == ("192.0.2.7", "Firefox")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=400)):
        assert ids() == set()


def test_people_end_only_their_own_sessions(jane: Actor) -> None:
    administrators.add("kim@example.org", "viewer", PASSWORD)
    mine, other, theirs = sign_in(), sign_in(), sign_in("kim@example.org")
    with pytest.raises(NotFound):
        session_lists.end_one(theirs.id, by=jane)
    session_lists.end_one(other.id, by=jane)
    with pytest.raises(NotFound):
        session_lists.end_one(other.id, by=jane)
    sign_in()
    assert session_lists.end_others(mine, by=jane) == 1
    assert session_lists.end_others(mine, by=jane) == 0
    assert ids() == {mine.id, theirs.id}
    shown = trail.entries(trail.Wanted(actor_id=jane.id)).shown
    told = [(entry.action, dict(entry.after), entry.ip) for entry in shown]
    assert told == [("account.sessions_ended", {"sessions": 1}, "192.0.2.1")] * 2


def test_an_owner_signs_somebody_out_everywhere(jane: Actor) -> None:
    kim, _ = administrators.add("kim@example.org", "viewer", PASSWORD)
    mine = sign_in()
    for _ in range(2):
        sign_in("kim@example.org")
    assert session_lists.end_all(kim.id, by=jane) == 2
    assert ids() == {mine.id}
    entry = trail.entries().shown[0]
    assert (entry.action, entry.subject, entry.after) == (
        "administrator.sessions_ended",
        "k***@example.org",
        {"sessions": 2},
    )
    with pytest.raises(NotFound):
        session_lists.end_all(kim.id + 1, by=jane)
