"""One request to a provider with a deadline: its answer, or one of our own errors."""

import json
import math
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Retry, Timeout, exceptions

from channels.gateway import SEND_SECONDS
from channels.http.http_pool import NotConnected, make_pool, reach
from channels.sockets import CONNECT_SECONDS, PerProcess, trust
from domain.errors import ConfigurationError
from domain.gateway_errors import (
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)

LONGEST_ANSWER = 65_536
TOO_MANY_REQUESTS = 429
TEMPORARY = {408, 425, TOO_MANY_REQUESTS}
"""With every 5xx: the provider may take the same message later (RFC 9110, RFC 8470, RFC 6585)."""

URL = re.compile(r"[\x21-\x7e]+")
NOT_ASCII = "url: must be ASCII without spaces; write other characters as xn--… or %20"
CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
NEVER = Retry(False, redirect=False)
USUAL_PORTS = {"http": 80, "https": 443}

Errors = Mapping[str, type[GatewayError]]
"""A provider's codes, and the error that each one means."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer; `body` is at most its first 64 KiB, None where it broke off."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)

    @property
    def accepted(self) -> bool:
        """Whether the status is a success."""
        return 200 <= self.status < 300

    @property
    def temporary(self) -> bool:
        """Whether the status means that a later try may succeed."""
        return self.status in TEMPORARY or self.status >= 500

    @property
    def retry_after(self) -> float | None:
        """`Retry-After` in seconds, None where it is missing or invalid."""
        return _retry_after(self.headers.get("Retry-After", ""))

    def table(self) -> dict[str, Any]:
        """Return the body parsed as a JSON object, empty where it is not one."""
        try:
            found = json.loads(self.body or b"")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Poster:
    """Posts to one server over kept connections, following no redirects. Safe for threads and greenlets.

    Parameters:
        connections: how many are kept; more are opened when all are in use.
        seconds: longest time for one `post` in all.
    """

    def __init__(
        self,
        url: str,
        *,
        ca_file: str | None = None,
        connections: int = 100,
        seconds: float = SEND_SECONDS,
    ):
        """Check the url and the file; connects on the first post only. Raises ConfigurationError."""
        scheme, host, port, self.target = _split_url(url)
        name = f"[{host}]" if ":" in host else host
        self.host = name if port in (None, USUAL_PORTS[scheme]) else f"{name}:{port}"
        self._seconds, self._connect_seconds = seconds, min(CONNECT_SECONDS, seconds)
        self._timeout = Timeout(connect=self._connect_seconds, total=seconds)
        trusted = trust(ca_file, "http") if scheme == "https" or ca_file else None
        self._pool: PerProcess[HTTPConnectionPool] = PerProcess(
            lambda: make_pool(scheme, host, port, kept=connections, trusted=trusted)
        )

    def post(
        self, body: bytes, headers: Mapping[str, str], query: str = "", *, valid_until: float = math.inf
    ) -> Answer:
        """Post `body` to the url, with `query` added to it; otherwise as `request`."""
        joint = "&" if "?" in self.target else "?"
        target = self.target + joint + query if query else self.target
        return self.request("POST", target, body, headers, valid_until=valid_until)

    def request(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        valid_until: float = math.inf,
        seconds: float = math.inf,
    ) -> Answer:
        """Send one request to the server; `target` is the path with the query.

        `valid_until`, by `time.monotonic()`: no connection is waited for beyond it, so nothing goes out after it.
        `seconds`: longest time for this one, where it is less than the usual.

        Raises TemporaryGatewayError where the request never went out, UnknownResult where the answer to it was lost,
        GatewayError where it can't be built.
        """
        try:
            response = self._pool.get().urlopen(
                method,
                target,
                body=body,
                headers={"User-Agent": "Sendcode", **headers},
                retries=NEVER,
                redirect=False,
                assert_same_host=False,
                timeout=self._time_out(valid_until, seconds),
                preload_content=False,
            )
        except NotConnected as error:
            raise TemporaryGatewayError(unreachable(error.cause)) from None
        except (exceptions.HTTPError, OSError) as error:
            raise UnknownResult(unreachable(error)) from None
        except ValueError:
            raise GatewayError("the request could not be built") from None
        return Answer(response.status, response.headers, _read(response))

    def probe(self, seconds: float) -> str:
        """Open a connection, with TLS where the URL says so; send no request."""
        pool = self._pool.get()
        try:
            reach(pool, seconds)
        except NotConnected as error:
            raise TemporaryGatewayError(unreachable(error.cause)) from None
        return f"{pool.scheme}://{pool.host}:{pool.port}"

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.get().close()

    def _time_out(self, valid_until: float, seconds: float) -> Timeout:
        left = valid_until - time.monotonic()
        if left >= self._connect_seconds and seconds >= self._seconds:
            return self._timeout
        total = min(self._seconds, seconds)
        return Timeout(connect=max(min(left, self._connect_seconds, total), 0.001), total=total)


def refusal(provider: str, code: object, errors: Errors, answer: Answer) -> GatewayError:
    """Return the error for a refusal; of the provider's answer it repeats only the `code`.

    The whole code is looked up first, then its family before the first dot. The HTTP status decides about a code
    that `errors` does not list: temporary where the status is, else an error that lets another gateway try, because
    nothing was sent and most rules that refuse a message are the provider's own.
    """
    known = fit(code)
    kind = errors.get(known) or errors.get(known.partition(".")[0]) or _kind_of(answer)
    reason = f"{provider} refused: {known or f'status {answer.status}'}"
    if issubclass(kind, TemporaryGatewayError):
        return kind(reason, retry_after=answer.retry_after)
    return kind(reason)


def _kind_of(answer: Answer) -> type[GatewayError]:
    if answer.status == TOO_MANY_REQUESTS:
        return RateLimited
    return TemporaryGatewayError if answer.temporary else WrongGateway


def reported(provider: str, code: object) -> str | None:
    """Return the reason for a report from the provider's own `code`, None where there is no usable code."""
    return f"{provider}: {fit(code)}" if fit(code) else None


