"""The base class of the gateways to companies: common keys of gateways.toml and one server to post to."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from channels.gateway import SEND_SECONDS
from channels.http.posting import Poster
from channels.options import Options
from domain.gateway_errors import UnknownResult
from domain.statuses import Channel

PRINTABLE = re.compile(r"[\x21-\x7e]+")
PLAIN = re.compile(r"[A-Za-z0-9_-]+")

Clock = Callable[[], datetime]
"""Returns the current time in UTC."""


class Provider:
    """The part of a gateway that every company shares.

    Reads the keys `url` and `ca_file`; `url` defaults to the company's usual address.
    """

    channel = Channel.SMS
    type = ""
    """Set by the registry, from the file."""
    rate = 0
    smtputf8 = False
    rate_seconds = 1

    def __init__(self, options: Options, url: str, path: str, seconds: float = SEND_SECONDS):
        """Read the keys; connects on the first send only. Raises ConfigurationError."""
        self.name = options.name
        self.weight = options.weight
        self.countries = options.countries
        self.capacity: int | None = None
        self._poster = Poster(
            options.text("url", url).rstrip("/") + path,
            ca_file=options.text("ca_file", "") or None,
            connections=options.http_connections,
            seconds=seconds,
        )

    def probe(self, seconds: float) -> str:
        """Open a connection and send no request. Raises TemporaryGatewayError."""
        return self._poster.probe(seconds)

    def close(self) -> None:
        """Close the kept connections."""
        self._poster.close()


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def callback(options: Options) -> str:
    """Read `status_callback`, our `/receipts/<name>` as the provider reaches it; empty where it is missing."""
    url = options.text("status_callback", "")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if "{" in url or "}" in url:
        raise options.error("status_callback", "must not contain { or }: nothing is filled in here")
    if url and not (good and PRINTABLE.fullmatch(url)):
        raise options.error("status_callback", "must begin with http:// or https:// and a host")
    return url


def plain(options: Options, key: str, default: str | None = None) -> str:
    """Read a name that goes into URLs and headers. Raises ConfigurationError."""
    value = options.text(key, default)
    if not PLAIN.fullmatch(value):
        raise options.error(key, "must hold A-Z a-z 0-9 _ - only")
    return value


def unreadable(provider: str) -> UnknownResult:
    """Return the error for an answer with a success status whose body is not in the provider's format."""
    return UnknownResult(f"{provider}'s answer can't be read: it may or may not have accepted the message")
