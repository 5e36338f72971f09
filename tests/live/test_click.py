"""A click is answered at once, whatever the mail server, the gateway and the broker do."""

import time

import pytest

from tests.live.installation import NO_LIMITS, in_parallel, percentile, phone
from tests.live.processes import wait_until
from tests.pools import GREEN

pytestmark = pytest.mark.slow


def test_a_mail_server_that_takes_five_seconds_a_mail_keeps_no_click_waiting(make, record_property):
    installation = make(**NO_LIMITS, MAIL_CONNECTIONS=50, IP_SENDS_PER_MINUTE=0)
    installation.mail.delay = 5
    with installation.web(), installation.worker():
        api = installation.api()
        api.issue("warm@up.org", "email")
        replies = in_parallel(200, lambda n: api.issue(f"user{n}@x.org", "email"), threads=2)
        assert {reply.status for reply in replies} == {202}
        p95 = percentile([reply.seconds for reply in replies], 0.95)
        record_property("p95_ms", round(p95 * 1000, 1))
        assert p95 < installation.mail.delay / 5
        mails = installation.mail.wait_for(201, seconds=90)
    assert len({mail.recipient for mail in mails}) == len(mails) == 201


@pytest.mark.parametrize("state", ["closed", "silent"])
def test_a_broker_that_is_gone_delays_neither_click_nor_code(make, broker, record_property, state):
    installation = make(**NO_LIMITS)
    with installation.web(), installation.worker():
        api = installation.api()
        assert api.issue(phone(1)).status == 202
        installation.sms.wait_for(1)
        broker.kill() if state == "closed" else broker.silence()
        try:
            clicked = time.monotonic()
            replies = [api.issue(phone(2 + n)) for n in range(10)]
            assert {reply.status for reply in replies} == {202}
            slowest = max(reply.seconds for reply in replies)
            record_property("slowest_click_ms", round(slowest * 1000, 1))
            assert slowest < 1
            calls = installation.sms.wait_for(11)
            record_property("delivered_after_s", round(calls[1].at - clicked, 2))
            assert calls[-1].at - clicked < 5 + sum(reply.seconds for reply in replies)
        finally:
            if state == "silent":
                broker.resume()


@pytest.mark.parametrize("pool", ["solo", "prefork", *GREEN[:1]])
def test_a_worker_that_starts_with_a_dead_broker_sends_all_the_same(make, broker, pool):
    installation = make(**NO_LIMITS)
    broker.kill()
    with installation.web(), installation.worker(pool, None, "-c", "2", wait=False) as worker:
        api = installation.api()
        assert api.issue(phone(1)).status == 202
        installation.sms.wait_for(1, seconds=30)
        assert worker.exit_code is None


def test_a_broker_restarted_under_a_running_worker_needs_nobodys_hand(make, broker):
    installation = make(**NO_LIMITS)
    with installation.web(), installation.worker() as worker:
        api = installation.api()
        api.issue(phone(1))
        installation.sms.wait_for(1)
        broker.kill()
        time.sleep(2)
        broker.start()
        wait_until(lambda: worker.text().count("Connected to redis") >= 2, 60)
        time.sleep(5.5)  # the web process skips the bell for five seconds after a failure
        before = broker.ask("INFO", "commandstats").count(b"cmdstat_lpush")
        api.issue(phone(2))
        installation.sms.wait_for(2)
        wait_until(lambda: broker.ask("INFO", "commandstats").count(b"cmdstat_lpush") >= max(1, before))


def test_a_worker_that_is_off_past_the_deadline_sends_nothing_late(make):
    installation = make(**NO_LIMITS, SEND_DEADLINE_SECONDS=2)
    with installation.web():
        api = installation.api()
        issued = [api.issue(phone(n)).body for n in range(5)]
        time.sleep(2.5)
        with installation.worker():
            wait_until(lambda: installation.statuses() == {"expired": 5})
        assert installation.sms.calls == []
        seen = api.call("GET", f"/verifications/{issued[0]['id']}").body
        assert seen["message"]["status"] == "expired"