def unreachable(error: BaseException) -> str:
    """Say why there was no answer; urllib3's own texts contain the URL with its query."""
    if isinstance(error, exceptions.SSLError | ssl.SSLError):
        return "no trusted TLS connection to the provider"
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return "the provider did not answer in time"
    cause = next((one for one in (error, *error.args) if isinstance(one, OSError)), error)
    return f"no answer from the provider: {getattr(cause, 'strerror', None) or type(cause).__name__}"


def fit(code: object) -> str:
    """Return a provider's code as a text, empty where it is not safe to show."""
    return str(code) if isinstance(code, str | int) and CODE.fullmatch(str(code)) else ""


def _split_url(url: str) -> tuple[str, str, int | None, str]:
    if "{" in url or "}" in url:
        raise ConfigurationError("url: must not contain { or }: nothing is filled in here; write %7B or %7D")
    if not URL.fullmatch(url):
        raise ConfigurationError(NOT_ASCII)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError("url: is not a URL") from None
    if parts.scheme not in USUAL_PORTS or not parts.hostname:
        raise ConfigurationError("url: must begin with http:// or https:// and a host")
    if parts.username is not None:
        raise ConfigurationError("url: must not contain a user name; use headers = { Authorization = … }")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port, target


def _read(response: BaseHTTPResponse) -> bytes | None:
    """Return the first part of the answer, None where it broke off."""
    try:
        return response.read(LONGEST_ANSWER)
    except (exceptions.HTTPError, OSError):
        return None
    finally:
        response.close()  # keeps the connection if the answer was read to its end


def _retry_after(value: str) -> float | None:
    """Read `Retry-After`, given in seconds or as a date (RFC 9110 10.2.3); None where it is neither."""
    if re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, math.ceil((at - datetime.now(UTC)).total_seconds()))
