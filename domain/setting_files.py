"""Files with settings: in any encoding an editor writes, secrets in files of their own, those of a `dev.py run`."""

import codecs
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from domain.errors import ConfigurationError

RUNNING = "dev-running.json"
"""In `instance/`: the settings of the running `dev.py run`, for commands beside it."""
LOCK = "dev.lock"
IN_FILE = "_FILE"
"""SECRET_KEY_FILE names the file that SECRET_KEY is in, as images of Docker Hub have it."""
MADE_BY_DEV = "# Made by dev.py for development."
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the first half of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, UTF-16 or UTF-32, without its byte order mark.

    Windows writes UTF-16 (PowerShell's `>`) and marks (Notepad). Raises OSError, and ConfigurationError where the file
    is in another encoding.
    """
    content = path.read_bytes()
    mark, encoding = encoding_of(content)
    try:
        return content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: must be saved in UTF-8") from None


def from_files(texts: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the texts, with the content of the file that `NAME_FILE` names as `NAME`, for each of the names.

    Raises ConfigurationError, as `secret` does.
    """
    found = dict(texts)
    for name in names:
        if found.get(f"{name}{IN_FILE}"):
            found[name] = secret(name, texts)
            del found[f"{name}{IN_FILE}"]
    return found


def secret(name: str, texts: Mapping[str, str]) -> str:
    """Return `NAME`, or the text in the file that `NAME_FILE` names; empty where neither is there.

    Raises ConfigurationError where both are there, or where the file can't be read; it never tells what is in it.
    """
    path, given = texts.get(f"{name}{IN_FILE}", "").strip(), texts.get(name, "")
    if not path:
        return given
    if given.strip():
        raise ConfigurationError(f"{name} and {name}{IN_FILE} are both set: keep one")
    if not Path(path).is_absolute():
        raise ConfigurationError(f"{name}{IN_FILE} must be an absolute path")
    try:
        return read_text(Path(path)).rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"{name}{IN_FILE}: {path}: {error.strerror}") from None


def encoding_of(content: bytes) -> tuple[bytes, str]:
    """Return the byte order mark and the encoding of a text; without a mark, NULs tell UTF-16 from UTF-8."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return mark, encoding
    if b"\0" in content[:2]:
        return b"", "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    return b"", "utf-8"


def running_settings(folder: Path) -> dict[str, str]:
    """Return the settings of the `dev.py run` that runs in a folder; none where it has ended, however it ended."""
    instance = folder / "instance"
    try:
        told = json.loads((instance / RUNNING).read_text(encoding="utf-8"))
        pid, settings = told["pid"], told["settings"]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    if not isinstance(pid, int) or not isinstance(settings, dict):
        return {}
    if not lives(pid) or not _is_held(instance / LOCK):
        return {}
    return {str(name): str(value) for name, value in settings.items()}


def is_development(folder: Path) -> bool:
    """Tell whether `dev.py` made the folder's `.env`, or runs there now."""
    try:
        made = read_text(folder / ".env").startswith(MADE_BY_DEV)
    except (OSError, ConfigurationError):
        made = False
    return made or bool(running_settings(folder))


def lives(pid: int) -> bool:
    """Tell whether a process lives; on Windows always true, where asking with os.kill would end it."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _is_held(lock: Path) -> bool:
    """Tell whether another process holds the lock; asked only while its holder seems to live, because asking takes it.

    A `dev.py run` that starts at the very moment would take the question for a holder.
    """
    try:
        with lock.open("r+", encoding="utf-8") as file:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
