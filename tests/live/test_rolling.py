"""A new release while programs call: no call fails, under gunicorn or behind a proxy."""

import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from devtools.readiness import is_free
from tests.deploy.files import NGINX, TEMPORARY, tool
from tests.live.installation import NO_LIMITS, Installation, phone
from tests.live.processes import HOST, Process, free_port, start_gunicorn, start_web

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="gunicorn runs on POSIX")]

CALLERS = 8
PAUSE_SECONDS = 0.02
"""Between two calls of one program: those who are being started need the processor, too."""
RELEASES = 3
WORKERS = 2
START_SECONDS = 120.0
"""Longer than new workers need to start on a busy machine; until then calls wait in the queue of the socket."""


class Caller(threading.Thread):
    """A program that makes one call after the other; every second one keeps its connection."""

    def __init__(self, port: int, key: str, number: int):
        super().__init__(daemon=True)
        self._connection = HTTPConnection(HOST, port, timeout=2 * START_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._number, self._keeps = number, number % 2 == 0
        self.answers: Counter[str] = Counter()
        self.ends = threading.Event()

    def run(self) -> None:
        next_number = self._number * 10_000
        while not self.ends.wait(PAUSE_SECONDS):
            next_number += 1
            self.answers[self._call(f'{{"channel": "sms", "to": "{phone(next_number)}"}}')] += 1
            if not self._keeps:
                self._connection.close()
        self._connection.close()

    def _call(self, body: str) -> str:
        try:
            self._connection.request("POST", "/api/v1/verifications", body, self._headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            return type(error).__name__
        return str(answer.status)


def pids(server: Process, said: str) -> list[str]:
    return re.findall(rf"{said}.*?pid: (\d+)", server.text())


def release(server: Process) -> None:
    """Have gunicorn load the application again, and wait until the workers of before have ended."""
    before = set(pids(server, "Booting worker with"))
    server.signal(signal.SIGHUP)
    server.wait_until_ready(lambda: before <= set(pids(server, r"Worker exiting \(")), START_SECONDS)


def more_answers(server: Process, callers: Sequence[Caller]) -> None:
    """Wait until each caller has got an answer from those who serve now, and another."""
    before = [caller.answers.total() for caller in callers]
    server.wait_until_ready(
        lambda: all(
            caller.answers.total() > number + 1 for caller, number in zip(callers, before, strict=True)
        ),
        START_SECONDS,
    )


@contextmanager
def calling(server: Process, port: int, key: str) -> Iterator[list[Caller]]:
    """Have the callers call; at the end all of them must have been answered, and always with 202."""
    callers = [Caller(port, key, number) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        more_answers(server, callers)
        yield callers
        more_answers(server, callers)
    finally:
        for caller in callers:
            caller.ends.set()
        for caller in callers:
            caller.join(START_SECONDS)


def answers(callers: Sequence[Caller]) -> dict[str, int]:
    return dict(sum((caller.answers for caller in callers), Counter[str]()))


def test_gunicorn_loads_a_new_release_and_no_call_fails(
    make: Callable[..., Installation], record_property: Callable[..., None]
) -> None:
    installation = make(**NO_LIMITS)
    key, port = installation.key(), free_port()
    with start_gunicorn(installation.env, port, f"--workers={WORKERS}") as server:
        with calling(server, port, key) as callers:
            for _ in range(RELEASES):
                release(server)
                more_answers(server, callers)
        assert len(pids(server, "Booting worker with")) == WORKERS * (RELEASES + 1)
    record_property("answers", answers(callers))
    assert set(answers(callers)) == {"202"}


class Web:
    """A web process that is stopped and started again on its port."""

    def __init__(self, env: dict[str, str], port: int):
        self._env, self.port = env, port
        self._running = ExitStack()

    def start(self) -> None:
        self._running.enter_context(start_web(self._env, self.port))

    def stop(self) -> None:
        self._running.close()


@contextmanager
def behind_nginx(folder: Path, port: int, webs: Sequence[Web]) -> Iterator[Process]:
    """Run nginx with our file, but for TLS and ports."""
    process = Process("nginx", nginx(folder, port, webs), {"PATH": os.environ["PATH"]}, folder / "nginx.log")
    try:
        process.wait_until_ready(lambda: not is_free(port))
        yield process
    finally:
        process.stop()


def nginx(folder: Path, port: int, webs: Sequence[Web]) -> list[str]:
    ours = NGINX.read_text(encoding="utf-8")
    servers = "".join(f"server {HOST}:{web.port} max_fails=0;" for web in webs)
    ours = re.sub(r"upstream sendcode {.*?}", f"upstream sendcode {{ {servers} }}", ours, flags=re.DOTALL)
    ours = re.sub(r"listen \[.*|ssl_.*", "", ours)
    ours = ours.replace("listen 80;", f"listen {HOST}:{free_port()};").replace(
        "listen 443 ssl http2;", f"listen {HOST}:{port};"
    )
    temporary = "".join(f"{kind}_temp_path {folder / kind};" for kind in TEMPORARY)
    (folder / "nginx.conf").write_text(
        f"user root; pid {folder / 'pid'}; error_log stderr; events {{}}\nhttp {{ {temporary}\n{ours} }}"
    )
    return [tool("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]


def test_waitress_is_restarted_behind_nginx_and_no_call_fails(
    make: Callable[..., Installation], tmp_path: Path, record_property: Callable[..., None]
) -> None:
    installation = make(**NO_LIMITS, TRUSTED_PROXIES=1)
    webs = [Web(installation.env, free_port()) for _ in range(2)]
    key, port = installation.key(), free_port()
    with ExitStack() as stack:
        for web in webs:
            stack.callback(web.stop)
            web.start()
        server = stack.enter_context(behind_nginx(tmp_path, port, webs))
        with calling(server, port, key) as callers:
            for web in webs:
                web.stop()
                web.start()
                more_answers(server, callers)
    record_property("answers", answers(callers))
    assert set(answers(callers)) == {"202"}
