"""One message as the console shows it: its full history, without its content."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select

from domain.destinations import mask
from domain.errors import NotFound
from domain.pinning import pinned_to
from domain.statuses import Channel, MessageStatus
from domain.template_keys import TextKey
from exts import db
from models import Message, MessageTry, Verification
from services.gateways import gateway_gaps
from services.gateways.gateway_gaps import Gap
from services.messaging.message_views import planned_for, status_of
from services.templating.template_views import named
from services.traffic import asked
from services.traffic.asked import Asked


class Happening(StrEnum):
    """The kinds of events in a message's timeline."""

    QUEUED = "queued"
    PLANNED = "planned"
    ASKED = "asked"
    """A gateway was asked and did not take the message; without a gateway, none was available."""
    LOST = "lost"
    """A try without a known answer: its worker died, or the message is older than the table of tries."""
    NO_GATEWAY = "no_gateway"
    """It waits because no gateway that is switched on serves its destination."""
    SCHEDULED = "scheduled"
    DUE = "due"
    """Its time has come, and no worker has picked it up yet."""
    HELD_BACK = "held_back"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `reason` is the text of a gateway or carrier, `answer` its kind."""

    what: Happening
    at: datetime | None
    number: int | None = None
    gateway: str | None = None
    answer: str | None = None
    reason: str | None = None
    took_ms: int | None = None
    gap: Gap | None = None
    """For NO_GATEWAY."""


@dataclass(frozen=True, slots=True)
class MessageDetails:
    """A message without its content; `to` is masked unless the caller asked for it unmasked."""

    id: str
    asked: Asked
    verification_id: str | None
    broadcast_id: str | None
    channel: Channel
    to: str = field(repr=False)
    country: str | None
    template: str | None
    version: tuple[TextKey, int] | None
    """The edited template and its version number; None for a shipped template and for free text."""
    locale: str
    status: MessageStatus
    planned_for: datetime | None
    gateway: str | None
    gateway_reference: str | None
    tries: int
    is_test: bool
    resent_as: str | None
    has_text: bool
    """Whether its content is still kept, so that somebody may read it; never so for a code."""
    created_at: datetime
    deadline_at: datetime
    settled_at: datetime | None
    timeline: tuple[Event, ...]

    @property
    def masked(self) -> str:
        """The masked destination for a page title, because browsers keep titles in their history."""
        return mask(self.to)


def get(message_id: str, *, unmasked: bool = False) -> MessageDetails:
    """Return a message with its timeline; raises NotFound."""
    row = db.session.get(Message, message_id, populate_existing=True)
    if row is None:
        raise NotFound("no such message")
    tries = db.session.scalars(
        select(MessageTry).where(MessageTry.message_id == message_id).order_by(MessageTry.id)
    ).all()
    now = datetime.now(UTC)
    details = MessageDetails(
        id=row.id,
        asked=asked.of_message(row, _verification(row)),
        verification_id=row.verification_id,
        broadcast_id=row.broadcast_id,
        channel=Channel(row.channel),
        to=row.to if unmasked else mask(row.to),
        country=row.country,
        template=row.template,
        version=named(row.template_version),
        locale=row.locale,
        status=status_of(row, now),
        planned_for=planned_for(row, now),
        gateway=row.gateway,
        gateway_reference=row.gateway_reference,
        tries=row.tries,
        is_test=row.is_test,
        resent_as=row.resent_as,
        has_text=row.keeps_content and row.sealed is not None,
        created_at=row.created_at,
        deadline_at=row.deadline_at,
        settled_at=row.settled_at,
        timeline=tuple(timeline(row, tries, now, _gap(row, now))),
    )
    db.session.rollback()
    return details


def _verification(row: Message) -> Verification | None:
    return db.session.get(Verification, row.verification_id) if row.verification_id else None


def _gap(row: Message, now: datetime) -> Gap | None:
    """Return why no gateway can take a waiting message; None where one can, or where the message needs none."""
    if status_of(row, now) is not MessageStatus.QUEUED or row.is_test or pinned_to(row.ask_first):
        return None
    return gateway_gaps.of_destination(Channel(row.channel), row.country)


def timeline(
    row: Message, tries: Sequence[MessageTry], now: datetime, gap: Gap | None = None
) -> Iterator[Event]:
    """Yield the events of a message in order; `gap`: why no gateway can take it."""
    yield Event(Happening.QUEUED, row.created_at)
    yield from _tries(row, tries)
    if row.sent_at is not None:
        yield Event(
            Happening.SENT,
            row.sent_at,
            row.tries,
            row.gateway,
            reason=row.gateway_reference,
            took_ms=row.took_ms,
        )
    status = status_of(row, now)
    if status is MessageStatus.QUEUED:
        if gap is not None:
            yield Event(Happening.NO_GATEWAY, gap.off[0].at if gap.off else None, gap=gap)
        yield Event(Happening.PLANNED if planned_for(row, now) else _waiting(row.due_at, now), row.due_at)
    elif status is MessageStatus.SENDING:
        yield Event(Happening.SENDING, None, row.tries or None)
    elif status is not MessageStatus.SENT:
        yield Event(
            Happening(status.value),
            row.settled_at or row.deadline_at,
            gateway=row.gateway if status in REPORTED else None,
            reason=None if tries and tries[-1].reason == row.error else row.error,
        )


def _waiting(due_at: datetime | None, now: datetime) -> Happening:
    if due_at is None:
        return Happening.HELD_BACK
    return Happening.SCHEDULED if due_at > now else Happening.DUE


REPORTED = (MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)
OPEN = (MessageStatus.QUEUED, MessageStatus.SENDING)


def _tries(row: Message, tries: Sequence[MessageTry]) -> Iterator[Event]:
    """Yield the tries that failed or have no answer; the last one may be covered by another event."""
    known = defaultdict(list)
    for one in tries:
        known[one.number].append(one)
    for number in range(1, max((row.tries, *known)) + 1):
        for one in known[number]:
            yield Event(Happening.ASKED, one.at, number, one.gateway, one.answer, one.reason, one.took_ms)
        is_told_otherwise = number >= row.tries and row.status != MessageStatus.QUEUED
        if not known[number] and not is_told_otherwise:
            yield Event(Happening.LOST, None, number)
