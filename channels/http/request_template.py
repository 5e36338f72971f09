"""One request as gateways.toml describes it, compiled at the start and filled in for each message."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from channels.gateway import Outgoing
from channels.http.body import NO_TABLE, Body, refuse_placeholders
from channels.http.posting import NOT_ASCII, URL
from channels.options import Options
from channels.placeholders.escaping import Escape, in_form, in_header, in_url, unchanged
from channels.placeholders.filling import Filling
from channels.placeholders.texts import HOLE, Field, Names, Text
from domain.errors import ConfigurationError

METHODS = ("GET", "POST", "PUT")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
OUR_HEADERS = re.compile(r"(?i)content-type|content-length|transfer-encoding|idempotency-key|webhook-.*")
SERVER = re.compile(r"[A-Za-z]+://[^/?#]*")


class Request(NamedTuple):
    """One request, ready to send; `target` is the path with the query."""

    method: str
    target: str
    body: bytes | None
    headers: dict[str, str]


class RequestTemplate:
    """See the module.

    Parameters:
        names: the placeholders of the url, the query and the headers; `body` has its own.
        fixed_headers: headers without placeholders.
    """

    def __init__(
        self,
        url: str,
        names: Names[Filling],
        *,
        method: str = "POST",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        fixed_headers: Mapping[str, str] | None = None,
        body: Body | None = None,
    ):
        """Raises ConfigurationError, which names the key."""
        server, path = _split(_with_address(url, names))
        self.server = _server(server, names)
        self._target = Text("url", path, names, escape=in_url)
        self._fixed_target = self._target.constant
        self._joint = "&" if "?" in path else "?"
        self._query = [
            (in_form(_field(name)) + "=", _field_of(f"query: {name}", value, names))
            for name, value in (query or {}).items()
        ]
        self._method = method
        self._body = body
        self._fixed_headers = dict(fixed_headers or {})
        self._headers: list[tuple[str, Field[Filling]]] = []
        for name, value in checked_headers(headers or {}).items():
            text = _field_of(f"headers: {name}", value, names, in_header)
            if text.constant is None:
                self._headers.append((name, text))
            else:
                self._fixed_headers[name] = text.constant
        if body is not None:
            self._fixed_headers["Content-Type"] = _content_type(body.content_type)

    def fill(self, outgoing: Outgoing) -> Request:
        """Return the request for one message. Raises GatewayError where the message lacks a parameter."""
        filling = Filling(outgoing)
        body = None
        if self._body is not None:
            body = filling.body = self._body.fill(filling)
        target = self._fixed_target or self._target.fill(filling)
        if self._query:
            given = [
                name + in_form(value)
                for name, text in self._query
                if (value := text.given(filling)) is not None
            ]
            target += (self._joint if given else "") + "&".join(given)
        headers = self._fixed_headers.copy()  # the caller adds to them
        for name, text in self._headers:
            if (value := text.given(filling)) is not None:
                headers[name] = value
        return Request(self._method, target, body, headers)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers that can be sent. Raises ConfigurationError."""
    for name, value in headers.items():
        refuse_placeholders("headers", name)
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            raise ConfigurationError(f"headers: {name!r} can't be sent as a header")
        if OUR_HEADERS.fullmatch(name):
            raise ConfigurationError(f"headers: {name} is set by the gateway itself")
    return {"User-Agent": "Sendcode", **headers}


def read_method(options: Options) -> str:
    """Read the key `method`. Raises ConfigurationError."""
    method = options.text("method", "POST")
    if method not in METHODS:
        raise options.error("method", f"must be one of {', '.join(METHODS)}")
    if method == "GET" and options.has("body"):
        raise options.error("body", "a GET has no body; use `query`")
    return method


def _with_address(url: str, names: Names[Filling]) -> str:
    """Return the url; where it begins with a key of a preset, such as `{keys.address}`, with the value of that key."""
    found = HOLE.match(url)
    address = names.constants.get(found[1]) if found else None
    if found is None or address is None:
        return url
    refuse_placeholders("url", address)
    return address.rstrip("/") + url[found.end() :]


def _split(url: str) -> tuple[str, str]:
    """Return scheme and host, and the rest, which begins with a slash."""
    if not URL.fullmatch(url):
        raise ConfigurationError(NOT_ASCII)
    found = SERVER.match(url)
    server = found[0] if found else url
    path = url[len(server) :].partition("#")[0]
    return server, path if path.startswith("/") else f"/{path}"


def _field_of(key: str, value: str, names: Names[Filling], escape: Escape = unchanged) -> Field[Filling]:
    field = Field(key, value, names, escape=escape)
    if field.leaves_out_table:
        raise ConfigurationError(f"{key}: {NO_TABLE}")
    return field


def _server(text: str, names: Names[Filling]) -> str:
    server = Text("url", text, names).constant
    if server is None:
        raise ConfigurationError("url: only the path and the query can depend on the message")
    if "://" in server and not SERVER.fullmatch(server):
        raise ConfigurationError(
            "url: a key that is filled into the host must be a host name, without https:// and path"
        )
    return server


def _content_type(content_type: str) -> str:
    if not HEADER_VALUE.fullmatch(content_type):
        raise ConfigurationError("content_type: can't be sent as a header")
    refuse_placeholders("content_type", content_type)
    return content_type


def _field(name: str) -> str:
    refuse_placeholders("query", name)
    return name
