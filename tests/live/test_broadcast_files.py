"""Broadcasts from files against real processes: codes pass meanwhile, and kills neither lose nor double a recipient.

The list has 100,000 rows where SENDCODE_FULL_LISTS is set.
"""

import os
import threading
import time
from collections import Counter

import pytest
import urllib3

from devtools.live.process import free_port
from devtools.live.service import start_web
from tests.live.installation import NO_LIMITS, Api, phone
from tests.live.processes import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
MANY = 100_000 if os.environ.get("SENDCODE_FULL_LISTS") else 4_000
SLOWEST = 2.0
QUERY = "channel=sms&template=notice"


def rows(count: int) -> str:
    return "to,text\n" + "".join(f"{phone(number)},Hello {number}\n" for number in range(count))


def test_codes_pass_while_a_list_is_checked_and_made_into_messages(make, record_property):
    installation = make(**NO_LIMITS)
    with installation.web(), installation.worker():
        api, answers = installation.api(), []
        sending = threading.Thread(target=lambda: answers.append(api.send_file(rows(MANY), QUERY)))
        sending.start()
        waits, number = [], 0
        while sending.is_alive() or installation.query("SELECT count(*) FROM broadcast_part") != [(0,)]:
            number += 1
            waits.append(arrival(installation, api, phone(500_000 + number)))
        record_property("slowest code meanwhile, s", max(waits))
        assert (answers[0].status, answers[0].body["accepted"]) == (202, MANY)
        assert max(waits) < SLOWEST
        wait_until(lambda: installation.statuses() == {"sent": MANY + number}, max(120, MANY / 100))


def arrival(installation, api, to):
    """Return how long a code takes from the click to the gateway."""
    asked = time.monotonic()
    assert api.issue(to).status == 202
    while not any(call.json["to"] == to for call in installation.sms.calls[-2_000:]):
        assert time.monotonic() < asked + 20
        time.sleep(0.005)
    return time.monotonic() - asked


def test_each_row_is_one_message_whatever_is_killed(make, database_url):
    count = 3_000
    installation = make(**NO_LIMITS, database_url=database_url)
    port, text = free_port(), rows(count)
    api = Api([port], installation.key())
    replies = []

    def call() -> None:
        while not replies:
            try:
                reply = api.send_file(text, QUERY, **{"Idempotency-Key": "list"})
            except (urllib3.exceptions.HTTPError, OSError):
                time.sleep(0.05)
                continue
            if reply.status == 202:
                replies.append(reply)

    caller = threading.Thread(target=call, daemon=True)
    for seconds in (0.3, 1.0):
        with start_web(installation.env, port, "--threads=8") as web:
            if caller.ident is None:  # started once; it ends as soon as it is answered
                caller.start()
            time.sleep(seconds)
            web.kill()
    with start_web(installation.env, port, "--threads=8"):
        wait_until(lambda: replies, 60)
    assert replies[0].body["accepted"] == count
    with installation.worker() as worker:
        wait_until(lambda: made(installation) > 0, 60)
        worker.kill()
    with installation.worker():
        wait_until(lambda: installation.statuses() == {"sent": count}, 120)
    found = Counter(to for (to,) in installation.query("SELECT canonical FROM message"))
    assert found == Counter(phone(number) for number in range(count))
    assert installation.query("SELECT count(*) FROM broadcast") == [(1,)]


def made(installation) -> int:
    return sum(installation.statuses().values())
