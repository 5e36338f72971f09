"""Broadcasts against a real worker: they stop within a second, and never delay a code."""

import time

import pytest

from tests.live.installation import NO_LIMITS, phone

pytestmark = pytest.mark.slow
MANY = 3000


def broadcast(api, count=MANY):
    body = {"channel": "sms", "text": "News", "recipients": [{"to": phone(n)} for n in range(count)]}
    answer = api.call("POST", "/broadcasts", body)
    assert (answer.status, answer.body["accepted"]) == (202, count)
    return answer.body["id"]


def test_a_broadcast_lets_codes_pass_and_stops_within_a_second(make, record_property):
    installation = make(**NO_LIMITS)
    installation.sms.delay = 1
    with installation.web(), installation.worker():
        api = installation.api()
        made = broadcast(api)
        installation.sms.wait_for(20)
        waits = [queue_time(installation, api, n) for n in range(10)]
        record_property("slowest code behind the broadcast, s", max(waits))
        assert max(waits) < 5, "behind all of it: half a minute"
        assert api.call("POST", f"/broadcasts/{made}/pause").body["status"] == "paused"
        time.sleep(1.0)
        stopped = len(installation.sms.calls)
        time.sleep(1.5)
        assert len(installation.sms.calls) == stopped
        counts = api.call("POST", f"/broadcasts/{made}/cancel").body["counts"]
        assert counts["canceled"] >= MANY - stopped
        assert sum(counts.values()) == MANY


def queue_time(installation, api, n):
    to = phone(50_000 + n)
    asked = time.monotonic()
    assert api.issue(to).status == 202
    while not any(call.json["to"] == to for call in list(installation.sms.calls)):
        assert time.monotonic() < asked + 10
        time.sleep(0.005)
    return time.monotonic() - asked
