"""The two clients: the same calls, blocking or awaited."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

from sendcode.calls import Awaiting, Blocking, Call
from sendcode.conversation import Outcome, Request, Settings, converse
from sendcode.resources.broadcasts import Broadcasts
from sendcode.resources.messages import Messages
from sendcode.resources.stats import Stats
from sendcode.resources.verifications import Verifications
from sendcode.resources.webhooks import Webhooks
from sendcode.transports import AsyncHttpTransport, AsyncTransport, HttpTransport, Transport

T = TypeVar("T")


class Sendcode:
    """A client that blocks; one is enough for a process, and many threads may use it.

    Both in seconds: `timeout` is how long one try waits for a connection, and then for an answer; after `deadline` no
    further try is made.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 5.0,
        deadline: float = 10.0,
        transport: Transport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings(base_url, key, timeout=timeout, deadline=deadline, now=now)
        self._transport = transport or HttpTransport()
        self._sleep = sleep
        runner: Blocking = self
        self.verifications: Verifications[Blocking] = Verifications(runner)
        self.messages: Messages[Blocking] = Messages(runner)
        self.broadcasts: Broadcasts[Blocking] = Broadcasts(runner)
        self.stats: Stats[Blocking] = Stats(runner)
        self.webhooks: Webhooks[Blocking] = Webhooks(runner)

    def run(self, call: Call[T]) -> T:
        """Run one call with its retries."""
        conversation = converse(call, self._settings)
        outcome: Outcome = None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            outcome = None
            if isinstance(step, Request):
                outcome = self._transport.send(step)
            else:
                self._sleep(step.seconds)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> "Sendcode":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._settings.base_url}>"


class AsyncSendcode:
    """The same client for asyncio: every call is awaited, every list iterated with `async for`.

    For trio give `sleep=trio.sleep`.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 5.0,
        deadline: float = 10.0,
        transport: AsyncTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings(base_url, key, timeout=timeout, deadline=deadline, now=now)
        self._transport = transport or AsyncHttpTransport()
        self._sleep = sleep
        runner: Awaiting = self
        self.verifications: Verifications[Awaiting] = Verifications(runner)
        self.messages: Messages[Awaiting] = Messages(runner)
        self.broadcasts: Broadcasts[Awaiting] = Broadcasts(runner)
        self.stats: Stats[Awaiting] = Stats(runner)
        self.webhooks: Webhooks[Awaiting] = Webhooks(runner)

    def run_async(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Run one call with its retries."""
        return self._run(call)

    async def _run(self, call: Call[T]) -> T:
        conversation = converse(call, self._settings)
        outcome: Outcome = None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            outcome = None
            if isinstance(step, Request):
                outcome = await self._transport.send(step)
            else:
                await self._sleep(step.seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def __aenter__(self) -> "AsyncSendcode":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._settings.base_url}>"


def settings(
    base_url: str, key: str, *, timeout: float, deadline: float, now: Callable[[], float]
) -> Settings:
    """Return the settings of a client. Raises ValueError, which never repeats the key."""
    if not base_url.startswith(("http://", "https://")):
        raise ValueError("base_url must start with https:// or http://")
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the key must be what `flask --app app keys add` printed")
    return Settings(base_url.rstrip("/").removesuffix("/api/v1"), key, timeout, deadline, now)
