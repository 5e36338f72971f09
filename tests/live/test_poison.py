"""A worker lives on, whatever is put into its queues, and says one line of each."""

import os
import time

import pytest
from redis import Redis

from tests.live import poison
from tests.live.installation import NO_LIMITS, phone
from tests.live.processes import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers of the machine")]
POOLS = ("solo", "threads", "prefork")
SAID = "dropped a message that is not one of our tasks"


@pytest.fixture(params=["redis", "rabbitmq"])
def broker_url(request, broker):
    """The embedded Redis, or the machine's RabbitMQ."""
    if request.param == "redis":
        return broker.url
    url = os.environ.get("TEST_AMQP_URL")
    if not url:
        pytest.skip("TEST_AMQP_URL is not set")
    return url


def seconds_to_send(installation, api, number):
    started = time.monotonic()
    assert api.issue(phone(number)).status == 202
    installation.sms.wait_for(number)
    return time.monotonic() - started


def wait_until_quiet(worker):
    said = None
    while said != worker.text():
        said = worker.text()
        time.sleep(1)


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_outlives_whatever_is_in_its_queue_and_leaves_none_of_it(make, broker_url, pool):
    installation = make(**NO_LIMITS, broker_url=broker_url)
    with installation.web(), installation.worker(pool, None, "-c", "2") as worker:
        api = installation.api()
        names = poison.send(broker_url, "sms")
        # "half a character" and two that Celery itself reports are tasks, and fail as such
        wait_until(lambda: worker.text().count(SAID) >= len(names) - 8, 60)
        wait_until_quiet(worker)
        waits = [seconds_to_send(installation, api, number) for number in range(1, 4)]
        assert min(waits) < 1, "a busy machine may be late once"
        assert worker.exit_code is None, worker.text()[-5000:]
        assert "Restoring" not in worker.text()
    assert "Unrecoverable error" not in worker.text()
    assert worker.text().count("Traceback") <= 1, "only the task that fails for half a character"
    if broker_url.startswith("redis"):
        with Redis.from_url(broker_url) as client:
            assert client.hlen("unacked") == 0, "nothing comes back"
            assert client.llen("sms") == 0
    with installation.worker(pool, None, "-c", "2") as worker:
        time.sleep(3)
        assert worker.exit_code is None
    assert SAID not in worker.text(), "the first worker was done with all of it"


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_without_a_permission_polls_and_takes_bells_once_it_has_it(make, broker, pool):
    broker.ask("ACL", "SETUSER", "limited", "on", ">secret-word", "~*", "&*", "+@all", "-brpop")
    url = broker.url.replace("redis://", "redis://limited:secret-word@")
    installation = make(**NO_LIMITS, broker_url=url)
    with installation.web(), installation.worker(pool, None, "-c", "2", wait=False) as worker:
        api = installation.api()
        wait_until(lambda: "the broker refuses what a worker needs" in worker.text())
        assert api.issue(phone(1)).status == 202
        installation.sms.wait_for(1)
        assert worker.exit_code is None
        broker.ask("ACL", "SETUSER", "limited", "+brpop")
        wait_until(lambda: "Task sendcode.drain" in worker.text(), 30)
    assert "secret-word" not in worker.text()
    assert worker.text().count("refuses") < 10
