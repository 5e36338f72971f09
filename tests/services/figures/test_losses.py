"""Why messages were lost, summed up by kind of error, gateway and country."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message
from services.figures import losses, spans
from services.figures.losses import Loss
from services.figures.spans import Period
from tests.services.figures.test_rollups import Rows

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 7, 12, 40, tzinfo=UTC)
SPAN = spans.of_period(Period.WEEK, UTC, NOW)


def lost(count, *, status="failed", error=None, gateway="main", country="CN", channel="sms", back=1):
    made = Rows()
    made.number = db.session.query(Message).count()
    for number in range(count):
        at = NOW - timedelta(days=back, minutes=number)
        id = made.message(at, status=status, channel=channel)
        db.session.flush()
        row = db.session.get(Message, id)
        row.error, row.gateway, row.country = error and error.format(number), gateway, country
    db.session.commit()


def test_errors_that_differ_in_an_address_are_one_reason():
    lost(3, error="550 <kim{}@example.org> is gone", status="undelivered")
    lost(2, error="blocked", gateway=None, country=None)
    lost(1, status="expired", gateway=None, country=None)
    lost(4, status="canceled", error="blocked")
    lost(5, status="sent")
    lost(6, error="too old", back=9)
    found = losses.of(SPAN, None)
    assert found.reasons == [
        Loss("550 <…> is gone", MessageStatus.UNDELIVERED, "main", "CN", 3),
        Loss("blocked", MessageStatus.FAILED, None, None, 2),
        Loss(None, MessageStatus.EXPIRED, None, None, 1),
    ]
    assert (found.count, found.is_cut) == (6, False)


def test_only_one_channel():
    lost(2, error="blocked")
    lost(3, error="no such mailbox", channel="email", country=None)
    assert [loss.kind for loss in losses.of(SPAN, Channel.EMAIL).reasons] == ["no such mailbox"]


def test_the_newest_are_counted_where_there_are_too_many(monkeypatch):
    monkeypatch.setattr(losses, "NEWEST", 4)
    monkeypatch.setattr(losses, "LOOK_THROUGH", 4)
    lost(10, error="blocked")
    found = losses.of(SPAN, None)
    assert (found.count, found.is_cut) == (4, True)
