"""Send a broadcast to the recipients in a file: all of it or nothing, or the good rows only."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from domain import sheets
from domain.actions import Action
from domain.codes import new_id
from domain.keyring import Keyring
from domain.owners import Owner
from domain.sheets import BadRow, BadRows
from domain.statuses import Channel, Lane
from models import Broadcast, clock
from services import profiles
from services.audit import trail
from services.audit.trail import Actor
from services.limits import send_limits
from services.messaging import broadcast_rows, notices
from services.outbox import contents, packed
from services.outbox.bell import Bell
from services.outbox.contents import Content
from services.outbox.packed import Ready, Shared
from services.process.parts import part
from services.sheets import reading
from services.sheets.checking import Checker
from services.storage.transactions import transaction
from services.templating.given import sent_by

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """A broadcast to a file's recipients. `only_good`: rows that are bad are left out, else they stop all of it."""

    channel: Channel
    template: str
    locale: str | None = None
    send_at: datetime | None = None
    only_good: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The result: the broadcast's id, how many recipients it accepted, and the bad rows, which were left out."""

    id: str
    accepted: int
    rejected: Sequence[BadRow]


class Packer:
    """Collects recipients into the rows of full parts."""

    def __init__(self, channel: Channel, broadcast_id: str, shared: Shared):
        self.rows: list[dict[str, Any]] = []
        self._channel, self._id, self._shared = channel, broadcast_id, shared
        self._open: list[Ready] = []

    def add(self, ready: Ready) -> None:
        """Take one more recipient."""
        self._open.append(ready)
        if len(self._open) == packed.SIZE:
            self._close()

    def finish(self) -> list[dict[str, Any]]:
        """Return the rows of all parts."""
        if self._open:
            self._close()
        return self.rows

    def _close(self) -> None:
        number = len(self.rows)
        self.rows.append(
            packed.pack(part(Keyring), self._channel, self._id, number, self._shared, self._open)
        )
        self._open = []


def shared(content: Content, owner: Owner) -> Shared:
    """Return what all recipients of an owner's broadcast get."""
    profile = profiles.of(owner)
    given = {"service": profile.service_name, **sent_by(profile.sender)}
    return Shared(content.locale, content.template_version, given)


def send(file: IO[bytes], request: Request, owner: Owner, *, by: Actor | None = None) -> Accepted:
    """Check a file and send to its recipients; return once they are stored, without waiting for their messages.

    `by` is whoever sends it for the audit, None for a program. Raises InvalidInput where the content or the file is
    invalid, BadRows where rows are bad and all were to be sent, and LimitExceeded where the day's budget is too small.
    """
    now, profile = clock.now(), profiles.of(owner)
    content = contents.check(
        request.channel,
        template=request.template,
        text=None,
        subject=None,
        html=None,
        locale=request.locale or profile.locale,
    )
    span = notices.span(request.send_at, now)
    sheet = reading.read(file)
    checker = Checker(content, sheet.head, sheets.match(sheet.head, content.needed), profile.service_name)
    broadcast_id, bad = new_id(), []
    packer = Packer(content.channel, broadcast_id, shared(content, owner))
    for block in checker.check(sheet.rows):
        for one in block:
            if one.ready:
                packer.add(one.ready)
            elif one.bad:
                bad.append(one.bad)
    if bad and not request.only_good:
        raise BadRows(bad)
    rows = packer.finish()
    accepted = sum(row["recipients"] for row in rows)
    take_budget([row["segments"] for row in rows], owner)
    broadcast = broadcast_rows.row(broadcast_id, content, span, owner, now)
    broadcast |= {"name": request.name, "accepted": accepted, "rejected": len(bad)}

    def work(session: Session) -> None:
        session.execute(insert(Broadcast), [broadcast])
        packed.put(session, rows)
        if by is not None:
            note(session, by, broadcast)

    transaction(work)
    ring(broadcast_id, accepted)
    return Accepted(broadcast_id, accepted, bad)


def take_budget(segments: Sequence[dict[str, int]], owner: Owner) -> None:
    """Count the segments of all parts, by country, against the day's budgets; raises LimitExceeded."""
    wanted: Counter[str] = Counter()
    for one in segments:
        wanted.update(one)
    if wanted:
        send_limits.take_budget(list(_countries(wanted)), owner)


def _countries(wanted: Counter[str]) -> Iterator[str | None]:
    return (country or None for country in wanted.elements())


def note(session: Session, by: Actor, broadcast: dict[str, Any]) -> None:
    """Write to the audit trail that somebody starts a broadcast; the caller commits."""
    subject = broadcast["name"] or broadcast["template"] or broadcast["id"]
    told = {"recipients": broadcast["accepted"], "left_out": broadcast["rejected"]}
    trail.note(session, by, Action.BROADCAST_STARTED, subject, subject_id=broadcast["id"], after=told)


def ring(broadcast_id: str, accepted: int) -> None:
    """Wake the workers after the commit."""
    part(Bell).ring(Lane.BULK)
    log.info("broadcast %s to %s recipients is accepted", broadcast_id, accepted)
