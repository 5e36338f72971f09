"""Delivery: codes arrive even though workers are killed, brokers are emptied and gateways fail."""

import collections
import signal
import time

import pytest

from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import wait_until
from tests.pools import GREEN
from tests.servers.http import Answer

pytestmark = pytest.mark.slow


def test_a_hundred_one_second_sms_leave_together_on_one_solo_worker(make, record_property):
    installation = make(**NO_LIMITS)
    installation.sms.delay = 1
    with installation.web(), installation.worker():
        api = installation.api()
        api.issue(phone(999))
        installation.sms.wait_for(1)
        time.sleep(1.5)
        in_parallel(100, lambda n: api.issue(phone(n)), threads=8)
        calls = installation.sms.wait_for(101)[1:]
        wait_until(lambda: installation.statuses() == {"sent": 101})
        spread = calls[-1].at - calls[0].at
    record_property("from_first_to_last_call_s", round(spread, 2))
    assert spread <= 5, "one after the other: a hundred seconds"
    assert len({call.headers["idempotency-key"] for call in calls}) == 100


def test_workers_killed_ten_times_lose_nothing_and_repeat_only_what_was_in_flight(make, record_property):
    in_flight = 20
    installation = make(
        **NO_LIMITS, SEND_CONCURRENCY=in_flight, SEND_DEADLINE_SECONDS=600, CODE_TTL_SECONDS=600
    )
    installation.sms.delay = 0.1
    with installation.web():
        api = installation.api()
        assert {reply.status for reply in in_parallel(2_000, lambda n: api.issue(phone(n)), threads=4)} == {
            202
        }
        for kill in range(10):
            with installation.worker() as worker:
                wait_until(lambda goal=(kill + 1) * 150: len(installation.sms.calls) >= goal, 60)
                worker.kill()
        with installation.worker():
            wait_until(lambda: installation.statuses() == {"sent": 2_000}, 120)
    copies = collections.Counter(call.headers["idempotency-key"] for call in installation.sms.calls)
    repeats = sum(copies.values()) - 2_000
    record_property("repeated_calls", repeats)
    assert len(copies) == 2_000
    assert repeats <= 10 * in_flight
    codes = collections.defaultdict(set)
    for call in installation.sms.calls:
        codes[call.headers["idempotency-key"]].add((call.json["to"], call.json["params"]["code"]))
    assert all(len(sent) == 1 for sent in codes.values()), (
        "every copy carries the same code to the same number"
    )


def test_a_broker_that_forgets_everything_loses_nothing(make, broker, record_property):
    installation = make(**NO_LIMITS)
    with installation.web():
        api = installation.api()
        in_parallel(500, lambda n: api.issue(phone(n)), threads=4)
        assert broker.ask("FLUSHALL") == b"+OK\r\n"
        with installation.worker():
            started = time.monotonic()
            wait_until(lambda: installation.statuses() == {"sent": 500}, 60)
            record_property("all_sent_after_s", round(time.monotonic() - started, 2))
    assert len({call.headers["idempotency-key"] for call in installation.sms.calls}) == 500
    assert len(installation.sms.calls) == 500


def test_a_gateway_that_fails_twice_is_called_at_0_3_and_9_seconds(make, record_property):
    installation = make(**NO_LIMITS)
    with installation.web(), installation.worker():
        api = installation.api()
        installation.sms.script(Answer(500), Answer(500))
        issued = api.issue(phone(1)).body
        calls = installation.sms.wait_for(3)
        waits = [call.at - calls[0].at for call in calls]
        record_property("calls_at_s", [round(wait, 2) for wait in waits])
        assert 3 <= waits[1] <= 4.5
        assert 9 <= waits[2] <= 10.5
        wait_until(lambda: installation.statuses() == {"sent": 1})
        assert api.call("GET", f"/verifications/{issued['id']}").body["message"]["status"] == "sent"
    assert len({(call.headers["idempotency-key"], call.json["params"]["code"]) for call in calls}) == 1


def test_where_tries_are_limited_a_gateway_that_always_fails_is_called_so_often(make):
    installation = make(**NO_LIMITS, SEND_TRIES="4")
    installation.sms.usual = Answer(500)
    with installation.web(), installation.worker():
        api = installation.api()
        issued = api.issue(phone(1)).body
        calls = installation.sms.wait_for(4)
        wait_until(lambda: installation.statuses() == {"failed": 1})
        time.sleep(1.5)
        assert api.call("GET", f"/verifications/{issued['id']}").body["message"]["status"] == "failed"
    assert len(installation.sms.calls) == 4
    assert 21 <= calls[3].at - calls[0].at <= 21 + 3 * 1.5
    (row,) = installation.query("SELECT status, tries, error, sealed FROM message")
    assert row[:2] == ("failed", 4)
    assert row[2]
    assert row[3] is None


