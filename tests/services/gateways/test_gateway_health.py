import threading
from datetime import UTC, datetime

import pytest
from redis import Redis

from services.gateways.gateway_health import GatewayHealth, LocalHealth, SharedHealth
from services.process.breaker import Breaker
from tests.live.processes import Broker


class Clock:
    """A clock that the test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("redis")) as broker:
        yield broker


@pytest.fixture(params=["local", "shared"])
def health(request, clock):
    """Both kinds, with and without Redis, must behave the same."""
    if request.param == "local":
        return LocalHealth(clock)
    broker = request.getfixturevalue("redis")
    client = Redis.from_url(broker.url)
    client.flushdb()
    return SharedHealth(client, clock)


def test_four_failures_are_forgiven_and_the_fifth_opens(health):
    assert [health.failed("a") for _ in range(5)] == [False] * 4 + [True]
    assert health.is_open("a")
    assert not health.is_open("b")


def test_a_success_closes(health, clock):
    for _ in range(5):
        health.failed("a")
    health.succeeded("a")
    clock.now += 1
    assert not health.is_open("a")
    assert [health.failed("a") for _ in range(5)] == [False] * 4 + [True], "counting starts again"


def test_an_open_one_gets_no_probe_at_once(health):
    for _ in range(5):
        health.failed("a")
    assert not health.take_probe("a")


def test_failures_far_apart_do_not_open(clock):
    health = LocalHealth(clock)
    for _ in range(20):
        clock.now += 8
        assert not health.failed("a")


def test_one_probe_every_fifteen_seconds(clock):
    health = LocalHealth(clock)
    for _ in range(5):
        health.failed("a")
    probes = []
    for _ in range(60):
        clock.now += 1
        probes.append(health.take_probe("a"))
    assert sum(probes) == 4
    assert probes.index(True) == 14


def test_one_of_many_workers_gets_the_probe(redis, clock):
    client = Redis.from_url(redis.url)
    client.flushdb()
    workers = [SharedHealth(Redis.from_url(redis.url), clock) for _ in range(8)]
    for worker in workers[:5]:
        worker.failed("a")
    clock.now += 0.5
    assert all(worker.is_open("a") for worker in workers)
    client.delete("sendcode:gateway:a:probe")  # as after fifteen seconds
    got = []
    threads = [threading.Thread(target=lambda w=worker: got.append(w.take_probe("a"))) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
    assert 0 < client.ttl("sendcode:gateway:a:probe") <= 15


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_without_redis_each_worker_keeps_its_own(url):
    health = GatewayHealth(url, Breaker())
    opened = []
    for _ in range(5):
        health.failed("a")
        opened.append(health.is_open("a"))
    assert opened == [False] * 4 + [True]
    health.succeeded("a")
    assert not health.is_open("a")


def test_an_open_one_says_when_it_may_be_probed(health):
    assert health.probe_in("a") == 0
    for _ in range(5):
        health.failed("a")
    assert 14 < health.probe_in("a") <= 15


def test_the_page_is_told_only_of_an_open_breaker_that_all_share(redis):
    client = Redis.from_url(redis.url)
    client.flushdb()
    health = GatewayHealth(redis.url, Breaker())
    assert health.probe_in("a") is None
    for _ in range(5):
        health.failed("a")
    assert 14 < health.probe_in("a") <= 15
    assert GatewayHealth("", Breaker()).probe_in("a") is None


def test_the_page_is_told_since_when_a_shared_breaker_is_open(redis):
    client = Redis.from_url(redis.url)
    client.flushdb()
    begin = datetime.now(UTC).replace(microsecond=0)
    health = SharedHealth(client)
    assert health.open_since("a") is None
    for _ in range(5):
        health.failed("a")
    assert begin <= health.open_since("a") <= datetime.now(UTC)
    health.failed("a")
    assert begin <= GatewayHealth(redis.url, Breaker()).open_since("a") <= datetime.now(UTC)
    client.set("sendcode:gateway:b:open", 1)
    assert health.open_since("b") is None
