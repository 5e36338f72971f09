"""A whole installation for one test: broker, gateway servers, processes, and programs that call the API."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy
import urllib3
from sqlalchemy.pool import NullPool

from devtools.live.process import free_port
from devtools.live.service import (
    NO_LIMITS,
    Template,
    environment,
    flask,
    make_template,
    start_web,
    start_worker,
)
from tests.servers.http import HttpGatewayServer
from tests.servers.smtp import SmtpServer


@dataclass(frozen=True)
class Reply:
    """One answer of the API and its response time."""

    status: int
    headers: Any
    body: Any
    text: str
    seconds: float


class Api:
    """A program that calls the API with one key; safe to use from many threads."""

    def __init__(self, ports: Sequence[int], key: str):
        self._ports = ports
        self._key = key
        self._pool = urllib3.PoolManager(maxsize=200, num_pools=10, retries=False)
        self._turn = 0
        self.answers: list[str] = []

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Call the web processes in turn."""
        self._turn += 1
        port = self._ports[self._turn % len(self._ports)]
        sent = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", **headers}
        started = time.perf_counter()
        response = self._pool.request(
            method,
            f"http://127.0.0.1:{port}/api/v1{path}",
            body=body if body is None or isinstance(body, str) else json.dumps(body),
            headers=sent,
            timeout=180,
        )
        seconds = time.perf_counter() - started
        text = response.data.decode()
        self.answers.append(f"{dict(response.headers)}\n{text}")
        return Reply(response.status, response.headers, json.loads(text) if text else None, text, seconds)

    def send_file(self, text: str, query: str, **headers: str) -> Reply:
        """Send a list of recipients."""
        return self.call("POST", f"/broadcasts/csv?{query}", text, **{"Content-Type": "text/csv", **headers})

    def issue(self, to: str, channel: str = "sms", **more: Any) -> Reply:
        """Request a code."""
        return self.call("POST", "/verifications", {"channel": channel, "to": to, **more})

    def check(self, verification_id: str, code: str) -> Reply:
        """Guess a code."""
        return self.call("POST", f"/verifications/{verification_id}/check", {"code": code})


@dataclass
class Installation:
    """One database, one broker address, one SMS gateway, one mail server; processes are started by the test."""

    folder: Path
    env: dict[str, str]
    sms: HttpGatewayServer
    mail: SmtpServer
    made_key: str | None = None
    ports: list[int] = field(default_factory=list)

    def key(self, name: str = "tests") -> str:
        """Make an API key as an operator does; the first one may exist already."""
        if self.made_key:
            key, self.made_key = self.made_key, None
            return key
        return flask(self.env, "keys", "add", name).strip()

    def api(self, key: str | None = None) -> Api:
        """Return a program that calls the running web processes."""
        return Api(self.ports, key or self.key())

    @contextmanager
    def web(self, processes: int = 1, threads: int = 16) -> Iterator[None]:
        """Run web processes."""
        with _all([lambda: self._one_web(threads)] * processes):
            yield

    @contextmanager
    def _one_web(self, threads: int) -> Iterator[None]:
        port = free_port()
        with start_web(self.env, port, f"--threads={threads}"):
            self.ports.append(port)
            try:
                yield
            finally:
                self.ports.remove(port)

    def worker(
        self, pool: str = "solo", queues: str | None = None, *arguments: str, wait: bool = True
    ) -> Any:
        """Run a worker by the documented command line."""
        return start_worker(self.env, pool, queues, *arguments, wait=wait)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Query the database from outside."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(statement))]

    @cached_property
    def _engine(self) -> sqlalchemy.Engine:
        """Made once, because tests ask again and again, but with no connection that would outlive a question."""
        return sqlalchemy.create_engine(self.env["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)

    def statuses(self) -> dict[str, int]:
        """Return the number of messages with each status."""
        return dict(self.query("SELECT status, count(*) FROM message GROUP BY status"))  # type: ignore[arg-type]

    def logs(self) -> str:
        """Return the output of all processes."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.rglob("*.log"))


@contextmanager
def _all(starts: Sequence[Callable[[], Any]]) -> Iterator[None]:
    if not starts:
        yield
        return
    with starts[0](), _all(starts[1:]):
        yield


def install(
    folder: Path, broker_url: str, database_url: str = "", template: Template | None = None, **settings: Any
) -> Installation:
    """Set up an installation; the servers must be entered by the caller."""
    sms, mail = HttpGatewayServer(port=free_port()), SmtpServer(port=free_port())
    gateways = folder / "gateways.toml"
    folder.mkdir(parents=True, exist_ok=True)
    gateways.write_text(
        f'[[gateway]]\nname = "main"\nchannel = "sms"\ntype = "http"\nurl = "{sms.url}"\nsecret = "signing secret"\n'
    )
    copied = template if not database_url else None
    if copied:
        shutil.copy(copied.path, folder / "sendcode.db")
    env = environment(
        folder,
        broker_url=broker_url,
        database_url=database_url,
        migrate=copied is None,
        GATEWAYS_FILE=str(gateways),
        **{
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": mail.port,
            "MAIL_DEFAULT_SENDER": "Sendcode <no-reply@sendcode.test>",
            **settings,
        },
    )
    return Installation(folder, env, sms, mail, copied.key if copied else None)


def in_parallel(count: int, work: Callable[[int], Any], threads: int | None = None) -> list[Any]:
    """Return the results of `work(0)` to `work(count - 1)`, all started at once as far as threads allow."""
    gate = threading.Event()

    def one(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(threads or count) as pool:
        futures = [pool.submit(one, number) for number in range(count)]
        gate.set()
        return [future.result() for future in futures]


def phone(number: int) -> str:
    """Return one of 100,000 Chinese mobile numbers."""
    return f"+86138{number // 10_000:04d}{number % 10_000:04d}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


__all__ = [
    "NO_LIMITS",
    "Api",
    "Installation",
    "Reply",
    "Template",
    "in_parallel",
    "install",
    "make_template",
    "percentile",
    "phone",
]
