"""The service's own processes, started as an operator starts them, each in a process group of its own.

    with Broker(tmp_path / "broker") as broker:
        env = environment(tmp_path, broker_url=broker.url)
        with start_worker(env, pool="threads") as worker, start_web(env, free_port()) as web:
            ...
            worker.kill()

Nothing of the environment or the `.env` of whoever runs the tests gets in. What a process prints is kept in a file.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import config
from devtools.broker import valkey_command, valkey_server
from devtools.processes import kill_group, own_group
from devtools.readiness import is_free
from tests.servers.thread import PORTS, wait_until

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = Path(sys.executable).parent
HOST = "127.0.0.1"
READY_SECONDS = 40.0
STOP_SECONDS = 25.0
FROM_OUTSIDE = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")


class Process:
    """One started command; its output goes to a file."""

    def __init__(self, name: str, command: Sequence[str | Path], env: Mapping[str, str], output: Path):
        self.name = name
        self.output = output
        with output.open("ab") as file:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                **own_group(),
            )
        self.pid = self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def text(self) -> str:
        """Return what it has printed up to now."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self, ready: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        """Wait for `ready()`; fail with the process's last lines where it ends or takes too long."""
        give_up_at = time.monotonic() + seconds
        while not ready():
            assert self.exit_code is None, f"{self.name} ended with {self.exit_code}:\n{self.text()[-3000:]}"
            assert time.monotonic() < give_up_at, f"{self.name} is not ready:\n{self.text()[-3000:]}"
            time.sleep(0.05)

    def wait_until_said(self, text: str, seconds: float = READY_SECONDS) -> None:
        """Wait until it has printed `text`."""
        self.wait_until_ready(lambda: text in self.text(), seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the process alone, not to its children."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it and its children as a power cut does."""
        kill_group(self.pid)
        self._process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """Ask it to end and return its exit code; what is left of its group after 25 s is killed."""
        if self.exit_code is None:
            self.signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()
        return self._process.returncode


class Broker:
    """An embedded Valkey (or the system's Redis) that can be killed, silenced and started again on the same port."""

    def __init__(self, folder: Path, port: int | None = None):
        self.port = port or free_port()
        self.url = f"redis://{HOST}:{self.port}/0"
        self._folder = folder
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def start(self) -> None:
        """Start it, with what an append-only file kept from the last time, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        server = valkey_server() or Path("/usr/bin/redis-server")
        command = valkey_command(server, self.port, self._folder)
        self._process = Process("broker", command, {"PATH": os.environ["PATH"]}, self._folder / "output.log")
        self._process.wait_until_ready(self.answers)

    def kill(self) -> None:
        """End it at once: its port refuses connections from now on."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def silence(self) -> None:
        """Let it accept connections and answer nothing, until `resume`."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer again."""
        os.kill(self.pid, signal.SIGCONT)

    def answers(self) -> bool:
        """Tell whether it answers PING."""
        return self.ask("PING").startswith(b"+PONG")

    def ask(self, *words: str) -> bytes:
        """Return the first part of the answer to one command, empty where there is none."""
        request = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                connection.sendall(request.encode())
                return connection.recv(65536)
        except OSError:
            return b""


def free_port() -> int:
    """Return a port of loopback below 32768 on which nothing listens."""
    for port in random.sample(PORTS, 50):
        if is_free(port):
            return port
    raise OSError("no free port")


def environment(
    folder: Path, *, broker_url: str, database_url: str = "", migrate: bool = True, **settings: Any
) -> dict[str, str]:
    """Return the whole environment of a live installation in `folder`, its database made by the migrations.

    Every setting has its default unless `settings` says otherwise, whatever stands in the `.env` of the project.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gateways.toml").touch()
    defaults = {name: _text(value) for name, value in config.DEFAULTS.items()}
    ours = {
        "SECRET_KEY": "secret key of the live tests and long enough",
        "CODE_PEPPER": "code pepper of the live tests and long enough",
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
        run(env, "flask", "--app", "app", "db", "upgrade")
    return env


def run(env: Mapping[str, str], command: str, *arguments: str) -> str:
    """Run one of the project's commands to its end and return what it printed; fail where it fails."""
    done = subprocess.run(
        [COMMANDS / command, *arguments],
        cwd=ROOT,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{command} {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def start_worker(
    env: Mapping[str, str], pool: str = "solo", queues: str | None = None, *arguments: str, wait: bool = True
) -> Iterator[Process]:
    """Run a worker; `queues` as after `-Q`. `wait=False` where it can't become ready, as with a dead broker."""
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
    with _started("worker", [COMMANDS / "celery", "-A", "tasks.celery", *command], env) as process:
        if wait:
            process.wait_until_said(" ready.")
        yield process


@contextmanager
def start_beat(env: Mapping[str, str], *arguments: str) -> Iterator[Process]:
    """Run the clock."""
    command = [COMMANDS / "celery", "-A", "tasks.celery", "beat", "--loglevel=INFO", *arguments]
    with _started("beat", command, env) as process:
        process.wait_until_said("beat: Starting...")
        yield process


@contextmanager
def start_web(env: Mapping[str, str], port: int, *arguments: str) -> Iterator[Process]:
    """Run the web service on a port of loopback."""
    command = ["waitress-serve", f"--listen={HOST}:{port}", *arguments, "--call", "app:create_app"]
    with _started("web", [COMMANDS / command[0], *command[1:]], env) as process:
        process.wait_until_ready(lambda: not is_free(port))
        yield process


@contextmanager
def _started(name: str, command: Sequence[str | Path], env: Mapping[str, str]) -> Iterator[Process]:
    process = Process(name, command, env, Path(env["LIVE_FOLDER"]) / f"{_serial(name)}.log")
    try:
        yield process
    finally:
        process.stop()


_counts: dict[str, int] = {}


def _serial(name: str) -> str:
    """Return a name that no other process of this test run has."""
    _counts[name] = _counts.get(name, 0) + 1
    return f"{name}-{_counts[name]}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


__all__ = [
    "Broker",
    "Process",
    "environment",
    "free_port",
    "run",
    "start_beat",
    "start_web",
    "start_worker",
    "wait_until",
]
