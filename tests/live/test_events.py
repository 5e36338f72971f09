"""Events: each arrives, signed, in every pool, with what a GET answers and without the code."""

import json
import time

import pytest

from channels.signatures import webhooks as signatures
from tests.live.installation import NO_LIMITS, phone
from tests.live.processes import wait_until
from tests.pools import GREEN
from tests.servers.http import HttpGatewayServer

pytestmark = pytest.mark.slow
SETTINGS = {**NO_LIMITS, "WEBHOOK_ALLOW_PRIVATE": True}


@pytest.fixture
def receiver():
    with HttpGatewayServer() as server:
        yield server


def listen(api, url, **fields):
    made = api.call("POST", "/webhooks", {"url": url, **fields})
    assert made.status == 201, made.text
    return made.body


def types(receiver):
    return [json.loads(call.body)["type"] for call in receiver.calls]


def is_signed(call, secret):
    return signatures.verify(secret, call.headers, call.body, time.time())


@pytest.mark.parametrize("pool", ["solo", "prefork", *GREEN])
def test_whatever_happens_after_the_answer_is_told(make, receiver, record_property, pool):
    installation = make(**SETTINGS)
    with installation.web(2), installation.worker(pool):
        api = installation.api()
        made = listen(api, receiver.url)
        issued = api.issue(phone(1)).body
        started = time.monotonic()
        receiver.wait_for(3)
        record_property("three_events_after_s", round(time.monotonic() - started, 2))
        code = installation.sms.calls[0].json["params"]["code"]
        assert api.check(issued["id"], code).body["valid"]
        calls = receiver.wait_for(4)
        assert types(receiver)[-1] == "verification.approved"
        assert sorted(types(receiver)) == [
            "message.sent",
            "verification.approved",
            "verification.created",
            "verification.sent",
        ]
        assert all(is_signed(call, made["secret"]) for call in calls)
        assert json.loads(calls[-1].body)["data"] == api.call("GET", f"/verifications/{issued['id']}").body
        told = [{**json.loads(call.body), "timestamp": ""} for call in calls]
        bodies = [json.dumps({k: v for k, v in one["data"].items() if not k.endswith("_at")}) for one in told]
        assert not [one for one in bodies if code in one]
        path = f"/webhooks/{made['id']}/deliveries"
        wait_until(
            lambda: {one["status"] for one in api.call("GET", path).body["deliveries"]} == {"delivered"}, 30
        )
    assert code not in installation.logs()
    assert made["secret"] not in installation.logs()
