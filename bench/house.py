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


def fill(made: Installation, count: int, priority: str, channel: str = "SMS") -> None:
    """Put due messages into the outbox, without a bell."""
    command = [sys.executable, "-m", "bench.fill", str(count), priority, channel]
    subprocess.run(command, cwd=ROOT, env=made.env, check=True, timeout=300)
