"""Broadcasts while workers send them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from domain.owners import Owner
from domain.statuses import BroadcastStatus, Channel, Lane, MessageStatus, Priority
from exts import db
from models import Broadcast
from services import retention
from services.audit import trail
from services.audit.trail import Actor
from services.delivery import claims, settling
from services.messaging import broadcast_views, broadcasts
from services.messaging.broadcasts import Request
from services.outbox import outbox
from services.traffic import broadcast_lists, message_lists

pytestmark = pytest.mark.usefixtures("context")
DEADLINE = timedelta(days=1)


@pytest.fixture
def settings(settings):
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False}


def start(owner: Owner, count: int = 3, **more) -> str:
    recipients = [{"to": f"k{n}@example.com"} for n in range(count)]
    return broadcasts.start(
        Request(Channel.EMAIL, recipients, subject="News", text="Hello", **more), owner
    ).id


def claim(limit: int = 100) -> list[claims.Claimed]:
    with db.engine.begin() as connection:
        return claims.claim(connection, Lane.BULK, Priority.BULK, limit, datetime.now(UTC))


def comes_back(claimed: claims.Claimed) -> None:
    now = datetime.now(UTC)
    back = settling.Settled(claimed, MessageStatus.QUEUED, now, now, "memory-mail", error="later")
    with db.engine.begin() as connection:
        settling.settle(connection, [back])


def later(**time):
    return time_machine.travel(datetime.now(UTC) + timedelta(**time), tick=True)


def test_a_paused_one_starts_nothing_more_until_it_is_resumed(owner):
    made = start(owner)
    (first,) = claim(1)
    broadcasts.pause(made, owner)
    assert claim() == []
    comes_back(first)  # a try that fails after the pause waits like the others
    assert claim() == []
    assert broadcasts.resume(made, owner).status is BroadcastStatus.SENDING
    assert len(claim()) == 3


def test_a_canceled_one_takes_back_what_no_worker_has_and_a_try_that_failed(owner):
    made = start(owner)
    (first, second) = claim(2)
    counts = broadcasts.cancel(made, owner).counts
    assert (counts["canceled"], counts["sending"]) == (1, 2)
    comes_back(first)
    now = datetime.now(UTC)
    with db.engine.begin() as connection:
        settling.settle(
            connection, [settling.Settled(second, MessageStatus.SENT, now, gateway="memory-mail")]
        )
    db.session.rollback()
    counts = broadcast_views.get(made, owner).counts
    assert (counts["canceled"], counts["sent"], counts["queued"]) == (2, 1, 0)
    assert claim() == []


def test_a_pause_stops_the_clock(owner):
    made = start(owner)
    with later(hours=1):
        broadcasts.pause(made, owner)
    with later(days=2):
        assert broadcast_views.get(made, owner).counts["queued"] == 3
        broadcasts.resume(made, owner)
    with later(days=2, hours=22):
        assert len(claim(1)) == 1
    with later(days=2, hours=24):
        assert claim() == []
        assert broadcast_views.get(made, owner).counts["expired"] == 2


def test_messages_not_sent_in_time_expire_and_only_the_purge_erases_them(owner):
    made = start(owner)
    with later(days=1, seconds=1):
        with db.engine.begin() as connection:
            assert settling.expire(connection, datetime.now(UTC)) == 3
        db.session.rollback()
        assert broadcast_views.get(made, owner).status is BroadcastStatus.DONE


def test_the_purge_leaves_what_waits_and_takes_the_rest_with_its_broadcast(owner):
    paused, ended = start(owner), start(owner)
    broadcasts.pause(paused, owner)
    broadcasts.cancel(ended, owner)
    with later(hours=2):
        assert retention.purge(timedelta(hours=1))["messages"] == 3
    with later(days=40):
        gone = retention.purge(timedelta(days=30))
    assert (gone["messages"], gone["broadcasts"]) == (3, 1)


def test_nothing_is_there_if_a_block_can_not_be_written(owner, monkeypatch):
    def with_a_twin(*arguments):
        rows = make_rows(*arguments)
        rows[-1]["id"] = rows[0]["id"]
        return rows

    make_rows = outbox.rows
    monkeypatch.setattr(outbox, "rows", with_a_twin)
    monkeypatch.setattr(broadcasts, "BLOCK", 2)
    with pytest.raises(IntegrityError):
        start(owner)
    assert claim() == []
    assert db.session.query(Broadcast).count() == 0


def send(claimed: list[claims.Claimed], status: MessageStatus = MessageStatus.SENT) -> None:
    now = datetime.now(UTC)
    with db.engine.begin() as connection:
        ended = [settling.Settled(one, status, now, gateway="memory-mail") for one in claimed]
        settling.settle(connection, ended)
    db.session.rollback()


def test_the_list_counts_all_of_a_page_in_one_statement(owner):
    first, second, third = start(owner, 2), start(Owner("session:7"), 3), start(owner, 1)
    send(claim(2))
    counts = []

    def note(_connection, _cursor, statement, *_):
        counts.extend([statement] if "count(" in statement.lower() else [])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = broadcast_lists.page(limit=2)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert [line.view.id for line in found.broadcasts] == [third, second]
    assert len(counts) == 1
    (last,) = broadcast_lists.page(cursor=found.next_cursor).broadcasts
    assert last.view.id == first
    assert found.broadcasts[1].owner == "session"
    settled = [line.view.settled for line in (*found.broadcasts, last)]
    assert sum(settled) == 2


def test_its_end_is_that_of_the_last_message_and_no_report_moves_it(owner):
    made = start(owner, 2)
    assert broadcast_lists.get(made).ended_at is None
    send(claim(1))
    with later(minutes=5):
        send(claim(), MessageStatus.FAILED)
        ended = broadcast_lists.get(made).ended_at
    assert timedelta(minutes=4) < ended - datetime.now(UTC) <= timedelta(minutes=5)


def test_a_broadcast_that_no_worker_took_ends_with_its_deadline(owner):
    made = start(owner)
    with later(days=1, seconds=1):
        details = broadcast_lists.get(made)
    assert details.ended_at == details.deadline_at
    assert details.listed.view.share == 1


def test_purged_messages_count_as_settled(owner):
    made = start(owner)
    send(claim(2))
    with later(hours=2):
        assert retention.purge(timedelta(hours=1))["messages"] == 2
        view = broadcast_lists.get(made).listed.view
    assert (view.settled, view.accepted, view.is_under_way) == (2, 3, True)


def test_a_paused_one_is_under_way_while_a_worker_has_some(owner):
    made = start(owner)
    taken = claim(1)
    broadcasts.pause(made, owner)
    assert broadcast_lists.get(made).listed.view.is_under_way
    send(taken)
    assert not broadcast_lists.get(made).listed.view.is_under_way


def test_the_list_of_messages_is_narrowed_to_one(owner):
    start(owner)
    made = start(owner, 2)
    send(claim(4))
    found = message_lists.page(message_lists.Filter(broadcast_id=made)).messages
    assert len(found) == 2
    sent = message_lists.Filter(broadcast_id=made, statuses=(MessageStatus.SENT,))
    counts = broadcast_views.get(made, owner).counts
    assert len(message_lists.page(sent).messages) == counts["sent"]


def test_changes_by_people_are_audited_and_those_by_programs_are_not(owner):
    made, kim = start(owner), Actor(None, "kim@example.org")
    broadcasts.pause(made, owner)
    broadcasts.resume(made, owner)
    assert trail.entries().shown == ()
    broadcasts.pause(made, owner, by=kim)
    broadcasts.pause(made, owner, by=kim)
    (entry,) = trail.entries().shown
    assert (entry.action, entry.subject_id, entry.after) == ("broadcast.paused", made, {"messages": 3})
