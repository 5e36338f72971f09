"""Web, worker and clock of an installation in a folder of its own.

    with Broker(folder / "broker") as broker:
        env = environment(folder, broker_url=broker.url)
        with start_worker(env, pool="threads") as worker, start_web(env, free_port()) as web:
            ...
            worker.kill()

Ignores the environment and the `.env` of the person who runs this.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from unittest.mock import patch

import flask_migrate
from flask import Flask

import config
from app import create_app
from devtools.live.process import COMMANDS, HOST, ROOT, Process
from devtools.readiness import is_free
from exts import db

FROM_OUTSIDE = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")
NO_LIMITS = {
    "RESEND_COOLDOWN_SECONDS": 0,
    "DESTINATION_SENDS_PER_10_MINUTES": 0,
    "DESTINATION_SENDS_PER_DAY": 0,
    "PREFIX_SENDS_PER_10_MINUTES": 0,
    "KEY_REQUESTS_PER_MINUTE": 0,
}
"""Settings for many sends in a short time."""
GREEN_POOLS = ("gevent", "eventlet")
"""They patch the standard library before anything is imported, so they are never forked."""


def environment(
    folder: Path, *, broker_url: str, database_url: str = "", migrate: bool = True, **settings: Any
) -> dict[str, str]:
    """Return the whole environment of a live installation in `folder`, its database made by the migrations.

    Every setting has its default unless `settings` says otherwise, whatever is in the project's `.env`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gateways.toml").touch()
    defaults = {name: _text(value) for name, value in config.DEFAULTS.items()}
    ours = {
        "SECRET_KEY": "secret key of a live installation and long enough",
        "CODE_PEPPER": "code pepper of a live installation and long enough",
        "SQLALCHEMY_DATABASE_URI": database_url or f"sqlite:///{folder / 'sendcode.db'}",
        "CELERY_BROKER_URL": broker_url,
        "GATEWAYS_FILE": str(folder / "gateways.toml"),
        "SMS_COUNTRIES": "*",
        "SMS_SENDS_PER_DAY": "0",
    }
    system = {name: os.environ[name] for name in FROM_OUTSIDE if name in os.environ}
    always = {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "FLASK_DEBUG": "0",
        "FLASK_SKIP_DOTENV": "1",
    }
    env = {**system, **defaults, **ours, **always, **{name: _text(value) for name, value in settings.items()}}
    env["LIVE_FOLDER"] = str(folder)
    if migrate:
        with application(env):
            flask_migrate.upgrade()
    return env


@contextmanager
def application(env: Mapping[str, str]) -> Iterator[Flask]:
    """The installation's application with its commands, in this process and in its context."""
    with patch.dict(os.environ, env, clear=True):
        app = create_app(doors=("commands",))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def flask(env: Mapping[str, str], *arguments: str) -> str:
    """Run a `flask` command in this process and return its output; fail if the command fails.

    A process of its own takes ten times as long, most of it to import; start one with `run` where that matters.
    """
    with application(env) as app:
        done = app.test_cli_runner(catch_exceptions=False).invoke(app.cli, arguments)
    assert done.exit_code == 0, f"flask {' '.join(arguments)}:\n{done.output}"
    return done.stdout


def run(env: Mapping[str, str], command: str, *arguments: str) -> str:
    """Run one of the project's commands to its end and return its output; fail if the command fails."""
    done = subprocess.run(
        [COMMANDS / command, *arguments],
        cwd=ROOT,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command} {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Template:
    """A migrated SQLite database with one API key, copied for each installation that uses SQLite."""

    path: Path
    key: str


def make_template(folder: Path) -> Template:
    """Make the template as an operator makes a database."""
    env = environment(folder, broker_url="redis://127.0.0.1:1/0")
    key = flask(env, "keys", "add", "template").strip()
    return Template(folder / "sendcode.db", key)


@contextmanager
def start_worker(
    env: Mapping[str, str], pool: str = "solo", queues: str | None = None, *arguments: str, wait: bool = True
) -> Iterator[Process]:
    """Run a worker; `queues` as for `-Q`. Use `wait=False` where it can't become ready, as with a dead broker."""
    lanes = ["-Q", queues] if queues else []
    command = [
        "worker",
        f"--pool={pool}",
        "--loglevel=INFO",
        "-n",
        f"{_serial('worker')}@%h",
        *lanes,
        *arguments,
    ]
    words = [COMMANDS / "celery", "-A", "tasks.celery", *command]
    with _started("worker", words, env, forks=pool not in GREEN_POOLS) as process:
        if wait:
            process.wait_until_said(" ready.")
        yield process


@contextmanager
def start_beat(env: Mapping[str, str], *arguments: str) -> Iterator[Process]:
    """Run the clock."""
    command = [COMMANDS / "celery", "-A", "tasks.celery", "beat", "--loglevel=INFO", *arguments]
    with _started("beat", command, env, forks=True) as process:
        process.wait_until_said("beat: Starting...")
        yield process


@contextmanager
def start_web(env: Mapping[str, str], port: int, *arguments: str) -> Iterator[Process]:
    """Run the web service on a loopback port."""
    command = ["waitress-serve", f"--listen={HOST}:{port}", *arguments, "--call", "app:create_app"]
    with _started("web", [COMMANDS / command[0], *command[1:]], env, forks=True) as process:
        process.wait_until_ready(lambda: not is_free(port))
        yield process


@contextmanager
def start_gunicorn(env: Mapping[str, str], port: int, *arguments: str, kind: str = "") -> Iterator[Process]:
    """Run the web service behind gunicorn on a port of loopback; `kind` of worker, where it is not ours."""
    kinds = [f"--worker-class={kind}"] if kind else []
    kinds += ["--threads=1"] if kind == "sync" else []  # gunicorn takes the threaded one for more
    command = [COMMANDS / "gunicorn", f"--bind={HOST}:{port}", *kinds, *arguments, "app:create_app()"]
    with _started("gunicorn", command, env) as process:
        process.wait_until_said("Booting worker")
        process.wait_until_ready(lambda: _is_alive(port))  # it listens before it has loaded us
        yield process


@contextmanager
def start_flask(env: Mapping[str, str], port: int, *arguments: str) -> Iterator[Process]:
    """Run the web service with Flask's own server on a port of loopback."""
    command = [COMMANDS / "flask", "--app", "app", "run", f"--port={port}", *arguments]
    with _started("flask", command, env) as process:
        process.wait_until_ready(lambda: not is_free(port))
        yield process


@contextmanager
def _started(
    name: str, command: Sequence[str | Path], env: Mapping[str, str], *, forks: bool = False
) -> Iterator[Process]:
    process = Process(name, command, env, Path(env["LIVE_FOLDER"]) / f"{_serial(name)}.log", forks=forks)
    try:
        yield process
    finally:
        process.stop()


def _is_alive(port: int) -> bool:
    with suppress(OSError, HTTPException), closing(HTTPConnection(HOST, port, timeout=2)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    return False


_counts: dict[str, int] = {}


def _serial(name: str) -> str:
    """Return a name that no other process in this run has."""
    _counts[name] = _counts.get(name, 0) + 1
    return f"{name}-{_counts[name]}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
