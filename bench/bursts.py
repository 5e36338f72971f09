"""Gateways that take a second for each SMS: how well the sends run in parallel."""

import socket
import time
from collections.abc import Iterable, Iterator
from http.client import HTTPResponse

from bench.client import call, request
from bench.house import house, wait_for
from bench.report import Figure, median, percentile
from tests.live.installation import Api, Installation, phone

PATH = "/api/v1/verifications"


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the time of 100 clicks and of a broadcast to 1,000, from the gateway's first call to its last answer."""
    rounds = 1 if quick else 5
    clicks, thousand = [], []
    with house() as made, made.web(), made.worker():
        key, made.sms.delay = made.key(), 1
        for n in range(rounds):
            call(made.ports[0], PATH, clients=10, count=100, key=key, first=100 * n)
            clicks.append(span(made, 100))
    with house(SEND_CONCURRENCY=1000) as made, made.web(), made.worker():
        api, made.sms.delay = made.api(), 1
        for _ in range(rounds):
            broadcast(api, 100 if quick else 1000)
            thousand.append(span(made, 100 if quick else 1000))
    counts = "seconds from the gateway's first call to its last answer, each after 1 s; solo"
    yield Figure("100 one-second SMS from 100 clicks", counts, median(clicks), "s", at_most=1.3)
    yield Figure(
        "1,000 one-second SMS from one broadcast",
        f"{counts}, SEND_CONCURRENCY=1000",
        median(thousand),
        "s",
        at_most=2.0,
    )


def span(made: Installation, count: int) -> float:
    """Return the time from the gateway's first call to its last answer, then clear its calls."""
    wait_for(lambda: made.sms.answered >= count, 60, every=0.1)
    at = [one.at for one in made.sms.calls]
    made.sms.calls.clear()
    made.sms.answered = 0
    return max(at) - min(at) + made.sms.delay


def broadcast(api: Api, count: int, text: str = "News") -> None:
    """Send to `count` numbers in one call."""
    body = {"channel": "sms", "text": text, "recipients": [{"to": phone(n)} for n in range(count)]}
    answer = api.call("POST", "/broadcasts", body)
    assert answer.status == 202, answer.text
    assert answer.body["accepted"] == count, answer.text[:300]


def measure_lanes(quick: bool) -> Iterator[Figure]:
    """Yield how long a code waits while 10,000 bulk messages of a second each are queued."""
    codes = 5 if quick else 100
    with house() as made, made.web(), made.worker():
        api, made.sms.delay = made.api(), 1
        broadcast(api, 500 if quick else 10_000)
        wait_for(lambda: len(made.sms.calls) >= 50, 30)
        waits = list(queue_times(made, range(20_000, 20_000 + codes)))
    yield Figure(
        "a code behind 10,000 bulk messages, p95",
        "seconds from the click to the gateway's call; bulk of 1 s each, one solo worker",
        percentile(waits, 0.95),
        "s",
        at_most=1.0,
        seen=f"p50 {percentile(waits, 0.5):.3f} s",
    )


def measure_idle(quick: bool) -> Iterator[Figure]:
    """Yield the time from a click to the gateway's call on an idle system."""
    with house() as made, made.web(), made.worker():
        waits = list(queue_times(made, range(5 if quick else 200), pause=0.05))
    yield Figure(
        "idle worker, click to gateway call, p50",
        "milliseconds from the request's first byte to the gateway's, solo, over Redis",
        1e3 * percentile(waits[len(waits) // 10 :], 0.5),
        "ms",
        at_most=5,
        seen=f"p95 {1e3 * percentile(waits, 0.95):.1f} ms",
    )


def queue_times(made: Installation, numbers: Iterable[int], pause: float = 0.02) -> Iterator[float]:
    """Issue a code to each number, on a kept connection; yield the seconds from each click to its gateway call."""
    return times_to_gateway(made, made.ports[0], PATH, made.key(), numbers, pause)


def times_to_gateway(
    made: Installation, port: int, path: str, key: str, numbers: Iterable[int], pause: float
) -> Iterator[float]:
    """Post each number to a path; yield the seconds from each request to its gateway call."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for number in numbers:
            sent, to = request(port, path, key, number), phone(number)
            asked = time.monotonic()
            connection.sendall(sent)
            answer = HTTPResponse(connection)
            answer.begin()
            assert answer.status in (200, 202), answer.read()
            answer.read()
            yield called_at(made, to, asked + 30) - asked
            time.sleep(pause)


def called_at(made: Installation, to: str, until: float) -> float:
    """Wait for the gateway's call for this number and return its time."""
    while True:
        found = [one.at for one in made.sms.calls[-300:] if to in one.body.decode()]
        if found:
            return found[0]
        assert time.monotonic() < until, f"no call within 30 s: {made.statuses()}"
        time.sleep(0.002)
