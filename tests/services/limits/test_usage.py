"""How much of the limits is used just now."""

import pytest
from redis import Redis

from domain.owners import Owner
from domain.statuses import Channel
from services.codes import verifications
from services.limits import usage
from services.limits.rate_windows import RateWindows
from services.limits.usage import UsedLimit
from services.process import parts
from services.process.breaker import Breaker
from tests.live.processes import Broker

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("redis")) as broker:
        yield broker


@pytest.fixture
def settings(settings):
    return {
        **settings,
        "SMS_SENDS_PER_DAY": 10,
        "COUNTRY_SENDS_PER_DAY": {"CN": 2, "FR": 5},
        "PREFIX_SENDS_PER_10_MINUTES": 20,
        "KEY_REQUESTS_PER_MINUTE": 100,
    }


LIVE = Owner("key:a")


def issue(number, owner=LIVE):
    verifications.issue(verifications.Request(Channel.SMS, number), owner)


def test_budgets_and_prefixes_tell_what_was_counted(owner):
    for number in ("+8613800138000", "+8613800138001", "+4917012345678"):
        issue(number)
    issue("+8613800139000", Owner("key:t", is_test=True))
    used = usage.now(["a"])
    assert used[:2] == [
        UsedLimit("sms_sends_per_day", "", 3, 10),
        UsedLimit("country_sends_per_day", "CN", 2, 2),
    ]
    assert used[2:] == [
        UsedLimit("prefix_sends_per_10_minutes", "+861380013", 2, 20),
        UsedLimit("prefix_sends_per_10_minutes", "+491701234", 1, 20),
    ]
    assert used[1].share == 1


def test_what_has_no_limit_is_left_out(app):
    issue("+8613800138000")
    for name in ("SMS_SENDS_PER_DAY", "PREFIX_SENDS_PER_10_MINUTES", "KEY_REQUESTS_PER_MINUTE"):
        app.config[name] = 0
    app.config["COUNTRY_SENDS_PER_DAY"] = {}
    assert usage.now(["a"]) == []


def test_calls_and_codes_are_read_from_redis(app, redis):
    Redis.from_url(redis.url).flushdb()
    windows = RateWindows(redis.url, Breaker())
    parts.put(app, windows)
    issue("+8613800138000")
    for key, calls in (("a", 3), ("b", 7)):
        for _ in range(calls):
            windows.hit("key_requests_per_minute", key, 100, 60)
    assert usage.now(["a", "b", "c"])[-3:] == [
        UsedLimit("prefix_sends_per_10_minutes", "+861380013", 1, 20),
        UsedLimit("key_requests_per_minute", "b", 7, 100),
        UsedLimit("key_requests_per_minute", "a", 3, 100),
    ]


def test_without_redis_no_window_is_shared():
    assert RateWindows("redis://127.0.0.1:1/0", Breaker()).used_shared("name", "key", 5, 60) is None
    assert RateWindows("", Breaker()).used_shared("name", "key", 5, 60) is None
