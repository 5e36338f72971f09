"""The web servers that we name, under what strangers send: no flags beside the documented commands."""

import http.client
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from devtools.readiness import is_free
from tests.live.installation import NO_LIMITS, Installation, phone
from tests.live.processes import HOST, Process, free_port, start_flask, start_gunicorn, start_web, wait_until
from tests.live.strangers import (
    BODIES,
    CHUNKS,
    EXPECTED,
    HEADERS,
    LONG_BODIES,
    MIB,
    SILENCE,
    Watched,
    ask,
    dripping,
    pour,
)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

SERVERS: dict[str, Callable[..., Any]] = {"waitress": start_web, "gunicorn": start_gunicorn}
WITH_PLAIN = {
    **SERVERS,
    "gunicorn sync": partial(start_gunicorn, kind="sync"),
    "gunicorn gthread": partial(start_gunicorn, kind="gthread"),
    "flask": start_flask,
}
"""Flask's own is for a look: it has a thread for each connection, reads the rest of a refused body in pieces of 10 MB,
and ends at once."""
DEAD_BROKER = f"redis://{HOST}:1/0"
DEPLOYS = int(os.environ.get("DEPLOYS", "3"))
CALLERS = 12
PAUSE_SECONDS = 0.02
"""Between two calls of one program: what is being stopped and started needs the processor, too."""


@pytest.fixture
def installation(make: Callable[..., Installation]) -> Installation:
    return make(**NO_LIMITS, broker_url=DEAD_BROKER)


@pytest.fixture
def key(installation: Installation) -> str:
    return installation.key()


