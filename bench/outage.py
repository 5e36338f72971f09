"""One of two gateways dies and comes back."""

import time
from collections.abc import Iterator

from bench.client import call
from bench.house import house, wait_for
from bench.report import Figure, percentile
from devtools.live.process import free_port
from tests.live.installation import Installation, phone
from tests.servers.http import SILENCE, Answer, HttpGatewayServer

PATH = "/api/v1/verifications"
TABLE = '[[gateway]]\nname = "{}"\nchannel = "sms"\ntype = "http"\nurl = "{}"\nweight = {}\n'


def measure(quick: bool) -> Iterator[Figure]:
    """Make gateway A, which has nine tenths of the weight, answer 503 or not at all; yield how B handles 500 codes.

    The first hundred are requested at once, so that the circuit breaker can open; the others once those are sent.
    """
    count, before = (30, 10) if quick else (500, 100)
    for death, answer in (("answers 503", Answer(503)), ("is silent", SILENCE)):
        with house() as made, HttpGatewayServer(port=free_port()) as spare:
            tables = [TABLE.format("a", made.sms.url, 90), TABLE.format("b", spare.url, 10)]
            (made.folder / "gateways.toml").write_text("\n".join(tables))
            made.sms.usual = answer
            with made.web(), made.worker():
                key, began = made.key(), time.monotonic()
                for number, clicks in ((0, before), (before, count - before)):
                    call(made.ports[0], PATH, clients=4, count=clicks, key=key, first=number)
                    wait_for(lambda sent=number + clicks: made.statuses() == {"sent": sent}, 120)
                first = spare.calls[0].at - began
                rows = made.query("SELECT gateway, settled_at - created_at FROM message ORDER BY created_at")
                yield from figures(death, rows, before, first)
                if answer is not SILENCE:
                    yield healed(made, key)


def figures(death: str, rows: list[tuple[str, int]], before: int, first: float) -> Iterator[Figure]:
    """Yield B's share, the time until its first message, and how long the codes after the first hundred waited."""
    share = sum(gateway == "b" for gateway, _ in rows) / len(rows)
    counts = f"gateway A {death}, 500 codes, B alive"
    yield Figure("failover: share sent by B", counts, share, at_least=0.99)
    yield Figure("failover: first by B", f"seconds; {counts}", first, "s", at_most=12)
    later = [waited / 1e6 for _, waited in rows[before:]]
    yield Figure(
        "failover: median once the breaker is open",
        f"seconds from click to sent; {counts}, the first {before} sent",
        percentile(later, 0.5),
        "s",
        at_most=1,
    )


def healed(made: Installation, key: str) -> Figure:
    """Let A answer again, go on requesting codes, and return the time until A has its share back."""
    made.sms.usual = Answer(200)
    began, number = time.monotonic(), 10_000
    api = made.api(key)
    sent = "SELECT count(*) FROM message WHERE status = 'sent' AND gateway = 'a'"
    while made.query(sent)[0][0] < 5:
        assert time.monotonic() < began + 120, "A never got its share back"
        api.issue(phone(number))
        number += 1
        time.sleep(0.2)
    return Figure(
        "failover: A's share back",
        "seconds from A's first good answer",
        time.monotonic() - began,
        "s",
        at_most=60,
    )
