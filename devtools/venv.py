"""The project's `.venv`: makes it, installs the requirements files, and makes it again where it is broken."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from devtools.console import Console
from devtools.guard import Guard
from devtools.processes import run_to_end
from devtools.stopping import Stop

STAMP = "sendcode.json"
ONE = "one.txt"
MODERN = "import sys; sys.exit(sys.version_info < (3, 11))"
UNFINISHED = {"unfinished": True}
WINDOWS = sys.platform == "win32"


class InstallError(Exception):
    """Raised when `.venv` can't be made or an install fails; the text has the last lines and says what to do."""


class Venv:
    """The virtual environment in `root/.venv`; a stamp file in it lists what is installed already."""

    def __init__(self, root: Path, console: Console, stop: Stop, guard: Guard | None = None):
        self.root = root
        self.folder = root / ".venv"
        self._scripts = self.folder / ("Scripts" if WINDOWS else "bin")
        self._console = console
        self._stop = stop
        self._guard = guard

    @property
    def python(self) -> Path:
        """The interpreter that all children run with."""
        return self._scripts / ("python.exe" if WINDOWS else "python")

    def script(self, name: str) -> str:
        """Return the path of an installed command."""
        return str(self._scripts / (f"{name}.exe" if WINDOWS else name))

    def ensure(self, needed: Sequence[str], best_effort: Sequence[str] = ()) -> None:
        """Install what the stamp does not list; packages of a `best_effort` file may be missing afterwards.

        Raises InstallError, or StoppedError on request.
        """
        stamp = self._stamp()
        if not self._is_usable(stamp):
            self._make()
            stamp = self._fresh_stamp()
        wanted = {name: self._hash(name) for name in (*needed, *best_effort)}
        missing = [name for name in wanted if stamp["files"].get(name) != wanted[name]]
        if not missing:
            return
        self._write_stamp(UNFINISHED)
        try:
            self._install_files([name for name in missing if name in needed])
            for name in missing:
                if name not in needed:
                    self._install_what_can_be(name)
        except InstallError:
            self._write_stamp(stamp)  # the installer ended cleanly: what was there before still is
            raise
        self._write_stamp({**stamp, "files": {**stamp["files"], **{name: wanted[name] for name in missing}}})

    def _stamp(self) -> dict[str, Any]:
        try:
            stamp = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return self._fresh_stamp()  # perhaps made by hand: usable if its Python runs
        except ValueError:
            return dict(UNFINISHED)
        return stamp if isinstance(stamp, dict) else dict(UNFINISHED)

    def _fresh_stamp(self) -> dict[str, Any]:
        return {"folder": str(self.folder), "python": self._python_version(), "files": {}}

    def _is_usable(self, stamp: dict[str, Any]) -> bool:
        """Tell a finished environment from one that was interrupted, moved, or whose Python is gone."""
        if stamp.get("folder") != str(self.folder) or stamp.get("python") != self._python_version():
            return False
        if not isinstance(stamp.get("files"), dict) or not os.access(self.python, os.X_OK):
            return False
        return bool(stamp["files"]) or self._runs(str(self.python), "-c", MODERN)

    def _python_version(self) -> str:
        """Return the version `.venv` was made with; empty where there is none."""
        try:
            lines = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        values = dict(line.split(" = ", 1) for line in lines if " = " in line)
        return values.get("version") or values.get("version_info", "")

    def _make(self) -> None:
        if self.folder.is_symlink():
            self.folder.unlink()
        elif self.folder.exists():
            self._console.say("the virtual environment in .venv is not usable: making it again")
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        self._write_stamp(UNFINISHED)
        python = getattr(sys, "_base_executable", None) or sys.executable  # never the .venv just removed
        command = [python, "-m", "venv", *(["--without-pip"] if self._uv() else []), str(self.folder)]
        hint = "On Debian and Ubuntu the package python3-venv (or python3-full) is needed for this."
        self._step("making the virtual environment .venv", command, hint)

    def _install_files(self, names: Sequence[str]) -> None:
        if names:
            requirements = [part for name in names for part in ("-r", name)]
            self._pip(f"installing {', '.join(names)}", requirements)

    def _install_what_can_be(self, name: str) -> None:
        try:
            self._install_files([name])
        except InstallError:
            self._console.say(f"{name} can't be installed as a whole here: trying line by line")
            one = self.folder / ONE
            for requirement in requirement_lines((self.root / name).read_text(encoding="utf-8")):
                title = requirement.partition(" --hash")[0]
                one.write_text(requirement, encoding="utf-8")  # hashes are read from files only
                try:
                    self._pip(f"installing {title}", ["--no-deps", "-r", str(one)])
                except InstallError:
                    self._console.say(f"left out, it can't be installed here: {title}")
            one.unlink(missing_ok=True)

    def _pip(self, title: str, arguments: Sequence[str]) -> None:
        hint = "Check the network, the proxy (HTTPS_PROXY) and pip's configuration, then run this again."
        uv = self._uv()
        if uv:
            try:
                # Compile once here; else each process of the first start compiles the same files.
                install = [uv, "pip", "install", "--compile-bytecode", "--python", str(self.python)]
                self._step(f"{title} (uv)", [*install, *arguments], hint)
                return
            except InstallError:  # pip may know other mirrors, from its own configuration
                self._console.say("uv could not do it: trying pip")
        if not self._runs(str(self.python), "-m", "pip", "--version"):
            self._step("adding pip", [str(self.python), "-m", "ensurepip"], hint)
        pip = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        self._step(title, [*pip, *arguments], hint)

    def _uv(self) -> str | None:
        uv = shutil.which("uv")
        return uv if uv and self._runs(uv, "--version") else None

    def _step(self, title: str, command: Sequence[str], hint: str) -> None:
        """Run one command to its end and say how long it took; show its output only if it fails."""
        self._console.say(f"{title} ...")
        started = time.monotonic()
        ended = run_to_end(command, self.root, self._stop, self._guard)
        if ended.code:
            raise InstallError(f"{ended.last_lines()}\n{title} failed. {hint}")
        self._console.say(f"done in {time.monotonic() - started:.1f} s")

    @staticmethod
    def _runs(*command: str) -> bool:
        try:
            return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _hash(self, name: str) -> str:
        return sha256((self.root / name).read_bytes()).hexdigest()

    def _write_stamp(self, stamp: dict[str, Any]) -> None:
        (self.folder / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")


def requirement_lines(text: str) -> list[str]:
    """Return the requirements of a file, each with its hashes on one line, without comments and options."""
    joined = text.replace("\\\n", " ")
    lines = (" ".join(line.split(" #")[0].split()) for line in joined.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-"))]
