"""Demo traffic: the requested amount, believable, with nobody's real address, and never sent."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select

from domain import destinations
from domain.statuses import Channel, MessageStatus
from exts import db
from models import ApiKey, Broadcast, Message, MessageTry, Verification
from services import demo, retention
from services.demo import people
from services.figures import overview
from services.figures.spans import Period, of_period
from tests.databases import INVENTED, add_rows, sqlite_file

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.xdist_group("invented traffic")]


@pytest.fixture(autouse=True)
def filled(context, settings, demo_file):
    add_rows(demo_file, sqlite_file(settings["SQLALCHEMY_DATABASE_URI"]))


def count(model, *conditions):
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


def test_the_requested_amount_is_made_and_rolled_up():
    assert count(Message) == INVENTED
    found = overview.of(of_period(Period.QUARTER, UTC, datetime.now(UTC)), None)
    assert found.total.all == INVENTED
    assert found.total.issued == count(Verification)
    assert 0.5 < found.total.conversion < 0.95
    assert found.delay.p50 < timedelta(seconds=10)
    for name, least in {"channel": 2, "gateway": 3, "country": 5, "purpose": 5}.items():
        assert len(found.parts[name]) >= least, name
    for status in ("sent", "delivered", "undelivered", "failed", "expired", "queued"):
        assert found.total.of(MessageStatus(status)) > 0, status


def test_nothing_of_it_would_be_sent_and_no_code_can_be_used():
    assert count(Message, Message.due_at.is_not(None)) == 0
    assert count(Message, Message.sealed.is_not(None)) == 0
    assert count(Verification, Verification.sealed_code.is_not(None)) == 0
    now = datetime.now(UTC)
    assert count(Message, Message.created_at > now) == 0


def test_times_are_in_their_order():
    late = sa.or_(
        Message.sent_at < Message.created_at, Message.settled_at < func.coalesce(Message.sent_at, 0)
    )
    assert count(Message, late) == 0
    assert count(Verification, Verification.used_at > Verification.expires_at) == 0


def test_each_code_has_its_messages_and_each_broadcast_its_recipients():
    newest = select(Message.id).where(
        Message.id == Verification.message_id, Message.verification_id == Verification.id
    )
    assert count(Verification, ~newest.exists()) == 0
    for row in db.session.scalars(select(Broadcast)):
        assert count(Message, Message.broadcast_id == row.id) == row.accepted
    assert count(MessageTry) > 0


def test_destinations_are_what_the_service_would_have_made_of_them():
    for row in db.session.scalars(select(Message).limit(300)):
        parsed = destinations.parse(
            Channel(row.channel), row.to, region="CN", numbers=destinations.Numbers.POSSIBLE
        )
        assert (parsed.to, parsed.canonical) == (row.to, row.canonical)
        if row.channel == "email":
            assert row.to.endswith(people.DOMAINS)
        else:
            assert parsed.country in (row.country, None)


def test_its_keys_are_made_once():
    demo.fill(10)
    assert sorted(db.session.scalars(select(ApiKey.name))) == sorted(demo.KEYS)
    assert count(Message) == INVENTED + 10


@pytest.mark.slow
def test_it_can_be_purged_like_any_other():
    now = datetime.now(UTC)  # of both: codes expire meanwhile
    quarter = of_period(Period.QUARTER, UTC, now)
    before = overview.of(quarter, None, now).total
    deleted = retention.purge(timedelta(days=7))
    assert deleted["messages"] > 0
    assert overview.of(quarter, None, now).total == before
