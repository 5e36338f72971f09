"""waitress's parser of requests, with an eye on how long the body gets."""

import json

from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver
from waitress.utilities import RequestEntityTooLarge

from serving.streams import Stream

PROBLEM = {
    "type": "about:blank",
    "title": "Request Entity Too Large",
    "status": 413,
    "code": "request_entity_too_large",
    "detail": "The body is too large.",
}
"""What the API says of such a body, too: a test holds them equal."""
PAGES = "/cms"
TWILIO = "/twilio"
TWILIO_ERROR = {
    "code": 20413,
    "message": "The body is too large",
    "more_info": "https://www.twilio.com/docs/errors/20413",
    "status": 413,
}
"""The same for programs that speak Twilio's interface."""


class TooLong(RequestEntityTooLarge):  # type: ignore[misc]
    """A body above its ceiling, answered before it is read."""

    def __init__(self, path: str):
        super().__init__(PROBLEM["detail"])
        self._path = path

    def to_response(self, _ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status, headers and body as waitress sends them."""
        kind, text = "application/problem+json", json.dumps(PROBLEM)
        if self._is_below(PAGES):
            kind, text = "text/plain", self.body
        if self._is_below(TWILIO):
            kind, text = "application/json", json.dumps(TWILIO_ERROR)
        headers = [
            ("Content-Type", kind),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return f"{self.code} {self.reason}", headers, text.encode()

    def _is_below(self, root: str) -> bool:
        return self._path == root or self._path.startswith(f"{root}/")


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """One request. A body that may be longer than the usual is a stream, which a thread reads while it arrives."""

    stream: Stream | None = None
    ceiling = 0
    place = "/"

    @property
    def is_long(self) -> bool:
        """Whether the body is too long to be kept until it is whole, and allowed."""
        if self.stream is None or self.error:
            return False
        return max(self.content_length, self.stream.received) > self.adj.ceilings.usual

    def received(self, data: bytes) -> int:
        """Take bytes and return how many; a body above the ceiling completes the request with an error."""
        taken: int = super().received(data)
        if self.body_rcv is not None and self.error is None:
            if max(self.content_length, len(self.body_rcv)) > self.ceiling:
                self.error, self.completed = TooLong(self.place), True
                self.expect_continue = False
            elif self.stream and self.completed:
                self.stream.end()
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the headers and look up the ceiling."""
        super().parse_header(header_plus)
        self.place = "/" + self.path.removeprefix(self.adj.url_prefix).lstrip("/")
        self.ceiling = self.adj.ceilings.of(self.place)
        if self.body_rcv is not None and self.ceiling > self.adj.ceilings.usual:
            self.stream = stream = Stream()
            self.body_rcv = (
                ChunkedReceiver(stream) if self.chunked else FixedStreamReceiver(self.content_length, stream)
            )
