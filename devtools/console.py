"""The output of `dev.py`: one line at a time, each with the name of the process that printed it."""

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
    """Prints whole lines from many threads; in colour only on a terminal and without `NO_COLOR`."""

    def __init__(self, out: TextIO | None = None, environ: Mapping[str, str] = os.environ):
        self._out = out or sys.stdout
        if isinstance(self._out, io.TextIOWrapper):
            # A console without Chinese characters shows ? instead of failing.
            self._out.reconfigure(errors="replace")
        self._coloured = wants_colour(self._out, environ)
        self._lock = threading.Lock()

    def say(self, text: str, name: str = "dev") -> None:
        """Print a text, with the name of the process in front of each line."""
        for line in text.splitlines() or [""]:
            self._write(f"{self._column(name)} {line.rstrip()}")

    def block(self, text: str) -> None:
        """Print lines unchanged, set apart from the output around them."""
        self._write(f"\n{text}\n")

    def _column(self, name: str) -> str:
        column = f"{name:<{WIDTH}} |"
        return f"\033[{COLOURS.get(name, 0)}m{column}\033[0m" if self._coloured else column

    def _write(self, text: str) -> None:
        # After our reader has gone, go on: the children's output must still be read, or they block.
        with self._lock, contextlib.suppress(OSError, ValueError):
            print(text, file=self._out, flush=True)


def wants_colour(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether colours can be shown and are wanted (https://no-color.org)."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" or not out.isatty():
        return False
    return os.name != "nt" or "WT_SESSION" in environ  # the old Windows console would print the codes
