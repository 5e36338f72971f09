"""The service on the brokers and databases that a production installation uses."""

import os
import time

import pytest

from tests.databases import database_of
from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers of the machine")]
MESSAGES = 400
BROKERS = {"redis": "TEST_REDIS_URL", "rabbitmq": "TEST_AMQP_URL"}


@pytest.fixture(params=BROKERS)
def broker_url(request):
    """A broker on this machine; skipped where none is named."""
    url = os.environ.get(BROKERS[request.param])
    if not url:
        pytest.skip(f"{BROKERS[request.param]} is not set")
    return url


@pytest.mark.parametrize("pool", ["solo", "threads", "prefork"])
def test_bells_come_through_every_broker_to_every_pool(make, broker_url, pool):
    installation = make(**NO_LIMITS, broker_url=broker_url)
    with installation.web(), installation.worker(pool, None, "-c", "2", "--loglevel=DEBUG") as worker:
        api = installation.api()
        for n in range(5):
            assert api.issue(phone(n)).status == 202
        installation.sms.wait_for(5)
        wait_until(lambda: "Task sendcode.drain" in worker.text())  # bells may merge into one task
        issued = api.issue(phone(9)).body
        code = installation.sms.wait_for(6)[5].json["params"]["code"]
        assert api.check(issued["id"], code).body["valid"]
    assert "Traceback" not in worker.text()


def test_the_whole_way_on_every_database(make, database_url):
    installation = make(**NO_LIMITS, database_url=database_url)
    with installation.web(), installation.worker():
        api = installation.api()
        sent = api.issue(
            "Anna+news@Bücher.example.com", "email", locale="de", metadata={"straße": "日本"}
        ).body
        assert sent["to"] == "Anna+news@xn--bcher-kva.example.com"
        assert sent["metadata"] == {"straße": "日本"}
        mail = installation.mail.wait_for(1)[0]
        code = mail.text.split("\n\n")[1].strip()
        found = api.call("POST", "/verifications/check", {"to": "anna+news@bücher.example.com", "code": code})
        assert found.body["valid"]
        assert api.call("GET", f"/verifications/{sent['id']}").body["status"] == "approved"
        canceled = api.issue(phone(1)).body
        assert api.call("POST", f"/verifications/{canceled['id']}/cancel").body["status"] == "canceled"
        again = api.issue(phone(2)).body
        assert api.call("POST", f"/verifications/{again['id']}/resend").status == 202
        wait_until(lambda: len(codes_to(installation, phone(2))) >= 1)
        time.sleep(1)
        assert len(set(codes_to(installation, phone(2)))) == 1


def codes_to(installation, to):
    return [call.json["params"]["code"] for call in installation.sms.calls if call.json["to"] == to]


def test_four_workers_on_one_database_send_each_message_once(make):
    with database_of("postgresql") as url:
        installation = make(**NO_LIMITS, database_url=url, SEND_CONCURRENCY=50)
        installation.sms.delay = 0.05
        with (
            installation.web(),
            installation.worker(),
            installation.worker(),
            installation.worker("threads"),
            installation.worker("prefork", None, "-c", "2"),
        ):
            api = installation.api()
            in_parallel(MESSAGES, lambda n: api.issue(phone(n)), threads=8)
            wait_until(lambda: installation.statuses() == {"sent": MESSAGES}, 90)
            time.sleep(1)
        assert len(installation.sms.calls) == MESSAGES
        assert len({call.headers["idempotency-key"] for call in installation.sms.calls}) == MESSAGES
