"""One `dev.py run` at a time in one folder: two brokers must not write the same files."""

import os
import sys
import time
from pathlib import Path
from typing import IO

from domain.setting_files import lives

PATIENCE_SECONDS = 12.0


class AlreadyRunningError(Exception):
    """Raised when another run holds the folder; the text says which."""


class Lock:
    """A file lock that the system releases when the last process with the file open ends."""

    def __init__(self, path: Path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path = path
        self._note = path.with_suffix(".pid")  # a separate file: Windows lets nobody read a locked one
        self._file: IO[str] = path.open("a+", encoding="utf-8")

    @property
    def descriptor(self) -> int:
        """The open file, for a process that is to hold the lock too."""
        return self._file.fileno()

    def take(self) -> None:
        """Take the lock.

        If the holder has ended, its guard is still ending its children, so this waits for the guard.
        Raises AlreadyRunningError.
        """
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not self._try():
            pid = self._holder()
            if (pid and lives(pid)) or time.monotonic() > give_up_at:
                raise AlreadyRunningError(
                    f"Sendcode already runs from this folder (process {pid or 'unknown'}). "
                    "Stop it with Ctrl-C there, or use another copy of the folder."
                )
            time.sleep(0.2)
        self._note.write_text(str(os.getpid()), encoding="utf-8")

    def close(self) -> None:
        """Release the lock, unless another process holds the file too."""
        self._file.close()

    def _try(self) -> bool:
        try:
            if sys.platform == "win32":
                import msvcrt

                self._file.seek(0)
                msvcrt.locking(self.descriptor, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _holder(self) -> int:
        try:
            return int(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0