def test_codes_and_notices_outlive_an_outage_of_forty_seconds(make, record_property):
    """Codes have 240 s, notices a day: a restart of a mail server or gateway must end neither."""
    installation = make(**NO_LIMITS)
    installation.sms.usual = Answer(503)
    with installation.web(), installation.worker():
        api = installation.api()
        started = time.monotonic()
        code = api.issue(phone(1)).body
        notice = {"channel": "sms", "to": phone(2), "text": "Back soon."}
        assert api.call("POST", "/messages", notice).status == 202
        for first in (100, 200):
            recipients = [{"to": phone(first + n)} for n in range(20)]
            bulk = {"channel": "sms", "text": "News.", "recipients": recipients}
            assert api.call("POST", "/broadcasts", bulk).body["accepted"] == 20
        time.sleep(max(0, 40 - (time.monotonic() - started)))
        asked = len(installation.sms.calls)
        installation.sms.usual = Answer()
        wait_until(lambda: installation.statuses() == {"sent": 42}, 90)
        record_property("calls_during_the_outage", asked)
        record_property("all_sent_s_after_its_end", round(time.monotonic() - started - 40, 1))
        assert asked < 42 + 30, "a gateway that is down must not be asked by every message again and again"
        assert api.call("GET", f"/verifications/{code['id']}").body["message"]["status"] == "sent"
    sent = [call.json["to"] for call in installation.sms.calls[asked:]]
    assert len(sent) == len(set(sent)) == 42


def test_one_bell_copied_twenty_times_makes_one_call(make, broker):
    installation = make(**NO_LIMITS)
    with installation.web():
        installation.api().issue(phone(1))
        wait_until(lambda: broker.ask("LLEN", "sms") == b":1\r\n")
        bell = broker.ask("RPOP", "sms").split(b"\r\n", 1)[1].removesuffix(b"\r\n")
        assert b"sendcode.drain" in bell
        for _ in range(20):
            broker.ask("LPUSH", "sms", bell.decode())
        with installation.worker("threads"), installation.worker("solo"):
            installation.sms.wait_for(1)
            wait_until(lambda: broker.ask("LLEN", "sms") == b":0\r\n")
            time.sleep(2)
    assert len(installation.sms.calls) == 1
    assert installation.statuses() == {"sent": 1}


def test_a_blogs_task_copied_twenty_times_makes_one_call_too(make, broker):
    installation = make(**NO_LIMITS)
    shop = _celery_of_another_project(broker.url)
    shop.send_task("ccp_send_sms_code", (phone(1), "135790"))
    message = broker.ask("RPOP", "celery").split(b"\r\n", 1)[1].removesuffix(b"\r\n")
    for _ in range(20):
        broker.ask("LPUSH", "celery", message.decode())
    shop.send_task("send_mail", ("Report", ["a@x.org", "b@x.org"], "All is well."))
    with installation.worker():
        installation.sms.wait_for(1)
        mails = installation.mail.wait_for(2)
        wait_until(lambda: broker.ask("LLEN", "celery") == b":0\r\n")
        time.sleep(2)
    (call,) = installation.sms.calls
    assert call.json["params"]["code"] == "135790"
    assert {(mail.recipient, mail.text.strip()) for mail in mails} == {
        ("a@x.org", "All is well."),
        ("b@x.org", "All is well."),
    }


@pytest.mark.parametrize("pool", ["solo", "threads", "prefork"])
def test_the_arguments_of_a_blogs_task_are_in_no_debug_log(make, broker, tmp_path, pool):
    installation = make(**NO_LIMITS, FLASK_DEBUG="1")
    shop = _celery_of_another_project(broker.url)
    shop.send_task("ccp_send_sms_code", (phone(1), "13579024"))
    shop.send_task("send_mail", ("Report", ["a@x.org"], "Your code: 24680135"))
    with installation.worker(pool, None, "--loglevel=DEBUG"):
        installation.sms.wait_for(1)
        installation.mail.wait_for(1)
        wait_until(lambda: installation.statuses() == {"sent": 2})
    logs = "\n".join(path.read_text(errors="replace") for path in tmp_path.rglob("*.log"))
    assert "succeeded" in logs
    assert not [secret for secret in ("13579024", "24680135", phone(1), "a@x.org") if secret in logs]


def _celery_of_another_project(broker_url):
    from celery import Celery

    return Celery("shop", broker=broker_url, set_as_current=False)


@pytest.mark.parametrize("pool", ["solo", "threads", "prefork", *GREEN])
def test_every_pool_sends_by_bell_and_stops_without_loss(make, pool):
    installation = make(**NO_LIMITS, SEND_CONCURRENCY=10)
    installation.sms.delay = 0.5
    with installation.web():
        api = installation.api()
        with installation.worker(pool, None, "-c", "2") as worker:
            in_parallel(40, lambda n: api.issue(phone(n)), threads=4)
            installation.sms.wait_for(15)
            worker.signal(signal.SIGTERM)
            wait_until(lambda: worker.exit_code is not None, 40)
        after_stop = len(installation.sms.calls)
        assert installation.statuses().get("sending", 0) == 0, "what was in flight is settled"
        with installation.worker(pool, None, "-c", "2"):
            wait_until(lambda: installation.statuses() == {"sent": 40})
    assert after_stop <= 40
    assert len(installation.sms.calls) == 40, "nothing is sent twice by a stop"


def test_a_worker_given_one_lane_leaves_the_others(make):
    installation = make(**NO_LIMITS)
    with installation.web():
        api = installation.api()
        api.issue(phone(1))
        api.issue("a@x.org", "email")
        with installation.worker("solo", "sms"):
            wait_until(lambda: installation.statuses() == {"sent": 1, "queued": 1})
            time.sleep(2.5)
            assert (len(installation.sms.calls), len(installation.mail.mails)) == (1, 0)
        with installation.worker("solo", "email"):
            wait_until(lambda: installation.statuses() == {"sent": 2})
    assert (len(installation.sms.calls), len(installation.mail.mails)) == (1, 1)
