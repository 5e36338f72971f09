"""The HTTP server: the SMS endpoint for the `http` gateway type, the page, and the list that the page reads."""

import json
import logging
import os
import re
import socketserver
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from devtools.inbox.store import Arrived, Inbox

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
LONGEST_BODY = 256 * 1024
PAGE = Path(__file__).parent / "page"
ONE = re.compile(r"/messages/([0-9a-f]+-\d+)/(html|source)")
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/inbox.css": ("inbox.css", "text/css; charset=utf-8"),
    "/inbox.js": ("inbox.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""For the HTML of a mail: its own styles and nothing else, no script and no request."""
HIDDEN = ("html", "source")
"""What the list leaves out; each has an address of its own."""
MESSAGE_ID = re.compile(r"([0-9a-f]{32})(?:@|$)")


class HttpDoor(ThreadingHTTPServer):
    """An HTTP server with one thread per connection, on loopback unless told otherwise."""

    daemon_threads = True
    request_queue_size = 512  # a burst of SMS opens hundreds of connections at once
    allow_reuse_address = os.name != "nt"  # on Windows that would let two servers share one port

    def __init__(self, port: int, inbox: Inbox, host: str = HOST, console: str = ""):
        self.inbox = inbox
        self.console = console.rstrip("/")
        super().__init__((host, port), _Request)

    def server_bind(self) -> None:
        """Bind without the standard library's lookup of our own name, which takes seconds on some networks."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


class _RefusedError(Exception):
    """Raised to answer a request with an error."""

    def __init__(self, status: HTTPStatus, detail: str):
        super().__init__(detail)
        self.status = status


class _Request(BaseHTTPRequestHandler):
    """One connection; kept open between requests."""

    server: HttpDoor
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, else Nagle's algorithm holds the body back for 40 ms
    timeout = 60

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def log_message(self, format: str, *args: Any) -> None:
        """Log no request lines: the page polls once a second, which would drown the rest."""

    def _answer(self, act: Any) -> None:
        try:
            body = self._read_body()
            self._refuse_other_sites()
            act(urlsplit(self.path), body)
        except _RefusedError as refused:
            self._send_json({"error": str(refused)}, refused.status)

    def _get(self, url: Any, _body: bytes) -> None:
        if url.path in FILES:
            name, content_type = FILES[url.path]
            self._send((PAGE / name).read_bytes(), content_type)
        elif url.path == "/healthz":
            self._send_json({"status": "ok"})
        elif url.path == "/messages.json":
            self._send_messages(url.query)
        elif one := ONE.fullmatch(url.path):
            self._send_view(*one.groups())
        else:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "no such page")

    def _post(self, url: Any, body: bytes) -> None:
        if url.path == "/sms":
            self._send_json({"id": self._take_sms(body)})
        elif url.path == "/clear":
            self._clear()
        else:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "no such page")

    def _delete(self, url: Any, _body: bytes) -> None:
        if url.path != "/messages":
            raise _RefusedError(HTTPStatus.NOT_FOUND, "no such page")
        self._clear()

    def _take_sms(self, body: bytes) -> str:
        """Store one SMS and return its id, the same for every copy."""
        sms = parse_sms(body)
        key = self.headers.get("Idempotency-Key")
        arrived = self.server.inbox.add(
            channel="sms",
            to=sms["to"],
            text=sms["text"],
            reference=sms["reference"],
            key=f"sms {key}" if key else None,
            now=datetime.now(UTC),
        )
        logger.info("SMS %s arrived, copy %s", arrived.n, arrived.copies)
        return f"inbox-{sha256((key or arrived.id).encode()).hexdigest()[:16]}"

    def _send_messages(self, query: str) -> None:
        after = parse_qs(query).get("after", ["0"])[0]
        if not (after.isascii() and after.isdigit()):
            raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "after: must be a whole number")
        tag = f'"{self.server.inbox.revision}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(b"", "", HTTPStatus.NOT_MODIFIED, ETag=tag)
        else:
            arrived = self.server.inbox.after(int(after))
            self._send_json([as_json(each, self.server.console) for each in arrived], ETag=tag)

    def _send_view(self, id: str, view: str) -> None:
        """Send one mail as its HTML, or as it came over the wire."""
        arrived = self.server.inbox.named(id)
        if arrived is None:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "this mail is gone")
        if view == "html":
            policy = {"Content-Security-Policy": MAIL_POLICY}
            self._send(arrived.html.encode(), "text/html; charset=utf-8", **policy)
        else:
            self._send(arrived.source.encode(), "text/plain; charset=utf-8")

    def _clear(self) -> None:
        self.server.inbox.clear()
        self._send_json({"status": "ok"})

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > LONGEST_BODY:
            self.close_connection = True  # the rest of the body would be taken for the next request
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"up to {LONGEST_BODY} bytes")
        return self.rfile.read(int(length))

    def _refuse_other_sites(self) -> None:
        """Refuse web pages of other sites, and host names that only resolve to loopback: they must not see codes."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "open the inbox as 127.0.0.1 or localhost")
        if (
            self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
            and self.command != "GET"
        ):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "other sites may not write here")

    def _send_json(self, value: Any, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> None:
        self._send(json.dumps(value, ensure_ascii=False).encode(), "application/json", status, **headers)

    def _send(
        self, body: bytes, content_type: str, status: HTTPStatus = HTTPStatus.OK, **headers: str
    ) -> None:
        self.send_response(status)
        for name, value in (HEADERS | headers).items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def parse_sms(body: bytes) -> dict[str, str]:
    """Read `{to, text, reference?}` as the `http` gateway type sends it; other fields are ignored."""
    try:
        sms = json.loads(body)
    except ValueError:
        raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "the body must be JSON") from None
    if not isinstance(sms, dict):
        raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "the body must be a JSON object")
    for field in ("to", "text"):
        if not isinstance(sms.get(field), str) or not sms[field]:
            raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: must be a text")
    return {"to": sms["to"], "text": sms["text"], "reference": str(sms.get("reference") or "")}


def as_json(arrived: Arrived, console: str = "") -> dict[str, Any]:
    """Turn an arrival into JSON values for the list; times are RFC 3339, `console` is the message's page there."""
    received_at = arrived.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shown = {name: value for name, value in asdict(arrived).items() if name not in HIDDEN}
    found = MESSAGE_ID.match(arrived.reference)
    page = f"{console}/cms/messages/{found[1]}" if console and found else ""
    return shown | {"received_at": received_at, "console": page}
