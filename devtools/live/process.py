"""One process in a group of its own, with its output in a file."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from devtools.guard import Guard
from devtools.live.nursery import Forked, Nursery
from devtools.processes import kill_group, own_group
from devtools.readiness import HOST, is_free

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = Path(sys.executable).parent
RUNNING, RUNNERS = (
    int(os.environ.get(name, usual).removeprefix("gw"))
    for name, usual in (("PYTEST_XDIST_WORKER", "gw0"), ("PYTEST_XDIST_WORKER_COUNT", "1"))
)
PORTS = range(20_000 + RUNNING % RUNNERS, 32_000, RUNNERS)
"""Below the range of ephemeral ports, and each process of a test run has its own: a closed port stays closed."""
READY_SECONDS = 40.0
STOP_SECONDS = 25.0

__all__ = ["COMMANDS", "HOST", "PORTS", "ROOT", "Process", "fork_from", "free_port", "guard_with"]


class Process:
    """One command that was started."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        output: Path,
        *,
        forks: bool = False,
    ):
        """Start it in the project's folder with nothing but `env` as its environment.

        One of our Python commands may be forked, if there is a nursery (`fork_from`).
        """
        self.name = name
        self.output = output
        words = [str(part) for part in command]
        with output.open("ab") as file:
            self._process: subprocess.Popen[bytes] | Forked = (
                _nursery.start(words, env, file)
                if forks and _nursery
                else subprocess.Popen(
                    words,
                    cwd=ROOT,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    **own_group(),
                )
            )
        self.pid = self._process.pid
        if _guard:
            _guard.watch(self.pid)

    @property
    def exit_code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def text(self) -> str:
        """Return what it has printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self, ready: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        """Wait for `ready()`. Raises AssertionError with the process's last lines where it ends or takes too long."""
        give_up_at = time.monotonic() + seconds
        while not ready():
            assert self.exit_code is None, f"{self.name} ended with {self.exit_code}:\n{self.text()[-3000:]}"
            assert time.monotonic() < give_up_at, f"{self.name} is not ready:\n{self.text()[-3000:]}"
            time.sleep(0.05)

    def wait_until_said(self, text: str, seconds: float = READY_SECONDS) -> None:
        """Wait until it has printed `text`."""
        self.wait_until_ready(lambda: text in self.text(), seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the process alone, not to its children."""
        self._process.send_signal(number)

    def wait_to_end(self, seconds: float = STOP_SECONDS) -> None:
        """Wait until it has ended by itself. Raises TimeoutExpired."""
        self._process.wait(seconds)

    def kill(self) -> None:
        """Kill it and its children at once, as a power cut would."""
        kill_group(self.pid)
        self._process.wait(STOP_SECONDS)
        if _guard:
            _guard.forget(self.pid)

    def stop(self) -> int:
        """Ask it to end and return its exit code; kill the rest of its group after 25 s."""
        if self.exit_code is None:
            self.signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()
        return int(self._process.returncode or 0)


_guard: Guard | None = None
_nursery: Nursery | None = None


def guard_with(guard: Guard | None) -> None:
    """Have `guard` end every process started from now on, should this process be killed."""
    global _guard
    _guard = guard


def fork_from(nursery: Nursery | None) -> None:
    """Have `nursery` fork what may be forked from now on."""
    global _nursery
    _nursery = nursery


def free_port() -> int:
    """Return a loopback port below 32768 on which nothing listens.

    Raises OSError where none is found.
    """
    for port in random.sample(PORTS, 50):
        if is_free(port):
            return port
    raise OSError("no free port")
