"""The day's SMS budget and the windows of prefixes hold in every process, with Redis, without it, and after it."""

import os
import threading
from contextlib import suppress

import pytest
from redis import Redis

from domain.codes import new_id
from domain.errors import LimitExceeded
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from services.codes import verifications
from services.codes.verifications import Request
from services.limits import send_limits
from services.limits.day_budget import ALL, DayBudget, Part
from services.limits.rate_windows import RateWindows
from services.messaging import messages
from services.process import parts
from services.process.breaker import Breaker

REDIS = os.environ.get("TEST_REDIS_URL", "")
pytestmark = pytest.mark.usefixtures("context")
with_redis = pytest.mark.skipif(not REDIS, reason="TEST_REDIS_URL is not set")


@pytest.fixture
def tester():
    """An owner with keys of its own in the Redis that others use, too."""
    owner = Owner(f"key:{new_id()}", is_test=True)
    yield owner
    if REDIS:
        forget(owner)


def forget(owner):
    """Do what a Redis without persistence does when it restarts."""
    with Redis.from_url(REDIS) as client:
        for key in client.scan_iter(f"*{owner.id}*", count=1000):
            client.delete(key)


def process(app, redis_url=REDIS):
    """Be a process that has just started: nothing is counted here."""
    breaker = Breaker()
    parts.put(app, RateWindows(redis_url, breaker))
    parts.put(app, DayBudget(redis_url, breaker))
    return breaker


def sent(owner, numbers):
    """Return how many of these numbers get a code."""
    count = 0
    for number in numbers:
        with suppress(LimitExceeded):
            verifications.issue(Request(Channel.SMS, number), owner)
            count += 1
    return count


def numbers(first, count=8):
    """Return numbers that no two share a prefix."""
    return [f"+86138{first + n:04d}8000" for n in range(count)]


@pytest.mark.slow
@with_redis
def test_the_budget_holds_when_redis_comes_back_empty(app, tester):
    app.config["SMS_SENDS_PER_DAY"] = 5
    process(app)
    assert sent(tester, numbers(0, 3)) == 3
    forget(tester)
    assert sent(tester, numbers(10)) == 2
    forget(tester)
    process(app)
    assert sent(tester, numbers(20)) == 0


@with_redis
def test_the_budget_is_one_for_processes_with_redis_and_without(app, tester):
    app.config["SMS_SENDS_PER_DAY"] = 4
    process(app)
    assert sent(tester, numbers(0, 2)) == 2
    process(app).trip()
    assert sent(tester, numbers(10, 1)) == 1
    process(app)
    forget(tester)
    assert sent(tester, numbers(20)) == 1


@with_redis
def test_a_country_keeps_its_budget_when_redis_comes_back_empty(app, tester):
    app.config["COUNTRY_SENDS_PER_DAY"] = {"CN": 3}
    process(app)
    assert sent(tester, numbers(0, 2)) == 2
    forget(tester)
    assert sent(tester, numbers(10)) == 1
    assert sent(tester, ["+491701234567"]) == 1


@with_redis
def test_a_country_that_is_new_while_the_rows_are_counted_keeps_its_count(tester):
    budget = DayBudget(REDIS, Breaker())
    wanted = [Part(ALL, 1, 0), Part("CN", 1, 2)]
    assert [budget.take(tester.ledger, wanted, lambda: {ALL: 0}) for _ in range(3)] == [None, None, wanted[1]]


@with_redis
def test_the_rows_correct_what_redis_has_counted(tester):
    """A send that was counted and then came to nothing is given back with the next count of the rows."""
    budget, rows = DayBudget(REDIS, Breaker()), {ALL: 3}
    wanted = [Part(ALL, 1, 5)]
    assert [budget.take(tester.ledger, wanted, lambda: rows) for _ in range(3)] == [None, None, *wanted]
    with Redis.from_url(REDIS) as client:
        client.hset(f"sendcode:sms_of_a_day:{tester.ledger}", ALL, 4)
        client.delete(f"sendcode:sms_of_a_day:{tester.ledger}:counted")
    assert budget.take(tester.ledger, wanted, lambda: rows) is None
    assert budget.take(tester.ledger, wanted, lambda: rows) is None, "3 rows and the one taken meanwhile"
    assert budget.take(tester.ledger, wanted, lambda: rows) is not None


def test_a_page_counts_segments_as_the_budget_does(app, owner, tester):
    app.config |= {"SMS_SENDS_PER_DAY": 4, "SMS_COUNTRIES": ["*"]}
    process(app, "")
    for to, words in (("+8613800138000", 100), ("+491701234567", 10), ("+18005550199", 1)):
        with suppress(LimitExceeded):
            messages.send(messages.Request(Channel.SMS, to, text="Hello " * words), owner)
    verifications.issue(Request(Channel.SMS, "+8613900139000"), tester)
    messages.send(messages.Request(Channel.EMAIL, "kim@example.org", text="Hello", subject="x"), owner)
    with db.engine.connect() as connection:
        assert send_limits.used_of_the_day(connection) == {"CN": 4}


def test_numbers_of_no_one_country_are_counted_as_such(app, owner):
    app.config["SMS_COUNTRIES"] = ["*"]
    process(app, "")
    messages.send(messages.Request(Channel.SMS, "+80012345678", text="Hello"), owner)
    with db.engine.connect() as connection:
        assert send_limits.used_of_the_day(connection) == {None: 1}


@with_redis
def test_a_page_has_what_redis_counted_and_the_rows_where_it_has_nothing(app, tester):
    app.config |= {"SMS_SENDS_PER_DAY": 5}
    process(app)
    budget = parts.part(DayBudget)
    assert budget.used(tester.ledger, lambda: {"CN": 7}) == {"CN": 7}
    assert sent(tester, numbers(0, 3)) == 3
    assert budget.used(tester.ledger, dict) == {ALL: 3, "CN": 3}
    process(app).trip()
    assert parts.part(DayBudget).used(tester.ledger, lambda: {"CN": 7}) == {"CN": 7}


@pytest.mark.parametrize("redis_url", [pytest.param(REDIS, marks=with_redis), ""])
def test_parallel_takers_get_no_more_than_there_is(tester, redis_url):
    budget, taken = DayBudget(redis_url, Breaker()), []

    def take():
        for _ in range(10):
            taken.append(budget.take(tester.ledger, [Part(ALL, 1, 30)], lambda: {ALL: 0}))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(None) == 30


@pytest.mark.parametrize(
    ("setting", "to"),
    [
        ("PREFIX_SENDS_PER_10_MINUTES", lambda n: f"+86138001380{n:02d}"),
        ("IP_SENDS_PER_MINUTE", lambda n: f"+86138{n:04d}8000"),
    ],
)
def test_processes_without_redis_share_a_window(app, owner, setting, to):
    app.config[setting] = 3
    count = 0
    for n in range(8):
        process(app, "")
        with suppress(LimitExceeded):
            verifications.issue(Request(Channel.SMS, to(n), client_ip="192.0.2.1"), owner)
            count += 1
    assert count == 3


@with_redis
def test_a_prefix_keeps_its_window_when_redis_dies(app, tester):
    app.config["PREFIX_SENDS_PER_10_MINUTES"] = 3
    breaker = process(app)
    assert sent(tester, [f"+861380013800{n}" for n in range(2)]) == 2
    breaker.trip()
    assert sent(tester, [f"+861380013801{n}" for n in range(5)]) == 1
