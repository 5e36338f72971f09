"""Ends the children of a `dev.py` that was killed before it could do so itself.

`dev.py` starts it with a pipe as its input and writes `+PID` and `-PID` as children come and go. The pipe
closes when `dev.py` ends, for whatever reason; children that are left then get SIGTERM and, 5 s later, SIGKILL.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

PATIENCE_SECONDS = 5.0


class Guard:
    """The supervisor's end of the pipe."""

    def __init__(self, keep_open: tuple[int, ...] = ()):
        """Start the guard; it holds the files `keep_open`, such as a lock, open until it ends."""
        windows = sys.platform == "win32"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            pass_fds=() if windows else keep_open,
            start_new_session=not windows,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP if windows else 0,
        )
        assert self._process.stdin
        self._pipe: IO[bytes] = self._process.stdin

    def watch(self, pid: int) -> None:
        """Guard a child's process group."""
        self._write(f"+{pid}")

    def forget(self, pid: int) -> None:
        """Stop guarding a group that has ended: the system may reuse its number."""
        self._write(f"-{pid}")

    def close(self) -> None:
        """Let the guard end; it first ends every group that it still guards."""
        self._pipe.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        try:
            self._pipe.write(f"{line}\n".encode())
            self._pipe.flush()
        except OSError:  # the guard was killed: the supervisor goes on without it
            return


def main() -> None:
    """Read the pipe to its end, then end what is left."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin:
        pid = int(line[1:])
        if line.startswith("+"):
            groups.append(pid)
        elif pid in groups:
            groups.remove(pid)
    end(groups[::-1])


def end(groups: list[int]) -> None:
    """Ask each group's leader to end, wait, and kill the rest of the groups."""
    if sys.platform == "win32":
        for pid in groups:
            subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], capture_output=True, check=False)
        return
    leaders = [pid for pid in groups if send(os.kill, pid, signal.SIGTERM)]
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while leaders and time.monotonic() < give_up_at:
        time.sleep(0.1)
        leaders = [pid for pid in leaders if send(os.kill, pid, 0)]
    for pid in groups:
        send(os.killpg, pid, signal.SIGKILL)


def send(how: Callable[[int, int], None], pid: int, number: int) -> bool:
    """Send a signal; return whether there was a process to get it."""
    try:
        how(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
