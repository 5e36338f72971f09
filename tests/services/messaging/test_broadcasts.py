"""Broadcasts while workers are at them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy.exc import IntegrityError

from domain.statuses import BroadcastStatus, Channel, Lane, MessageStatus, Priority
from exts import db
from models import Broadcast
from services import retention
from services.codes.issuing import Owner
from services.messaging import broadcast_views, broadcasts
from services.messaging.broadcasts import Request
from services.sending import claims, outbox, settling

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
    comes_back(first)  # a try that ends after the pause waits like the others
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


def test_what_no_worker_took_in_time_is_expired_and_erased_only_by_the_purge(owner):
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
