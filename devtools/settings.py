"""The settings of a development start: those written to `.env`, and those that children get in addition.

A value that the user has set, in the environment or in `.env`, is never changed.
"""

import json
import os
import re
import secrets
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from domain.setting_files import IN_FILE, MADE_BY_DEV, RUNNING, encoding_of, read_text

MADE = f"{MADE_BY_DEV} A production server needs its own keys.\n"
ADDED = "# Added by dev.py for development.\n"
NAME_IN_EXAMPLE = re.compile(r"^#?\s?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


@dataclass(frozen=True)
class Ports:
    """The loopback ports of the parts; 0 = not started by us."""

    web: int
    broker: int = 0
    inbox: int = 0
    smtp: int = 0

    def ours(self) -> list[int]:
        """List the ports of the parts that we start."""
        return [port for port in (self.web, self.broker, self.inbox, self.smtp) if port]


def read_env_file(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines; quotes and comments work as in python-dotenv. A missing file is empty.

    Raises ConfigurationError where the file is not text.
    """
    try:
        lines = read_text(path).splitlines()
    except FileNotFoundError:
        return {}
    return {match[1]: _unquoted(match[2]) for line in lines if (match := LINE.match(line))}


def complete_env_file(path: Path, environ: Mapping[str, str]) -> list[str]:
    """Make `.env`, or add the settings that a start needs; return the names written."""
    known = {**read_env_file(path), **environ}
    needed = {
        "SECRET_KEY": secrets.token_hex(32),
        "CODE_PEPPER": secrets.token_hex(32),
        "SMS_SENDS_PER_DAY": "1000",
    }
    missing = {
        name: value
        for name, value in needed.items()
        if not known.get(name) and not known.get(f"{name}{IN_FILE}")
    }
    if not missing:
        return []
    lines = "".join(f"{name}={value}\n" for name, value in missing.items())
    if path.exists():
        before = read_text(path)
        lines = ("" if before.endswith("\n") or not before else "\n") + ADDED + lines
    else:
        lines = MADE + lines
    _append_privately(path, lines)
    return list(missing)


def keep_env_file_readable(path: Path) -> bool:
    """Save `.env` in UTF-8 where it is in another encoding, which `flask` can't read; tell whether it was."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    if encoding_of(content) == (b"", "utf-8"):
        return False
    text = read_text(path)
    made = path.with_name(f"{path.name}.new")
    made.unlink(missing_ok=True)
    _append_privately(made, text)
    made.replace(path)
    return True


def write_running(root: Path, env: Mapping[str, str]) -> Path:
    """Write the settings of this run for commands beside it, readable by the owner only; return the file's path."""
    path = root / "instance" / RUNNING
    content = json.dumps({"pid": os.getpid(), "settings": _settings_in(root, env)})
    path.unlink(missing_ok=True)
    _append_privately(path, content)
    return path


def _settings_in(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings in an environment: what `.env.example` names, and what the gateways file inserts."""
    known = set(NAME_IN_EXAMPLE.findall(read_text(root / ".env.example"))) | {"FLASK_DEBUG"}
    gateways = root / (env.get("GATEWAYS_FILE") or "gateways.toml")
    if gateways.is_file():
        known |= set(VARIABLE.findall(read_text(gateways)))
    return {name: value for name, value in env.items() if name in known or name.startswith("CELERY_")}


def write_gateways(path: Path, inbox_port: int) -> None:
    """Write the inbox as the one SMS gateway of development; its secret stays the same on every start."""
    try:
        secret = tomllib.loads(path.read_text(encoding="utf-8"))["gateway"][0]["secret"]
    except (OSError, ValueError, LookupError):
        secret = secrets.token_hex(32)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    _append_privately(
        path,
        "# Made by dev.py at each start: SMS go to the development inbox.\n"
        "[[gateway]]\n"
        'name = "inbox"\n'
        'channel = "sms"\n'
        'type = "http"\n'
        f'url = "http://127.0.0.1:{inbox_port}/sms"\n'
        f'secret = "{secret}"\n',
    )


def child_environment(
    environ: Mapping[str, str], stored: Mapping[str, str], ports: Ports, gateways: str = ""
) -> dict[str, str]:
    """Return the user's environment, and our values where neither it nor `.env` sets one.

    `gateways` is the path of the gateways file we made, empty if we made none.
    """
    user = {name: value for name, value in {**stored, **environ}.items() if value}
    ours = {
        "SMS_COUNTRIES": "*",
        "DEFAULT_REGION": "CN",
        "PUBLIC_URL": f"http://127.0.0.1:{ports.web}",
        **_broker_settings(user, ports),
        **_mail_settings(user, ports),
        **({"GATEWAYS_FILE": gateways} if gateways else {}),
    }
    always = {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    if sys.platform == "darwin":
        # Without it macOS kills the children of a prefork worker.
        always["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"
    return {**environ, **{name: value for name, value in ours.items() if name not in user}, **always}


def _broker_settings(user: Mapping[str, str], ports: Ports) -> dict[str, str]:
    if ports.broker:
        server = f"redis://127.0.0.1:{ports.broker}/0"
        return {"CELERY_BROKER_URL": server, "REDIS_URL": server}
    broker = user.get("CELERY_BROKER_URL", "")
    return {"REDIS_URL": broker} if urlsplit(broker).scheme in ("redis", "rediss") else {}


def _mail_settings(user: Mapping[str, str], ports: Ports) -> dict[str, str]:
    if not ports.smtp or "MAIL_SERVER" in user:
        return {}
    sender = "Sendcode <no-reply@localhost>"
    return {
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(ports.smtp),
        "MAIL_DEFAULT_SENDER": sender,
        "INBOX_URL": f"http://127.0.0.1:{ports.inbox}/",
    }


def _unquoted(value: str) -> str:
    quoted = re.match(r"""(['"])(.*?)\1""", value)
    return quoted[2] if quoted else re.sub(r"(^|\s+)#.*$", "", value)


def _append_privately(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)  # it may have been there, open to everybody
        file.write(text)
