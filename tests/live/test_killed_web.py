"""A web process is killed again and again, and callers repeat with the same Idempotency-Key."""

import threading
import time

import pytest
import urllib3

from devtools.live.process import free_port
from devtools.live.service import start_web
from tests.live.installation import NO_LIMITS, Api, phone
from tests.live.processes import wait_until

pytestmark = pytest.mark.slow
KILLS = 15
CALLERS = 12


def test_no_destination_gets_two_codes_for_one_key(make, database_url, record_property):
    installation = make(**NO_LIMITS, database_url=database_url)
    port, key = free_port(), installation.key()
    api = Api([port], key)
    done: dict[str, set[str]] = {}
    waits: list[float] = []
    stop = threading.Event()

    def call(number: int) -> None:
        serial = 0
        while not stop.is_set():
            serial += 1
            to = phone(number * 1000 + serial)
            refused_at = None
            while True:
                try:
                    reply = api.call(
                        "POST", "/verifications", {"channel": "sms", "to": to}, **{"Idempotency-Key": to}
                    )
                except (urllib3.exceptions.HTTPError, OSError):
                    time.sleep(0.05)
                    continue
                if reply.status == 409:
                    refused_at = refused_at or time.monotonic()
                    time.sleep(0.1)
                    continue
                if reply.status == 202:
                    done.setdefault(to, set()).add(reply.body["id"])
                    waits.append(time.monotonic() - refused_at if refused_at else 0.0)
                    break
                time.sleep(0.1)

    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(CALLERS)]
    for kill in range(KILLS):
        with start_web(installation.env, port, "--threads=16") as web:
            if kill == 0:
                for thread in threads:
                    thread.start()
            before = len(done)
            wait_until(lambda before=before: len(done) > before)
            time.sleep(kill % 5 * 0.1)
            web.kill()
    with start_web(installation.env, port, "--threads=16"):
        stop.set()
        for thread in threads:
            thread.join(90)
        assert not any(thread.is_alive() for thread in threads)
    record_property("codes", len(done))
    twice = installation.query("SELECT canonical FROM verification GROUP BY canonical HAVING count(*) > 1")
    assert twice == []
    assert len(done) > CALLERS
    assert {len(ids) for ids in done.values()} == {1}
    assert max(waits) < 5
