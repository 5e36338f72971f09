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


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_outlives_whatever_is_in_its_queue(make, broker_url, pool):
    installation = make(**NO_LIMITS, broker_url=broker_url)
    with installation.web(), installation.worker(pool, None, "-c", "2") as worker:
        api = installation.api()
        names = poison.send(broker_url, "sms")
        # "half a character" and two that Celery itself reports are tasks, and fail as such
        wait_until(lambda: worker.text().count(SAID) >= len(names) - 8, 60)
        time.sleep(1)
        started = time.monotonic()
        assert api.issue(phone(1)).status == 202
        installation.sms.wait_for(1)
        assert time.monotonic() - started < 1
        assert worker.exit_code is None, worker.text()[-5000:]
        assert "Restoring" not in worker.text()
    assert "Unrecoverable error" not in worker.text()
    assert worker.text().count("Traceback") <= 1, "only the task that fails for half a character"
    if broker_url.startswith("redis"):
        with Redis.from_url(broker_url) as client:
            assert client.hlen("unacked") == 0, "nothing comes back"
            assert client.llen("sms") == 0


@pytest.mark.parametrize("pool", POOLS)
def test_the_next_worker_gets_no_poison(make, broker_url, pool):
    installation = make(**NO_LIMITS, broker_url=broker_url)
    names = []
    for _ in range(2):
        with installation.worker(pool, None, "-c", "2") as worker:
            names = names or poison.send(broker_url, "sms")
            time.sleep(5)
            assert worker.exit_code is None
        said = worker.text().count(SAID)
    assert said == 0, "the first worker was done with all of it"
