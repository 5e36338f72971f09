"""The files under test, and the programs that they are for."""

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NGINX = DEPLOY / "proxy" / "nginx.conf"
CADDY = DEPLOY / "proxy" / "Caddyfile"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""Kinds of files that nginx would keep in a folder of the system's."""
INSTALLED = "/srv/sendcode"
"""Where the units and the image have the project's folder."""


def tool(name: str) -> str:
    """Return the path of a program; skip the test where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; a minute at most."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def documents(path: Path) -> list[dict[str, Any]]:
    """Return the documents of a YAML file."""
    return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]


class Unit:
    """A systemd unit; of a name that is given twice, the last one counts here."""

    def __init__(self, path: Path):
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment]
        parser.read(path, encoding="utf-8")
        self.service = parser["Service"]
        self.environment = dict(
            pair.split("=", 1) for pair in shlex.split(self.service.get("Environment", ""))
        )

    def command(self, executables: Path, *, instance: str = "all", **replaced: str) -> list[str]:
        """Return ExecStart as systemd would run it, from another folder of executables and with words replaced."""
        words = []
        for word in shlex.split(self.service["ExecStart"]):
            word = word.replace(f"{INSTALLED}/.venv/bin", str(executables))
            word = word.replace("%i", instance).replace("%H", "here")
            for name, value in self.environment.items():
                word = word.replace(f"${{{name}}}", value)
            words.append(replaced.get(word, word))
        return words
