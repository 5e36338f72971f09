"""What a server posts to a hook, what it wants sent, and what it is told: without Flask, so that tests need no door."""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from domain.errors import CountryNotAllowed, InvalidDestination, InvalidInput, LimitExceeded, NotAuthenticated
from domain.statuses import Channel
from services.limits.refusals import Refusals
from services.process.parts import part
from services.storage.waits import is_outage

log = logging.getLogger(__name__)
OUTAGE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request; the names of headers are in lower case."""

    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server gets."""

    status: int
    body: str = "{}"
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to send: a code, or a text with the code in it; nothing is validated yet."""

    channel: Channel
    to: str = field(repr=False)
    type: str = "default"
    """The server's word for what it is for."""
    code: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    link: str | None = field(default=None, repr=False)
    """An address that does the same as entering the code."""
    life: timedelta | None = None
    locale: str | None = None
    client_ip: str | None = None
    id: str | None = field(default=None, repr=False)
    """The server's own id of this delivery, equal on each of its tries."""


class Kind(StrEnum):
    """What became of a post."""

    ACCEPTED = "accepted"
    FORGED = "forged"
    UNREADABLE = "unreadable"
    NO_DESTINATION = "invalid_destination"
    NOT_HERE = "country_not_allowed"
    LIMITED = "limit_exceeded"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


STATUSES = {
    Kind.ACCEPTED: 200,
    Kind.FORGED: 401,
    Kind.UNREADABLE: 422,
    Kind.NO_DESTINATION: 422,
    Kind.NOT_HERE: 422,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.FAILED: 500,
}
"""The HTTP status of each, for servers that have no words of their own."""
SAID = {
    Kind.ACCEPTED: "Accepted.",
    Kind.FORGED: "The credentials are wrong.",
    Kind.UNREADABLE: "The request can't be understood.",
    Kind.NO_DESTINATION: "This is not a valid phone number or e-mail address.",
    Kind.NOT_HERE: "Codes can't be sent to this country.",
    Kind.LIMITED: "Too many codes were requested. Try again later.",
    Kind.UNAVAILABLE: "Codes can't be sent right now. Try again in a few seconds.",
    Kind.FAILED: "Something went wrong. Try again later.",
}
"""One plain sentence each: some servers show it to the end user."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a post, for the sender's own shape of answers; `retry_after` in seconds."""

    kind: Kind
    retry_after: int | None = None

    @property
    def is_good(self) -> bool:
        """Tell whether it was accepted."""
        return self.kind is Kind.ACCEPTED

    @property
    def said(self) -> str:
        """One sentence in plain words, without anything of the post."""
        return SAID[self.kind]

    @property
    def status(self) -> int:
        """The HTTP status that fits."""
        return STATUSES[self.kind]

    @property
    def headers(self) -> dict[str, str]:
        """`Retry-After` where a time is known."""
        return {"Retry-After": str(self.retry_after)} if self.retry_after else {}


ACCEPTED = Outcome(Kind.ACCEPTED)


def outcome_of(error: Exception, hook_id: str) -> Outcome:
    """Return what a sender is told of an error; the log gets nothing of the post."""
    if isinstance(error, NotAuthenticated):
        return Outcome(Kind.FORGED)
    if isinstance(error, LimitExceeded):
        part(Refusals).note(error)
        log.warning("hook %s: %s", hook_id, error.limit)
        return Outcome(Kind.LIMITED, error.retry_after)
    if isinstance(error, InvalidInput):
        told = ", ".join(sorted({problem.field for problem in error.problems}))
        log.warning("hook %s: a post was refused (%s: %s)", hook_id, error.code, told)
        if isinstance(error, CountryNotAllowed):
            return Outcome(Kind.NOT_HERE)
        return Outcome(Kind.NO_DESTINATION if isinstance(error, InvalidDestination) else Kind.UNREADABLE)
    if is_outage(error):
        log.error("hook %s: the database did not answer: %s", hook_id, type(error).__name__)
        return Outcome(Kind.UNAVAILABLE, OUTAGE_SECONDS)
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    # without the error's own text, which may quote the post
    log.error("hook %s: unexpected %s at %s", hook_id, type(error).__name__, where)
    return Outcome(Kind.FAILED)
