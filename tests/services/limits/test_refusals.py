from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from redis import Redis

from domain.errors import LimitExceeded
from services.limits import refusals
from services.limits.refusals import Refusals, Refused
from services.process.breaker import Breaker
from tests.live.processes import Broker


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("redis")) as broker:
        yield broker


@pytest.fixture(params=["local", "shared"])
def counted(request):
    """Both kinds, with and without Redis, must return the same."""
    if request.param == "local":
        return Refusals("", Breaker())
    url = request.getfixturevalue("redis").url
    Redis.from_url(url).flushdb()
    return Refusals(url, Breaker())


def note(counted, limit, who, times=1):
    for _ in range(times):
        counted.note(LimitExceeded(limit, 60, who=who))


def test_refusals_are_counted_by_limit_and_by_caller(counted):
    note(counted, "ip_sends_per_minute", "192.0.2.1", 3)
    note(counted, "ip_sends_per_minute", "2001:db8::/64")
    note(counted, "resend_cooldown", "+86138****8000", 2)
    today = counted.today(2)
    assert today.by_limit == {"ip_sends_per_minute": 4, "resend_cooldown": 2}
    assert today.most == (
        Refused("ip_sends_per_minute", "192.0.2.1", 3),
        Refused("resend_cooldown", "+86138****8000", 2),
    )


def test_a_new_day_begins_with_nothing(counted):
    with time_machine.travel(datetime(2026, 3, 1, 23, 59, tzinfo=UTC)):
        note(counted, "resend_cooldown", "a***@b.org")
    with time_machine.travel(datetime(2026, 3, 2, tzinfo=UTC)):
        assert counted.today(9).by_limit == {}


def test_the_callers_kept_are_bounded_and_the_count_is_not(counted, monkeypatch):
    monkeypatch.setattr(refusals, "MOST", 3)
    for n in range(5):
        note(counted, "ip_sends_per_minute", f"192.0.2.{n}", 2)
    today = counted.today(99)
    assert today.by_limit == {"ip_sends_per_minute": 10}
    assert len(today.most) == 3


def test_without_redis_each_process_reports_its_own():
    counted = Refusals("redis://127.0.0.1:1/0", Breaker())
    note(counted, "resend_cooldown", "a***@b.org", 2)
    today = counted.today(9)
    assert today.by_limit == {"resend_cooldown": 2}
    assert not today.is_of_all


def test_redis_forgets_them_by_itself(redis):
    client = Redis.from_url(redis.url)
    client.flushdb()
    note(Refusals(redis.url, Breaker()), "resend_cooldown", "a***@b.org")
    lives = sorted(timedelta(seconds=client.ttl(key)) for key in client.keys("*"))
    assert len(lives) == 3
    assert all(timedelta(days=1) < life <= timedelta(days=2) for life in lives[:2])
    assert timedelta(days=399) < lives[2] <= timedelta(days=400)


def test_refusals_are_counted_by_hour_for_longer(counted):
    def at(day, hour, minute=0):
        return datetime(2026, 3, day, hour, minute, tzinfo=UTC)

    for moment, times in ((at(1, 23, 59), 1), (at(2, 0, 5), 2), (at(2, 9, 30), 3), (at(4, 9), 1)):
        with time_machine.travel(moment):
            note(counted, "resend_cooldown", "a***@b.org", times)
    with time_machine.travel(at(5, 12)):
        found = counted.hours(at(2, 0), at(4, 9))
        assert found.counts == {at(2, 0): 2, at(2, 9): 3}
        assert counted.hours(at(1, 0), at(5, 12)).counts[at(1, 23)] == 1
        assert counted.hours(datetime(2020, 1, 1, tzinfo=UTC), at(1, 0)).counts == {}


def test_hours_say_whether_all_processes_told(redis):
    span = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    assert Refusals(redis.url, Breaker()).hours(*span).is_of_all
    assert not Refusals("", Breaker()).hours(*span).is_of_all
