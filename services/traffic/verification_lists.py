"""The console's list and details of verifications, of all owners."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, not_, select

from domain.destinations import mask
from domain.errors import NotFound
from domain.statuses import Channel, MessageStatus, VerificationStatus
from exts import db
from models import Message, Verification
from services import steps
from services.messaging.message_views import status_of
from services.steps import Steps
from services.traffic import asked, listing, search_terms
from services.traffic.asked import Asked
from services.traffic.listing import Count, Tally, Wanted

PAGE = 50
LONGEST_LIFE = timedelta(seconds=600)
"""The longest life that settings allow a code, so older codes never exceed it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which verifications; `sought` is a text for `search_terms`, `until` is exclusive."""

    sought: str | None = field(default=None, repr=False)
    status: VerificationStatus | None = None
    channel: Channel | None = None
    purpose: str | None = None
    key: str | None = None
    """The id of the API key that asked for them."""
    is_test: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedVerification:
    """A line of the list; `to` is masked unless the caller asked for it unmasked."""

    id: str
    channel: Channel
    to: str = field(repr=False)
    purpose: str
    status: VerificationStatus
    attempts: int
    max_attempts: int
    is_test: bool
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None

    @property
    def masked(self) -> str:
        """The masked destination for a page title, because browsers keep titles in their history."""
        return mask(self.to)


@dataclass(frozen=True, slots=True)
class VerificationPage:
    """A page of the list; `looked_back_to` is the oldest time scanned, if the scan stopped before the page was full."""

    verifications: tuple[ListedVerification, ...]
    next_cursor: str | None
    looked_back_to: datetime | None
    newer_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Carrier:
    """A message that carried the code."""

    id: str
    status: MessageStatus
    gateway: str | None
    tries: int
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class VerificationDetails:
    """A verification without its code, and its messages, oldest first."""

    listed: ListedVerification
    asked: Asked
    locale: str
    resend_at: datetime
    canceled_at: datetime | None
    attempted_at: tuple[datetime, ...]
    """The times of the first attempts, as far as they were recorded."""
    messages: tuple[Carrier, ...]
    steps: Steps
    """The ways of its code, none without a fallback; destinations are masked like its own."""


def page(
    chosen: Filter, *, cursor: str | None = None, limit: int | None = None, unmasked: bool = False
) -> VerificationPage:
    """Return the next verifications of a filter; raises InvalidInput for an invalid cursor.

    They are ordered by expiry, which has an index and equals the order of creation while all have the same lifetime.
    """
    now = datetime.now(UTC)
    found = listing.look(_wanted(chosen, now), limit=limit or PAGE, cursor=cursor)
    lines = tuple(_line(row, now, unmasked) for row in found.rows)
    return VerificationPage(lines, found.next_cursor, found.looked_back_to, found.newer_cursor)


def count(chosen: Filter) -> Count:
    """Count the verifications of a filter."""
    return listing.count(_wanted(chosen, datetime.now(UTC)))


def newer(chosen: Filter, cursor: str) -> int:
    """Count those of a filter that are newer than a `newer_cursor`; raises InvalidInput for an invalid one."""
    return listing.newer(_wanted(chosen, datetime.now(UTC)), cursor)


def tally(chosen: Filter) -> Tally:
    """Count the newest verifications of a filter by status, whatever status it names."""
    now = datetime.now(UTC)
    first, *others = VerificationStatus
    state = case(*((_is(status, now), status.value) for status in others), else_=first.value)
    return listing.tally(_wanted(replace(chosen, status=None), now), state)


def ids(chosen: Filter, *, most: int) -> list[str]:
    """Return the ids of the newest `most` verifications of a filter."""
    return listing.ids(_wanted(chosen, datetime.now(UTC)), most=most)


def pages(chosen: Filter, *, limit: int, unmasked: bool) -> Iterator[tuple[ListedVerification, ...]]:
    """Yield all verifications of a filter in blocks; no transaction is open between them."""
    for block in listing.every(lambda cursor: page(chosen, cursor=cursor, limit=limit, unmasked=unmasked)):
        yield block.verifications


def get(verification_id: str, *, unmasked: bool = False) -> VerificationDetails:
    """Return a verification with the messages that carried its code; raises NotFound."""
    row = db.session.get(Verification, verification_id, populate_existing=True)
    if row is None:
        raise NotFound("no such verification")
    now = datetime.now(UTC)
    details = VerificationDetails(
        listed=_line(row, now, unmasked),
        asked=asked.of_verification(row),
        locale=row.locale,
        resend_at=row.resend_at,
        canceled_at=row.canceled_at,
        attempted_at=tuple(row.attempted_at),
        messages=tuple(_carriers(verification_id, now)),
        steps=_steps(row, now, unmasked),
    )
    db.session.rollback()
    return details


def _steps(row: Verification, now: datetime, unmasked: bool) -> Steps:
    found = steps.of(db.session(), [row], now).get(row.id, ())
    return found if unmasked else tuple(replace(one, to=mask(one.to)) for one in found)


def _carriers(verification_id: str, now: datetime) -> Iterator[Carrier]:
    rows = select(Message).where(Message.verification_id == verification_id)
    for row in db.session.scalars(rows.order_by(Message.created_at, Message.id)):
        yield Carrier(
            id=row.id,
            status=status_of(row, now),
            gateway=row.gateway,
            tries=row.tries,
            error=row.error,
            created_at=row.created_at,
            sent_at=row.sent_at,
            settled_at=row.settled_at,
        )


_SHOWN = (
    *(Verification.id, Verification.channel, Verification.to, Verification.purpose, Verification.is_test),
    *(Verification.attempts, Verification.max_attempts, Verification.created_at, Verification.expires_at),
    *(Verification.used_at, Verification.canceled_at),
)


def _wanted(chosen: Filter, now: datetime) -> Wanted:
    indexed: list[ColumnElement[bool]] = []
    sieve: list[ColumnElement[bool]] = []
    if chosen.since is not None:
        indexed.append(Verification.expires_at >= chosen.since)
        sieve.append(Verification.created_at >= chosen.since)
    if chosen.until is not None:
        indexed.append(Verification.expires_at < chosen.until + LONGEST_LIFE)
        sieve.append(Verification.created_at < chosen.until)
    if chosen.sought is not None:
        indexed.append(search_terms.of_verifications(chosen.sought))
    if chosen.status in (VerificationStatus.PENDING, VerificationStatus.LOCKED):
        indexed.append(Verification.expires_at > now)
    if chosen.status is not None:
        sieve.append(_is(chosen.status, now))
    if chosen.channel is not None:
        sieve.append(Verification.channel == chosen.channel.value)
    if chosen.purpose is not None:
        sieve.append(Verification.purpose == chosen.purpose)
    if chosen.key is not None:
        sieve.append(Verification.owner == f"key:{chosen.key}")
    if chosen.is_test is not None:
        sieve.append(Verification.is_test.is_(chosen.is_test))
    return Wanted(_SHOWN, Verification.expires_at, Verification.id, indexed, sieve)


def _is(status: VerificationStatus, now: datetime) -> ColumnElement[bool]:
    """Return `Verification.status` as an SQL condition."""
    unused, lives = Verification.used_at.is_(None), Verification.expires_at > now
    uncanceled = and_(unused, Verification.canceled_at.is_(None))
    is_locked = and_(Verification.max_attempts > 0, Verification.attempts >= Verification.max_attempts)
    return {
        VerificationStatus.APPROVED: Verification.used_at.is_not(None),
        VerificationStatus.CANCELED: and_(unused, Verification.canceled_at.is_not(None)),
        VerificationStatus.EXPIRED: and_(uncanceled, Verification.expires_at <= now),
        VerificationStatus.LOCKED: and_(uncanceled, lives, is_locked),
        VerificationStatus.PENDING: and_(uncanceled, lives, not_(is_locked)),
    }[status]


def _line(row: Any, now: datetime, unmasked: bool) -> ListedVerification:
    return ListedVerification(
        id=row.id,
        channel=Channel(row.channel),
        to=row.to if unmasked else mask(row.to),
        purpose=row.purpose,
        status=_status(row, now),
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        is_test=row.is_test,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def _status(row: Any, now: datetime) -> VerificationStatus:
    return Verification.status(row, now)
