"""A person who unsubscribes during a broadcast gets no more of it."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Conflict
from domain.statuses import Channel, Lane, MessageStatus, Priority, SuppressionReason
from exts import db
from models import Message
from services.delivery import claims, settling
from services.delivery.worker import drain_now
from services.messaging import broadcast_views, broadcasts, messages, recipients, suppressions
from services.messaging.broadcasts import Request
from services.outbox import bulk_stops

pytestmark = pytest.mark.usefixtures("context")
KIM, LEE = "kim@example.com", "lee@example.com"


@pytest.fixture
def settings(settings):
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False}


def start(owner, *to):
    everybody = [{"to": one} for one in to or (KIM, LEE)]
    return broadcasts.start(
        Request(Channel.EMAIL, everybody, subject="News", text="No more: {{ unsubscribe_url }}"), owner
    )


def unsubscribe(to=KIM):
    suppressions.add(Channel.EMAIL, to, SuppressionReason.UNSUBSCRIBED, by=None)


def claim():
    with db.engine.begin() as connection:
        return claims.claim(connection, Lane.BULK, Priority.BULK, 100, datetime.now(UTC))


def statuses():
    db.session.rollback()
    return dict(db.session.execute(db.select(Message.to, Message.status)).all())


def test_suppressed_recipients_are_left_out_and_reported_by_index(owner, mails):
    unsubscribe()
    made = start(owner, LEE, "KIM@example.com")
    assert (made.accepted, [(one.index, one.code) for one in made.rejected]) == (1, [(1, "suppressed")])
    drain_now()
    assert [one.to for one in mails.sent] == [LEE]


def test_unsubscribing_after_queueing_stops_the_message(owner, mails):
    made = start(owner)
    unsubscribe()
    drain_now()
    assert [one.to for one in mails.sent] == [LEE]
    assert broadcast_views.get(made.id, owner).counts["canceled"] == 1


@pytest.mark.parametrize("moment", ["before the lookup", "after the lookup", "after the commit"])
def test_unsubscribing_during_queueing_stops_the_message(owner, mails, monkeypatch, moment):
    """Commit the other transaction at each of three moments; after the last, unsubscribing itself cancels."""
    sort, put_in = recipients.sort, broadcasts.transaction

    def sort_slowly(*arguments):
        if moment == "before the lookup":
            unsubscribe()
        found = sort(*arguments)
        if moment == "after the lookup":
            unsubscribe()
        return found

    def put_in_slowly(work):
        put_in(work)
        if moment == "after the commit":
            unsubscribe()

    monkeypatch.setattr(recipients, "sort", sort_slowly)
    monkeypatch.setattr(broadcasts, "transaction", put_in_slowly)
    start(owner)
    drain_now()
    assert [one.to for one in mails.sent] == [LEE]


def test_a_stopped_message_stays_stopped_when_its_broadcast_is_resumed(owner):
    made = start(owner)
    claimed = claim()
    unsubscribe()
    broadcasts.pause(made.id, owner)
    now = datetime.now(UTC)
    with db.engine.begin() as connection:
        back = [settling.Settled(one, MessageStatus.QUEUED, now, now, "g", error="busy") for one in claimed]
        settling.settle(connection, back)
    broadcasts.resume(made.id, owner)
    assert [one.to for one in claim()] == [LEE]
    assert statuses() == {KIM: "canceled", LEE: "sending"}


def test_a_broadcast_message_is_not_sent_again_to_an_unsubscriber(owner, mails):
    start(owner)
    drain_now()
    unsubscribe()
    ids = dict(db.session.execute(db.select(Message.to, Message.id)).all())
    with pytest.raises(Conflict, match="gets no broadcasts"):
        messages.resend(ids[KIM], owner)
    messages.resend(ids[LEE], owner)
    drain_now()
    again = mails.sent[-1]
    assert (len(mails.sent), again.to) == (3, LEE)
    assert again.text == f"No more: {again.unsubscribe_url}"
    assert again.text == next(one.text for one in mails.sent if one.to == LEE)


def test_catching_up_scans_no_further_back_than_necessary(owner):
    unsubscribe()
    start(owner, LEE)
    db.session.execute(db.update(Message).values(canonical=KIM, to=KIM))
    db.session.commit()
    bulk_stops.catch_up(datetime.now(UTC) + timedelta(minutes=2))
    assert statuses() == {KIM: "queued"}
    bulk_stops.catch_up(datetime.now(UTC))
    assert statuses() == {KIM: "canceled"}
