"""A scriptable HTTP gateway that records every call.

    with HttpGatewayServer(delay=1) as server:
        server.script(Answer(500), Answer(429, headers={"Retry-After": "7"}))   # the next two calls
        ...                                                                     # then 200 {"id": "g3"}
        call = server.wait_for(3)[2]
        assert call.json["text"] == "…" and call.headers["idempotency-key"]

Made for many slow calls at once: a thousand calls of one second each take about one second.
"""

import asyncio
import json
import ssl
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tests.servers.thread import ServerThread, reset, silence, wait_until, write


@dataclass(frozen=True)
class Answer:
    """How to answer one call. `status` None means silence, or just closing the connection with `drop`."""

    status: int | None = 200
    body: bytes | str | Mapping[str, Any] | None = None
    """A mapping is sent as JSON; None is `{"id": "g<number of the call>"}`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float | None = None
    """Seconds before the answer; None uses the server's delay."""
    drip: float = 0
    """Seconds between two bytes of the answer."""
    drop: bool = False
    """Close the connection after the answer."""
    reset: bool = False
    """Reset the connection instead."""


SILENCE = Answer(None)
DROP = Answer(None, drop=True)
RESET = Answer(None, reset=True)


@dataclass(frozen=True)
class Call:
    """One request as received: header names in lower case, `at` from `time.monotonic()`."""

    at: float
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @cached_property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class HttpGatewayServer(ServerThread):
    """See the module. `delay` is in seconds and may be changed while it runs."""

    def __init__(
        self,
        *,
        port: int | None = None,
        delay: float = 0,
        status: int = 200,
        tls: ssl.SSLContext | None = None,
    ):
        super().__init__(port=port, tls=tls)
        self.delay = delay
        self.usual = Answer(status)
        """The answer to every call without a script; may be changed while it runs."""
        self.calls: list[Call] = []
        self.answered = 0
        self._script: deque[Answer] = deque()

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"http{'s' if self._tls else ''}://{self.host}:{self.port}/sms"

    def script(self, *answers: Answer) -> None:
        """Answer the next calls with these, then as usual again."""
        self._script.extend(answers)

    def wait_for(self, count: int, seconds: float = 90) -> list[Call]:
        """Wait for at least `count` calls; fail the test after `seconds`."""
        wait_until(lambda: len(self.calls) >= count, seconds)
        return list(self.calls)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request by request on a kept connection."""
        number = self.connections
        while head := await _head(reader):
            request, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = request.split(" ", 2)
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.calls.append(Call(time.monotonic(), method, target, headers, body, number))
            await self._answer(writer, len(self.calls))

    async def _answer(self, writer: asyncio.StreamWriter, number: int) -> None:
        answer = self._script.popleft() if self._script else self.usual
        await asyncio.sleep(self.delay if answer.delay is None else answer.delay)
        if answer.status is not None:
            body = {"id": f"g{number}"} if answer.body is None else answer.body
            await write(writer, _response(replace(answer, body=body)), drip=answer.drip)
            self.answered += 1
        if answer.reset:
            reset(writer)
        if answer.drop or answer.reset:
            raise EOFError
        if answer.status is None:
            await silence()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n\r\n"))[:-4]
    except asyncio.IncompleteReadError:
        return b""


def _response(answer: Answer) -> bytes:
    body, headers = answer.body, dict(answer.headers)
    if isinstance(body, Mapping):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    content = body.encode() if isinstance(body, str) else body or b""
    headers.setdefault("Content-Length", str(len(content)))
    lines = [f"HTTP/1.1 {answer.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
