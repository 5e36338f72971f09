"""The SMS of a day, from roll-ups and rows together, compared with a count in Python."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from exts import db
from models import Message
from services import retention
from services.figures import rollups, sms_of_a_day
from tests.services.figures.test_rollups import NOW, Rows

pytestmark = pytest.mark.usefixtures("context")
DAY = timedelta(days=1)


def by_hand(now=NOW):
    found = db.session.scalars(
        select(Message.country).where(Message.channel == "sms", Message.created_at >= now - DAY)
    )
    counts = Counter(found)
    db.session.rollback()
    return counts


def told(now=NOW):
    with db.engine.connect() as connection:
        return sms_of_a_day.by_country(connection, now)


@pytest.mark.parametrize("rolled_up_before", [None, timedelta(), timedelta(hours=3), timedelta(hours=40)])
def test_it_matches_a_count_in_python(rolled_up_before):
    Rows().add(400, back=timedelta(days=2))
    if rolled_up_before is not None:
        rollups.roll_up(NOW - rolled_up_before)
    assert told() == by_hand()
    assert None in told() or "CN" in told()
    later = NOW + timedelta(minutes=37)
    assert told(later) == by_hand(later)


def test_messages_purged_within_the_day_still_count():
    Rows().add(200, back=timedelta(hours=20))
    rollups.roll_up(NOW)
    before = told()
    with time_machine.travel(NOW, tick=False):
        retention.purge(timedelta(hours=2))
    assert by_hand() != before
    assert told() == before


def test_an_hour_that_is_rolled_up_during_the_count_counts_once(monkeypatch):
    Rows().add(300, back=timedelta(hours=20))
    looked, uncounted = [], rollups.uncounted

    def roll_up_in_between(reader, since):
        spans = uncounted(reader, since)
        if not looked:
            looked.append(since)
            rollups.roll_up(NOW)
        return spans

    monkeypatch.setattr(rollups, "uncounted", roll_up_in_between)
    assert told() == by_hand()


def test_a_day_without_any_is_empty():
    assert told() == {}
