"""Starting and ending one child process together with everything it starts, on POSIX and Windows."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from devtools.guard import Guard
from devtools.stopping import Stop

LAST_LINES = 15
FIRST_LINES = 300
WINDOWS = sys.platform == "win32"


@dataclass(frozen=True)
class Child:
    """One process to run: its name, its command, and its readiness check."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    ready: Callable[["Running"], bool] = lambda _running: True
    ready_seconds: float = 60
    hush: str = ""  # lines with this text are not shown


class Running:
    """A started child in a process group of its own; its output goes to `say(line, name)`."""

    def __init__(self, child: Child, folder: Path, say: Callable[[str, str], None]):
        self.child = child
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self._first: list[str] = []
        self._say = say
        self._process = subprocess.Popen(
            list(child.command),
            cwd=folder,
            env=None if child.env is None else dict(child.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            **own_group(),
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def exit_code(self) -> int | None:
        """Return the exit code of an ended child, minus the signal's number if one ended it."""
        return self._process.poll()

    def said(self, text: str) -> bool:
        """Tell whether a line with this text was printed near the start of the output."""
        return any(text in line for line in self._first)

    def last_words(self) -> str:
        """Return the last lines, after a short wait for those still in the pipe."""
        self._reader.join(0.5)
        return "\n".join(self.last) or "(it printed nothing)"

    def ask_to_end(self) -> None:
        """Ask only the child itself to end: it ends its own processes after they have finished their work."""
        if self.exit_code() is None:
            self._process.send_signal(signal.CTRL_BREAK_EVENT if WINDOWS else signal.SIGTERM)

    def end_group(self) -> None:
        """Kill the child and the rest of its group."""
        kill_group(self.pid)
        self._process.wait()
        self._reader.join(0.5)

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._take(line.rstrip())

    def _take(self, text: str) -> None:
        if self.child.hush and self.child.hush in text:
            return
        self.last.append(text)
        if len(self._first) < FIRST_LINES:
            self._first.append(text)
        self._say(text, self.child.name)


@dataclass(frozen=True)
class Ended:
    """The exit code and output of a command that has ended."""

    code: int
    stdout: str
    stderr: str

    def last_lines(self) -> str:
        """Return the last lines of its output."""
        return "\n".join([*self.stdout.splitlines(), *self.stderr.splitlines()][-LAST_LINES:])


def run_to_end(
    command: Sequence[str],
    folder: Path,
    stop: Stop,
    guard: Guard | None = None,
    env: Mapping[str, str] | None = None,
) -> Ended:
    """Run one command quietly. Raises StoppedError, after killing it, if a stop is asked for before or during it."""
    stop.check()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, **own_group()
        )
        if guard:
            guard.watch(process.pid)
        try:
            while process.poll() is None:
                stop.check()
                stop.wait(0.05)
        finally:
            if process.poll() is None:
                kill_group(process.pid)
                process.wait()
            if guard:
                guard.forget(process.pid)
        return Ended(process.returncode, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def own_group() -> dict[str, Any]:
    """Return the Popen arguments that keep the terminal's Ctrl-C from a child: the supervisor decides the order."""
    if WINDOWS:
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def kill_group(pid: int) -> None:
    """Kill a group leader and its descendants; do nothing if there are none."""
    if WINDOWS:
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], capture_output=True, check=False)
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says the latter for a group of zombies
        return
