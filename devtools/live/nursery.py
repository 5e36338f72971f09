"""Forks our commands from a process that has imported them: a start then takes a tenth of the processor time.

A test that starts a web process and a worker would else spend most of its time on imports. What is forked has
a session, an environment and an output of its own, and goes through the command's own entry point. Linux only.
"""

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
CAN_FORK = sys.platform == "linux"
COMMANDS = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.apps.beat",
    "waitress.runner",
    "waitress.server",
)
BIRTH_SECONDS = 60.0
LONGEST_ORDER = 128 * 1024


class Forked:
    """A process that the nursery has forked; it is used like a `Popen`."""

    def __init__(self, command: Sequence[str], report: socket.socket):
        """Wait for its birth. Raises TimeoutError, or ValueError where the nursery has ended."""
        self._command = command
        self._report = report
        self.returncode: int | None = None
        report.settimeout(BIRTH_SECONDS)
        self.pid = int(report.recv(32))

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._look(0)

    def wait(self, timeout: float) -> int:
        """Wait until it has ended and return its exit code. Raises TimeoutExpired."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self._command, timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _look(self, seconds: float) -> int | None:
        if self.returncode is None:
            self._report.settimeout(seconds)
            try:
                said = self._report.recv(32)
            except (TimeoutError, BlockingIOError):
                return None
            self._report.close()
            self.returncode = int(said) if said else -signal.SIGKILL  # its keeper was killed, too
        return self.returncode


class Nursery:
    """The process that forks; it is started by the first order and ends with the process that gave it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def start(self, command: Sequence[str], env: Mapping[str, str], output: IO[bytes]) -> Forked:
        """Fork a process that becomes a Python command, in the project's folder and with nothing but `env`.

        Raises OSError or ValueError where the nursery has ended.
        """
        order = json.dumps({"command": list(command), "env": dict(env)}).encode()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                socket.send_fds(self._line(), [order], [theirs.fileno(), output.fileno()])
            return Forked(command, ours)
        except (OSError, ValueError):
            ours.close()
            raise

    def close(self) -> None:
        """End the nursery; what it has forked runs on."""
        if self._process and self._orders:
            self._orders.close()
            self._process.wait(BIRTH_SECONDS)

    def _line(self) -> socket.socket:
        if self._orders is None:
            self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "devtools.live.nursery", str(theirs.fileno())],
                    cwd=ROOT,
                    env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
        return self._orders


def main() -> None:
    """Import what the commands need, and fork at each order."""
    for module in COMMANDS:
        import_module(module)
    for door in import_module("app").DOORS:
        import_module(door)
    gc.collect()
    gc.freeze()
    command = serve(socket.socket(fileno=int(sys.argv[1])))
    if command:
        sys.argv[:] = command  # in place: waitress took hold of the list when it was imported
        runpy.run_path(command[0], run_name="__main__")


def serve(orders: socket.socket) -> list[str] | None:
    """Fork at each order: return its command in the process that is to become it, and None at the end of the orders."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a keeper
    while True:
        order, files, *_ = socket.recv_fds(orders, LONGEST_ORDER, 2)
        if not order:
            return None
        if os.fork() == 0:
            orders.close()
            return born(json.loads(order), *files)
        for file in files:
            os.close(file)


def born(order: dict[str, object], report: int, output: int) -> list[str]:
    """Fork once more: the one process becomes the command, the other keeps watch and tells how it has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if pid := os.fork():
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):  # nobody wants to know any more
            os.write(report, str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.setsid()  # before anybody knows its number and ends its group
    os.write(report, str(os.getpid()).encode())
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(report)
    os.close(output)
    command, env = order["command"], order["env"]
    assert isinstance(command, list)
    assert isinstance(env, dict)
    os.environ.clear()
    os.environ.update(env)
    return command


if __name__ == "__main__":
    main()
