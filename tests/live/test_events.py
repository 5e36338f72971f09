"""Events: each arrives, in time and signed, although workers are killed and receivers hang."""

import json
import sqlite3
import time

import pytest
import sqlalchemy

from channels.signatures import webhooks as signatures
from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import wait_until
from tests.pools import GREEN
from tests.servers.http import Answer, HttpGatewayServer

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


def end_leases(installation):
    """Let the minute of every lease be over."""
    file = sqlalchemy.make_url(installation.env["SQLALCHEMY_DATABASE_URI"]).database
    with sqlite3.connect(file, timeout=10) as connection:
        connection.execute("UPDATE event_delivery SET due_at = 1 WHERE status = 'sending'")
    connection.close()


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


def test_a_worker_killed_between_post_and_note_repeats_with_the_same_id_and_loses_nothing(make, receiver):
    receiver.usual = Answer(200, delay=1)
    installation = make(**SETTINGS)
    with installation.web():
        api = installation.api()
        listen(api, receiver.url, events=["verification.created", "message.sent"])
        in_parallel(40, lambda n: api.issue(phone(n)), threads=4)
        undone = "SELECT count(*) FROM event_delivery WHERE status != 'delivered'"
        for _ in range(3):
            with installation.worker() as worker:
                more = len(receiver.calls) + 4
                wait_until(
                    lambda more=more: len(receiver.calls) >= more or installation.query(undone) == [(0,)], 90
                )
                worker.kill()
            end_leases(installation)
        receiver.usual = Answer(200)
        with installation.worker():
            end_leases(installation)
            wait_until(lambda: installation.statuses() == {"sent": 40}, 60)
            done = "SELECT status, count(*) FROM event_delivery GROUP BY status"
            wait_until(lambda: dict(installation.query(done)) == {"delivered": 80}, 90)
    ids = [call.headers["webhook-id"] for call in receiver.calls]
    assert len(set(ids)) == 80
    assert set(ids) == {row[0] for row in installation.query("SELECT id FROM event")}
    assert len(ids) > 80, "what was in flight was posted again"
    bodies = {}
    for call in receiver.calls:
        bodies.setdefault(call.headers["webhook-id"], set()).add(call.body)
    assert all(len(copies) == 1 for copies in bodies.values())


def test_receivers_that_hang_delay_neither_codes_nor_others(make, receiver, record_property):
    installation = make(**SETTINGS)
    with HttpGatewayServer(delay=60) as hanging, installation.web(), installation.worker():
        api = installation.api()
        for _ in range(3):
            listen(api, hanging.url)
        listen(api, receiver.url, events=["message.sent"])
        in_parallel(100, lambda n: api.issue(phone(n)), threads=4)
        began = time.monotonic()
        in_parallel(20, lambda n: api.issue(phone(1000 + n)), threads=4)
        wait_until(lambda: installation.statuses() == {"sent": 120}, 20)
        record_property("codes_sent_after_s", round(time.monotonic() - began, 2))
        receiver.wait_for(120, seconds=30)
        record_property("events_taken_after_s", round(time.monotonic() - began, 2))
    assert time.monotonic() - began < 60
