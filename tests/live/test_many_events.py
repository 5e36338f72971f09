"""Many events: none is lost with killed workers, and receivers that hang delay neither others nor codes.

`KILLED_EVENTS=2000 KILLS=10 EVENTS=10000` is the full size.
"""

import json
import os
import random
import sqlite3
import time

import pytest
import sqlalchemy

from tests.live.installation import percentile, phone
from tests.live.processes import wait_until
from tests.live.test_events import SETTINGS, listen
from tests.servers.http import Answer, HttpGatewayServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
KILLED_EVENTS = int(os.environ.get("KILLED_EVENTS", "200"))
KILLS = int(os.environ.get("KILLS", "3"))
EVENTS = int(os.environ.get("EVENTS", "1000"))
WAITS_FOR_LEASES = "KILLED_EVENTS" in os.environ
"""The full size waits for the minute of the leases; the small one ends them."""
CLAIMED = "SELECT count(*) FROM event_delivery WHERE status = 'sending'"
BY_STATUS = "SELECT status, count(*) FROM event_delivery GROUP BY status"


@pytest.fixture
def receiver():
    with HttpGatewayServer() as server:
        yield server


def end_leases(installation):
    """Let the minute of every lease be over."""
    file = sqlalchemy.make_url(installation.env["SQLALCHEMY_DATABASE_URI"]).database
    with sqlite3.connect(file, timeout=10) as connection:
        connection.execute("UPDATE event_delivery SET due_at = 1 WHERE status = 'sending'")
    connection.close()


def broadcast(api, count, first=0):
    for start in range(first, first + count, 10_000):
        numbers = range(start, min(first + count, start + 10_000))
        body = {"channel": "sms", "text": "News.", "recipients": [{"to": phone(n)} for n in numbers]}
        assert api.call("POST", "/broadcasts", body).body["accepted"] == len(numbers)


def seconds_of_a_code(installation, ask, to):
    """Return the seconds from asking for a code to the gateway's call."""
    calls, asked = installation.sms.calls, time.monotonic()
    first = len(calls)
    ask(to)
    found = []
    wait_until(lambda: found.extend(one.at for one in calls[first:] if to in one.body.decode()) or found)
    return found[0] - asked


def test_of_workers_killed_while_they_post_no_event_is_lost_and_repeats_have_the_same_id(
    make, receiver, record_property
):
    receiver.usual = Answer(200, delay=0.2)
    installation = make(**SETTINGS)
    with installation.web():
        api = installation.api()
        listen(api, receiver.url, events=["message.sent"])
        broadcast(api, KILLED_EVENTS)
        for _ in range(KILLS):
            with installation.worker(wait=False) as worker:
                more = len(receiver.calls) + random.randint(1, KILLED_EVENTS // KILLS // 2)
                wait_until(lambda more=more: len(receiver.calls) >= more, 90)
                worker.kill()
        killed = time.monotonic()
        receiver.usual = Answer(200)
        assert installation.query(CLAIMED) > [(0,)], "some were killed between the post and its note"
        if not WAITS_FOR_LEASES:
            end_leases(installation)
        with installation.worker():
            wait_until(lambda: installation.query(BY_STATUS) == [("delivered", KILLED_EVENTS)], 100)
    record_property("done_s_after_the_last_kill", round(time.monotonic() - killed, 1))
    told = {row[0] for row in installation.query("SELECT id FROM event")}
    bodies = {}
    for call in receiver.calls:
        bodies.setdefault(call.headers["webhook-id"], set()).add(call.body)
    assert set(bodies) == told
    assert all(len(copies) == 1 for copies in bodies.values())
    assert {json.loads(body)["data"]["to"] for copies in bodies.values() for body in copies} == {
        phone(n) for n in range(KILLED_EVENTS)
    }
    record_property("repeats", len(receiver.calls) - len(told))


def test_receivers_that_hang_delay_neither_the_others_nor_codes(make, receiver, record_property):
    installation = make(**SETTINGS)
    with HttpGatewayServer(delay=60) as hanging, installation.web(), installation.worker():
        api = installation.api()
        for url in (receiver.url, *[hanging.url] * 3):
            listen(api, url, events=["message.sent"])
        began = time.monotonic()
        broadcast(api, EVENTS)
        waits = []
        while len(receiver.calls) < EVENTS:
            assert time.monotonic() < began + 120
            waits.append(seconds_of_a_code(installation, api.issue, phone(90_000 + len(waits))))
            time.sleep(0.1)
        took = max(call.at for call in receiver.calls) - began
    record_property("events_taken_after_s", round(took, 1))
    record_property("code_p95_s", round(percentile(waits, 0.95), 3))
    assert took < 60
    assert percentile(waits, 0.95) < 5, "a code that waits for a receiver takes longer"
