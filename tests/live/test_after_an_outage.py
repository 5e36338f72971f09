"""A large broadcast that waited for its gateway: when the gateway returns, it is not overrun.

OUTAGE_SECONDS and OUTAGE_MESSAGES make it longer and larger.
"""

import os
import time
from bisect import bisect_left
from pathlib import Path

import pytest

from tests.live.installation import NO_LIMITS, phone
from tests.live.processes import wait_until
from tests.servers.http import Answer

pytestmark = pytest.mark.slow
SECONDS = int(os.environ.get("OUTAGE_SECONDS", "15"))
COUNT = int(os.environ.get("OUTAGE_MESSAGES", "2000"))
RATE = 200
AT_ONCE = 100
WINDOW = 5
"""Seconds."""


def test_a_broadcast_keeps_to_the_gateways_rate_and_to_a_hundred_connections(make, record_property):
    installation = make(**NO_LIMITS)
    gateways = Path(installation.env["GATEWAYS_FILE"])
    gateways.write_text(gateways.read_text() + f"rate = {RATE}\n")
    server = installation.sms
    server.usual = Answer(503, delay=0.1)
    with installation.web(), installation.worker():
        recipients = [{"to": phone(n)} for n in range(COUNT)]
        bulk = {"channel": "sms", "text": "News.", "recipients": recipients}
        assert installation.api().call("POST", "/broadcasts", bulk).body["accepted"] == COUNT
        time.sleep(SECONDS)
        during = len(server.calls)
        server.usual = Answer(delay=0.3)
        back = time.monotonic()
        wait_until(lambda: installation.statuses() == {"sent": COUNT}, 60 + COUNT / RATE + SECONDS)
        record_property("sent_s_after_its_end", round(time.monotonic() - back, 1))
    calls = server.calls
    assert during < RATE + SECONDS, (
        "a gateway that is down must not be asked by every message again and again"
    )
    assert len({call.json["to"] for call in calls[during:]}) == COUNT
    at = sorted(call.at for call in calls)
    most = max(bisect_left(at, one + WINDOW) - number for number, one in enumerate(at))
    record_property("most_calls_a_second", round(most / WINDOW))
    assert most <= 1.1 * RATE * WINDOW, "counted over some seconds: a call may take a moment on its way"
    connections = {call.connection for call in calls[during:]}
    record_property("connections_after_its_end", len(connections))
    assert len(connections) <= AT_ONCE
