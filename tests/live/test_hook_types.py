"""Hooks of every type: quick answers whatever hangs, and no code behind notices.

`HOOK_POSTS=1000 NOTICES=20000` is the full size.
"""

import os
import time
from functools import partial

import pytest

from tests.live.hook_servers import TYPES, HookServers
from tests.live.installation import NO_LIMITS, in_parallel, percentile, phone
from tests.live.processes import wait_until
from tests.live.test_many_events import seconds_of_a_code

pytestmark = pytest.mark.slow
POSTS = int(os.environ.get("HOOK_POSTS", "100"))
"""Of all types together."""
IS_FULL = "HOOK_POSTS" in os.environ
NOTICES = int(os.environ.get("NOTICES", "2000"))
SETTINGS = {**NO_LIMITS, "IP_SENDS_PER_MINUTE": 0}
AT_ONCE = 4


def post_all(servers, record_property):
    """Post codes of every type in turn, each to a destination of its own; what hangs must delay no answer."""
    kinds = TYPES * (POSTS // len(TYPES))
    statuses = in_parallel(len(kinds), lambda n: servers.post(kinds[n], phone(n)), threads=AT_ONCE)
    assert set(statuses) == {200}
    for kind, took in servers.took.items():
        record_property(f"{kind}_p95_s", round(percentile(took, 0.95), 3))
    of_all = [one for took in servers.took.values() for one in took]
    record_property("p99_s", round(percentile(of_all, 0.99), 3))
    if IS_FULL:
        assert percentile(of_all, 0.99) < 1
    assert percentile(of_all, 0.95) < 5, "a broker or a gateway that is waited for takes longer"


def assert_each_was_sent(servers):
    """Each destination got its own code, and nothing else."""
    texts = servers.sent()
    assert texts.keys() == servers.codes.keys()
    assert not {to for to, code in servers.codes.items() if not all(code in text for text in texts[to])}


@pytest.mark.parametrize("fault", ["stopped", "silent"])
def test_without_a_broker_every_type_is_answered_in_time_and_sent_after_the_start(
    make, broker, record_property, fault
):
    installation = make(**SETTINGS)
    servers = HookServers(installation)
    with installation.web():
        if fault == "stopped":
            broker.kill()
        else:
            broker.silence()
        post_all(servers, record_property)
        if fault == "silent":
            broker.resume()
        with installation.worker(wait=False):
            wait_until(lambda: installation.statuses() == {"sent": len(servers.codes)}, 60)
    assert_each_was_sent(servers)


def test_while_the_gateway_hangs_every_type_is_answered_in_time_and_sent_afterwards(make, record_property):
    installation = make(**SETTINGS)
    servers = HookServers(installation)
    installation.sms.delay = 30
    with installation.web(), installation.worker():
        post_all(servers, record_property)
        assert "sent" not in installation.statuses()
        installation.sms.delay = 0
        if not IS_FULL:
            installation.sms.drop_connections()  # saves the fifteen seconds after which sends end by themselves
        began = time.monotonic()
        wait_until(lambda: installation.statuses() == {"sent": len(servers.codes)}, 120)
        record_property("sent_after_s", round(time.monotonic() - began, 1))
    assert_each_was_sent(servers)


def test_a_code_by_hook_passes_notices_that_are_queued(make, record_property):
    installation = make(**SETTINGS)
    servers = HookServers(installation)
    installation.sms.delay = 1
    with installation.web(), installation.worker():
        api = installation.api()
        for first in range(0, NOTICES, 10_000):
            numbers = range(first, min(NOTICES, first + 10_000))
            body = {"channel": "sms", "text": "News.", "recipients": [{"to": phone(n)} for n in numbers]}
            assert api.call("POST", "/broadcasts", body).body["accepted"] == len(numbers)
        installation.sms.wait_for(100)
        waits = []
        for number, kind in enumerate(TYPES):
            waits.append(seconds_of_a_code(installation, partial(servers.post, kind), phone(90_000 + number)))
        assert installation.statuses()["queued"] > 0
    record_property("longest_s", round(max(waits), 3))
    assert max(waits) < 10, "behind all notices: twenty seconds"
