"""Mails per second over one kept connection, compared with a loop of the standard library's smtplib."""

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.house import fill, house, settled_a_second
from bench.report import Figure, median
from bench.smtp_sink import Sink
from devtools.live.process import ROOT


def measure(quick: bool) -> Iterator[Figure]:
    """Interleave the loop with the worker, with and without PIPELINING; yield the ratios."""
    rounds, count = (1, 100) if quick else (5, 4000)
    raw: list[float] = []
    ours: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        with Sink(pipelining=False) as sink:
            raw.append(raw_smtplib(sink.port, count))
        for pipelining, rates in ours.items():
            rates.append(worker(count, pipelining=pipelining))
    for pipelining, least in ((False, 0.6), (True, 1.0)):
        yield Figure(
            f"mail, {'with' if pipelining else 'without'} PIPELINING / raw smtplib",
            "codes by e-mail claimed, composed, delivered and settled a second, MAIL_CONNECTIONS=1, solo / "
            "sendmail() of a ready mail of that size on one connection; the same sink",
            median(ours[pipelining]) / median(raw),
            at_least=least,
            seen=f"{median(ours[pipelining]):,.0f} / {median(raw):,.0f} a second",
        )


def worker(count: int, *, pipelining: bool) -> float:
    """Return how many mails per second one worker delivers, from its first to its last."""
    with Sink(pipelining=pipelining) as sink, house(MAIL_CONNECTIONS=1, MAIL_PORT=sink.port) as made:
        fill(made, count, "CODE", "EMAIL")
        rate = settled_a_second(made, count)
        assert sink.counts().mails == count
        return rate


def raw_smtplib(port: int, count: int) -> float:
    """Return how many ready mails per second a separate process sends with smtplib."""
    command = [sys.executable, "-m", "bench.mail", str(port), str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    return float(done.stdout)


MAIL = (
    "From: Sendcode <no-reply@sendcode.test>\r\nTo: reader@example.com\r\nSubject: Your code\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
)
SIZE = 3000
"""Size in bytes of a mail with a code, text and HTML together."""


def loop(port: int, count: int) -> float:
    """Send ready mails on one connection; return mails per second."""
    lines = "x" * 70 + "\r\n"
    ready = MAIL + lines * ((SIZE - len(MAIL)) // len(lines))
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as client:
        began = time.perf_counter()
        for number in range(count):
            client.sendmail("no-reply@sendcode.test", [f"reader{number}@example.com"], ready)
        return count / (time.perf_counter() - began)


if __name__ == "__main__":
    print(loop(int(sys.argv[1]), int(sys.argv[2])))
