"""An installation to measure: as in the live tests, with limits high enough for many sends."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from devtools.live.broker import Broker
from devtools.live.process import COMMANDS, ROOT, Process
from tests.live.installation import NO_LIMITS, Installation, install, make_template

FREE = {**NO_LIMITS, "IP_SENDS_PER_MINUTE": 0}
"""No limits: they would end a measurement. Their cost is measured with the click."""


@contextmanager
def house(**settings: Any) -> Iterator[Installation]:
    """Start a broker, a gateway and a mail server, and make an empty SQLite database with an API key."""
    with TemporaryDirectory(prefix="sendcode-bench-") as name:
        folder = Path(name)
        with Broker(folder / "broker") as broker:
            template = make_template(folder / "template")
            made = install(folder / "house", broker.url, template=template, **{**FREE, **settings})
            with made.sms, made.mail:
                yield made


@contextmanager
def noop_worker(made: Installation, name: str = "worker") -> Iterator[Process]:
    """Run a solo worker whose gateways accept everything and do nothing."""
    command = [COMMANDS / "celery", "-A", "bench.noop_worker:celery", "worker", "--pool=solo", "-n", name]
    worker = Process(name, command, made.env, made.folder / f"{name}.log")
    try:
        yield worker
    finally:
        worker.stop()


def wait_for(condition: Callable[[], bool], seconds: float, every: float = 0.5) -> None:
    """Wait until `condition()` is true, polling rarely enough not to disturb the measurement."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"not within {seconds:g} s")
        time.sleep(every)


def settled_a_second(made: Installation, count: int) -> float:
    """Start a solo worker, and return how many of `count` due messages it settles a second, first to last."""
    with made.worker("solo", None, "--loglevel=WARNING", wait=False):
        wait_for(lambda: made.statuses().get("sent", 0) == count, 60 + count / 50)
    ((first, last),) = made.query("SELECT min(settled_at), max(settled_at) FROM message")
    seconds: float = (last - first) / 1e6
    return count / seconds


def fill(made: Installation, count: int, priority: str, channel: str = "SMS") -> None:
    """Put due messages into the outbox, without a bell."""
    command = [sys.executable, "-m", "bench.fill", str(count), priority, channel]
    subprocess.run(command, cwd=ROOT, env=made.env, check=True, timeout=300)
