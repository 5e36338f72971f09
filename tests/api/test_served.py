"""The API behind waitress: behaviour that only a real server shows."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.processes import HOST, environment, flask, free_port, start_web

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served")]

URL = "/api/v1/verifications"
NEW = json.dumps({"channel": "sms", "to": "+8613800138000"}).encode()


@dataclass(frozen=True)
class Served:
    """Two web processes on one database, with a dead broker."""

    ports: tuple[int, int]
    key: str

    def post(self, body: bytes | Iterator[bytes], number: int = 0, **headers: str) -> tuple[int, dict, dict]:
        """POST a new verification to one of the processes; return status, headers and JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(HOST, self.ports[number % 2], timeout=30)
        try:
            connection.request(
                "POST",
                URL,
                body,
                {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **named},
                encode_chunked=not isinstance(body, bytes),
            )
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("served")
    env = environment(folder, broker_url=f"redis://{HOST}:1/0")
    key = flask(env, "keys", "add", "tests").strip()
    ports = free_port(), free_port()
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(start_web(env, port, "--threads=16"))
        yield Served(ports, key)


def test_of_100_parallel_posts_with_one_key_one_makes_a_verification(served):
    answers = []
    start = threading.Barrier(100)

    def post(number):
        start.wait()
        answers.append(served.post(NEW, number, Idempotency_Key="one key"))

    threads = [threading.Thread(target=post, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {body["id"] for status, _, body in answers if status == 202}
    statuses = Counter(status for status, *_ in answers)
    assert len(made) == 1
    assert set(statuses) <= {202, 409}
    first = [
        body for status, headers, body in answers if status == 202 and "Idempotent-Replayed" not in headers
    ]
    assert len(first) == 1
    for number in range(4):
        status, headers, body = served.post(NEW, number, Idempotency_Key="one key")
        assert (status, headers["Idempotent-Replayed"], body) == (202, "true", first[0])


def test_a_chunked_body_is_read_and_one_above_64_kib_is_413(served):
    assert served.post(iter([b'{"channel": ', b'"fax"}']))[0] == 422
    status, headers, body = served.post(iter([NEW, *[b" " * 1024] * 64]))
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert body["code"] == "request_entity_too_large"


def test_a_body_longer_than_64_kib_is_413(served):
    status, headers, _ = served.post(NEW + b" " * 65_536)
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")


def test_a_missing_body_is_422(served):
    status, headers, body = served.post(b"")
    assert (status, headers["Content-Type"]) == (422, "application/problem+json")
    assert {error["field"] for error in body["errors"]} == {"channel", "to"}
