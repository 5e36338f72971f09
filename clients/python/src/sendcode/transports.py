"""How requests reach the service: httpx, or anything else with `send` and `close`."""

from typing import Any, Protocol

import httpx

from sendcode.conversation import Answer, Failure, Request


class Transport(Protocol):
    """Sends one request. Never raises for the network: no answer is a Failure."""

    def send(self, request: Request) -> Answer | Failure:
        """Send it and return what came of it."""

    def close(self) -> None:
        """Close what is open."""


class AsyncTransport(Protocol):
    """The same, to be awaited."""

    async def send(self, request: Request) -> Answer | Failure:
        """Send it and return what came of it."""

    async def close(self) -> None:
        """Close what is open."""


class HttpTransport:
    """Kept connections by httpx; safe to use from many threads. Follows no redirect, because it would carry the key."""

    def __init__(self, client: httpx.Client | None = None) -> None:
        self._client = client or httpx.Client()

    def send(self, request: Request) -> Answer | Failure:
        """Send it; the error of httpx is dropped, because it holds the request with its key and body."""
        try:
            return _answer(self._client.request(**_arguments(request)))
        except httpx.HTTPError as error:
            return Failure(type(error).__name__)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


class AsyncHttpTransport:
    """The same for asyncio and trio."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient()

    async def send(self, request: Request) -> Answer | Failure:
        """Send it; the error of httpx is dropped, because it holds the request with its key and body."""
        try:
            return _answer(await self._client.request(**_arguments(request)))
        except httpx.HTTPError as error:
            return Failure(type(error).__name__)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()


def _arguments(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "params": request.query or None,
        "headers": request.headers,
        "content": request.content,
        "timeout": request.timeout,
        "follow_redirects": False,
    }


def _answer(response: httpx.Response) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)
