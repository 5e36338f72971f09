"""What `dev.py` shows: one line at a time, each with the name of who said it."""

import contextlib
import io
import os
import sys
import threading
from collections.abc import Mapping
from typing import TextIO

COLOURS = {"dev": 1, "broker": 35, "inbox": 36, "worker": 33, "beat": 34, "web": 32}
WIDTH = 6


class Console:
    """Prints whole lines from many threads; coloured only on a terminal without `NO_COLOR`."""

    def __init__(self, out: TextIO | None = None, environ: Mapping[str, str] = os.environ):
        self._out = out or sys.stdout
        if isinstance(
            self._out, io.TextIOWrapper
        ):  # a console that knows no Chinese shows ? instead of failing
            self._out.reconfigure(errors="replace")
        self._coloured = wants_colour(self._out, environ)
        self._lock = threading.Lock()

    def say(self, text: str, name: str = "dev") -> None:
        """Print a text, each of its lines behind the name of its speaker."""
        for line in text.splitlines() or [""]:
            self._write(f"{self._column(name)} {line.rstrip()}")

    def block(self, text: str) -> None:
        """Print lines as they are, apart from the stream around them."""
        self._write(f"\n{text}\n")

    def _column(self, name: str) -> str:
        column = f"{name:<{WIDTH}} |"
        return f"\033[{COLOURS.get(name, 0)}m{column}\033[0m" if self._coloured else column

    def _write(self, text: str) -> None:
        # Where nobody reads any more, children must be read on all the same, or they block.
        with self._lock, contextlib.suppress(OSError, ValueError):
            print(text, file=self._out, flush=True)


def wants_colour(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Say whether colours can be shown and are wanted (https://no-color.org)."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" or not out.isatty():
        return False
    return os.name != "nt" or "WT_SESSION" in environ  # the old Windows console would print the codes
