"""One message on its way into a request, and the values that placeholders take from it."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from secrets import token_hex
from urllib.parse import quote

from channels.gateway import Outgoing
from domain import gsm, phone_numbers

BEIJING = timezone(timedelta(hours=8))
COMPACT = "%Y%m%d%H%M%S"


class Filling:
    """Makes once what must be the same at every place of a request: the time, the nonce, the signatures."""

    __slots__ = ("_fits_gsm", "_nonce", "_now", "body", "made", "outgoing")

    def __init__(self, outgoing: Outgoing):
        self.outgoing = outgoing
        self.body = b""
        """The body as it is sent, once it is made."""
        self.made: dict[str, str] = {}
        """Signatures by their names."""
        self._now = 0.0
        self._nonce = ""
        self._fits_gsm: bool | None = None

    # by hand: before Python 3.12 cached_property takes a lock, which costs more than all of this

    @property
    def now(self) -> float:
        """The time in Unix seconds."""
        self._now = self._now or time.time()
        return self._now

    @property
    def nonce(self) -> str:
        """32 random hexadecimal digits."""
        self._nonce = self._nonce or token_hex(16)
        return self._nonce

    @property
    def fits_gsm(self) -> bool:
        """Whether the text needs no Unicode."""
        if self._fits_gsm is None:
            self._fits_gsm = gsm.fits(self.outgoing.text)
        return self._fits_gsm

    def at(self, zone: timezone = UTC) -> datetime:
        """Return the time as a date."""
        return datetime.fromtimestamp(self.now, zone)


Value = Callable[[Filling], str]

VALUES: Mapping[str, Value] = {
    "to": lambda filling: filling.outgoing.to,
    "to.digits": lambda filling: filling.outgoing.to.removeprefix("+"),
    "to.national": lambda filling: phone_numbers.national(filling.outgoing.to),
    "text": lambda filling: filling.outgoing.text,
    "text.hex": lambda filling: _hex(filling.outgoing.text),
    "text.url": lambda filling: quote(filling.outgoing.text, safe="", errors="replace"),
    "text.gsm": lambda filling: filling.outgoing.text if filling.fits_gsm else "",
    "text.unicode": lambda filling: "" if filling.fits_gsm else filling.outgoing.text,
    "text.unicode.hex": lambda filling: "" if filling.fits_gsm else _hex(filling.outgoing.text),
    "subject": lambda filling: filling.outgoing.subject or "",
    "html": lambda filling: filling.outgoing.html or "",
    "reference": lambda filling: filling.outgoing.id,
    "template": lambda filling: filling.outgoing.template or "",
    "locale": lambda filling: filling.outgoing.locale or "",
    "sender": lambda filling: filling.outgoing.sender or "",
    "params": lambda filling: json.dumps(dict(filling.outgoing.params)),
    "unsubscribe_url": lambda filling: filling.outgoing.unsubscribe_url or "",
    "now": lambda filling: str(int(filling.now)),
    "now.ms": lambda filling: str(int(filling.now * 1000)),
    "now.iso": lambda filling: filling.at().strftime("%Y-%m-%dT%H:%M:%SZ"),
    "now.compact": lambda filling: filling.at().strftime(COMPACT),
    "now.beijing": lambda filling: filling.at(BEIJING).strftime(COMPACT),
    "nonce": lambda filling: filling.nonce,
}
"""The placeholders of every gateway; docs/http-gateways.md explains them."""

AFTER_THE_BODY: Mapping[str, Value] = {"body": lambda filling: filling.body.decode()}
"""What only the query, the headers and their signatures can contain."""


def _hex(text: str) -> str:
    return text.encode("utf-16-be", errors="replace").hex().upper()