@pytest.fixture(params=SERVERS)
def start(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return SERVERS[request.param]


def new(number: int) -> bytes:
    return json.dumps({"channel": "sms", "to": phone(number)}).encode()


def issue(port: int, key: str, number: int) -> tuple[int, float]:
    return ask(
        port,
        "POST",
        "/api/v1/verifications",
        new(number),
        **{"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )


@pytest.mark.parametrize("start", WITH_PLAIN.values(), ids=WITH_PLAIN)
def test_1200_mib_of_bodies_without_a_key_take_less_than_10_mib(
    start: Callable[..., Any], installation: Installation, record_property: Callable[..., None]
) -> None:
    with start(installation.env, port := free_port()) as server:
        with ThreadPoolExecutor(32) as pool:  # threads and their first answers are not the bodies' doing
            list(pool.map(lambda _: pour(port, "/api/v1/broadcasts", 1024), range(64)))
        answers: Counter[int | None] = Counter()
        with Watched(server.pid) as watched, ThreadPoolExecutor(16) as pool:
            jobs = [
                pool.submit(pour, port, path, 200 * MIB, chunked=chunked)
                for path in ("/api/v1/verifications", "/cms/login", "/nowhere")
                for chunked in (False, True)
            ]
            jobs += [
                pool.submit(pour, port, "/api/v1/broadcasts", 8 * MIB, chunked=n % 2 == 0) for n in range(150)
            ]
            answers.update(job.result() for job in jobs)
        status, seconds = ask(port, "GET", "/healthz")
    record_property("answers", dict(answers))
    record_property("MiB of memory", watched.memory / MIB)
    record_property("MiB of disk", watched.disk / MIB)
    assert set(answers) <= ({401, 413, None} if start in SERVERS.values() else {400, 401, 404, 413, None})
    assert (status, seconds < 1) == (200, True)
    assert watched.disk < 10 * MIB
    assert watched.memory < 10 * MIB or start not in SERVERS.values()


def test_a_broadcast_of_8_mib_with_a_key_is_read(
    start: Callable[..., Any], installation: Installation, key: str
) -> None:
    recipients = [{"to": phone(number), "params": {"x": "y" * 700}} for number in range(10_000)]
    body = json.dumps({"channel": "sms", "text": "hello", "recipients": recipients}).encode()
    assert 7 * MIB < len(body) < 8 * MIB
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with start(installation.env, port := free_port()):
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        for _ in range(2):
            connection.request("POST", "/api/v1/broadcasts", body, headers)
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())["accepted"]) == (202, 10_000)
        pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
        connection.request("POST", "/api/v1/broadcasts", iter(pieces), headers, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["accepted"]) == (202, 10_000)
        connection.request("POST", "/api/v1/broadcasts", b" " * (8 * MIB + 1), headers)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (413, "request_entity_too_large")
        connection.close()


DRIPS = {
    "headers and bodies": [(100, HEADERS), (50, BODIES)],
    "silence, chunks, and those who wait to be told": [(100, SILENCE), (50, CHUNKS), (50, EXPECTED)],
    "long bodies": [(100, LONG_BODIES)],
}


@pytest.mark.parametrize("drips", DRIPS.values(), ids=DRIPS)
def test_others_are_answered_promptly_beside_clients_that_drip(
    start: Callable[..., Any],
    installation: Installation,
    key: str,
    drips: list[tuple[int, tuple[bytes, bytes]]],
    record_property: Callable[..., None],
) -> None:
    with start(installation.env, port := free_port()), ExitStack() as stack:
        issue(port, key, 99)
        for count, (head, drop) in drips:
            stack.enter_context(dripping(port, count, head, drop))
        time.sleep(3)
        taken = []
        for number in range(40):
            status, seconds = ask(port, "GET", "/healthz")
            assert status == 200
            taken.append(seconds)
            status, seconds = issue(port, key, number)
            assert status == 202
            taken.append(seconds)
            time.sleep(0.25)
        record_property("longest seconds", max(taken))
        assert max(taken) < 1, sorted(taken)[-5:]


def test_more_connections_than_are_allowed_make_room(
    installation: Installation, key: str, record_property: Callable[..., None]
) -> None:
    for start, flag in ((start_web, "--connection-limit=60"), (start_gunicorn, "--worker-connections=60")):
        with start(installation.env, port := free_port(), flag), dripping(port, 150, *HEADERS):
            time.sleep(2)
            taken = [issue(port, key, number)[1] for number in range(20)]
            assert max(taken) < 1, sorted(taken)[-5:]


class Caller(threading.Thread):
    """A program that calls until it is told to end; what it was answered, by number, and what broke off."""

    def __init__(self, port: int, key: str, first: int, *, keeps: bool):
        super().__init__(daemon=True)
        self._port, self._key, self._keeps, self._first = port, key, keeps, first
        self.statuses: Counter[int] = Counter()
        self.broken: list[int] = []
        self.ends = False

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(HOST, self._port, timeout=20)
        number = self._first
        while not self.ends:
            number += 1
            is_sent = False
            try:
                connection.request("POST", "/api/v1/verifications", new(number), headers)
                is_sent = True
                answer = connection.getresponse()
                answer.read()
                self.statuses[answer.status] += 1
            except (OSError, http.client.HTTPException):
                connection.close()
                if is_sent:
                    self.broken.append(number)
            if not self._keeps:
                connection.close()
            time.sleep(PAUSE_SECONDS)
        connection.close()


@contextmanager
def calling(port: int, key: str, deploy: int) -> Iterator[list[Caller]]:
    callers = [Caller(port, key, (deploy * CALLERS + n) * 3_000, keeps=n % 2 == 0) for n in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield callers
    finally:
        for caller in callers:
            caller.ends = True
        for caller in callers:
            caller.join(25)


def test_a_server_that_is_asked_to_stop_cuts_off_no_call_that_did_something(
    start: Callable[..., Any], installation: Installation, key: str, record_property: Callable[..., None]
) -> None:
    broken, took = [], []
    for deploy in range(DEPLOYS):
        with start(installation.env, port := free_port()) as server, calling(port, key, deploy) as callers:
            wait_until(lambda callers=callers: sum(one.statuses[202] for one in callers) > 20)
            began = time.monotonic()
            server.signal(signal.SIGTERM)
            server.wait_to_end(15)
            took.append(time.monotonic() - began)
            assert server.exit_code == 0
        broken += [phone(number) for caller in callers for number in caller.broken]
        assert sum(caller.statuses[202] for caller in callers) > 20
        assert {status for caller in callers for status in caller.statuses} <= {202, 503}
    made = {to for (to,) in installation.query("SELECT canonical FROM verification")}
    record_property("calls without an answer", len(broken))
    record_property("of which did something", len(made & set(broken)))
    record_property("seconds to stop", took)
    assert not made & set(broken)
    assert max(took) < 5


def test_a_server_is_alive_while_every_thread_waits_for_the_database(
    start: Callable[..., Any], installation: Installation, key: str, record_property: Callable[..., None]
) -> None:
    url = installation.env["SQLALCHEMY_DATABASE_URI"]
    with start(installation.env, port := free_port()), ThreadPoolExecutor(40) as pool:
        issue(port, key, 1)
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            waiting = [pool.submit(issue, port, key, number) for number in range(2, 42)]
            time.sleep(0.5)
            taken = []
            for _ in range(20):
                status, seconds = ask(port, "GET", "/healthz")
                assert status == 200
                taken.append(seconds)
                time.sleep(0.1)
            assert not all(one.done() for one in waiting)
        engine.dispose()
        for one in waiting:
            with suppress(OSError):
                one.result()
    record_property("longest seconds", max(taken))
    assert max(taken) < 1


def test_a_server_that_is_asked_to_stop_waits_10_s_for_a_call_that_hangs_and_a_second_signal_ends_it(
    tmp_path: Path,
) -> None:
    for signals, least, most in ((1, 9, 14), (2, 0, 5)):
        command = [sys.executable, "-m", "tests.live.stuck", str(port := free_port())]
        server = Process("stuck", command, {"PATH": os.environ["PATH"]}, tmp_path / "stuck.log")
        try:
            server.wait_until_ready(partial(listens, port))
            threading.Thread(target=lambda: ask_quietly(port), daemon=True).start()
            server.wait_until_said("hangs")
            began = time.monotonic()
            for _ in range(signals):
                server.signal(signal.SIGTERM)
                wait_until(partial(is_free, port))  # by then it was noticed; two at once would be one
            server.wait_to_end(20)
            assert least < time.monotonic() - began < most
        finally:
            server.stop()


def ask_quietly(port: int) -> None:
    with suppress(OSError, http.client.HTTPException):
        ask(port, "GET", "/")


def listens(port: int) -> bool:
    return not is_free(port)
