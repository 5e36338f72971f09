"""Resend a block of messages: notices in one transaction, each code by the rules of its verification."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.errors import Conflict, CountryNotAllowed, LimitExceeded, NotAgain, NotFound, SendcodeError
from domain.keyring import Keyring
from domain.owners import Owner
from domain.refusals import Refusal
from domain.statuses import Channel
from exts import db
from models import Message, Verification
from services.audit import trail
from services.audit.trail import Actor
from services.codes import verifications
from services.keys import owners
from services.limits import send_limits
from services.messaging import copies
from services.outbox import outbox
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.storage.transactions import change, transaction

T = TypeVar("T")
REFUSALS: tuple[tuple[type[SendcodeError], Refusal], ...] = (
    (NotFound, Refusal.ENDED),
    (CountryNotAllowed, Refusal.COUNTRY),
    (LimitExceeded, Refusal.LIMIT),
    (Conflict, Refusal.MOVED),
)
"""The refusal for each error except NotAgain, which carries its own."""
_table = Message.__table__
_RESENT_AS = update(_table).where(_table.c.id == bindparam("original")).values(resent_as=bindparam("copy_id"))


def resend(ids: Sequence[str], told: str, refused: Counter[Refusal], by: Actor) -> int:
    """Resend messages that were not resent before; return how many, and count the others in `refused`."""
    now = datetime.now(UTC)
    unsent = select(Message).where(Message.id.in_(ids), Message.resent_as.is_(None))
    rows = db.session.scalars(unsent, execution_options={"populate_existing": True}).all()
    carriers = [row.verification_id for row in rows if row.verification_id]
    codes = _pending(carriers, now)
    copies = {row.id: copy for row in rows for copy in _copied(row, now, refused)}
    _keep_the_budget(copies, refused)
    done = _put(copies, now, told, by)
    refused[Refusal.ENDED] += sum(one not in codes for one in carriers)
    refused[Refusal.MOVED] += len(ids) - len(rows) + len(copies) - done
    for lane in {copy.lane for copy in copies.values()}:
        part(Bell).ring(lane)
    return done + sum(_code_is_sent(one, refused, by) for one in codes)


def _put(copies: Mapping[str, NewMessage], now: datetime, told: str, by: Actor) -> int:
    """Insert the copies whose originals nobody else has resent; sealing, which takes time, comes before the lock."""
    sealed = dict(zip(copies, outbox.rows(part(Keyring), list(copies.values()), now), strict=True))
    mark = new_id()
    db.session.rollback()

    def work(session: Session) -> int:
        ours = (Message.id.in_(sealed), Message.resent_as.is_(None))
        change(session, update(Message).where(*ours).values(resent_as=mark))
        marked = select(Message.id).where(Message.id.in_(sealed), Message.resent_as == mark)
        won = session.scalars(marked).all()
        if won:
            session.execute(insert(_table), [sealed[one] for one in won])
            session.execute(_RESENT_AS, [{"original": one, "copy_id": sealed[one]["id"]} for one in won])
            trail.note(session, by, Action.MESSAGES_RESENT, told, after={"messages": len(won)})
        return len(won)

    return transaction(work) if sealed else 0


def _pending(ids: Collection[str], now: datetime) -> set[str]:
    """Return the verifications whose code may still be sent."""
    is_open = (Verification.used_at.is_(None), Verification.canceled_at.is_(None))
    lives = (Verification.id.in_(ids), Verification.expires_at > now, *is_open)
    return set(db.session.scalars(select(Verification.id).where(*lives)))


def _copied(row: Message, now: datetime, refused: Counter[Refusal]) -> Iterator[NewMessage]:
    if row.verification_id is None:
        copy = _or_refused(lambda: copies.copy_of(row, now), refused)
        if copy is not None:
            yield copy


def _keep_the_budget(copies: dict[str, NewMessage], refused: Counter[Refusal]) -> None:
    """Drop all SMS of a block if the day's budget of their owner has no room for them."""
    sms: dict[Owner, list[str]] = defaultdict(list)
    for id, copy in copies.items():
        if copy.destination.channel is Channel.SMS:
            sms[Owner(copy.owner, copy.is_test)].append(id)
    for owner, ids in sms.items():
        try:
            billed = [copies[id].destination.country for id in ids for _ in range(copies[id].segments)]
            send_limits.take_budget(billed, owner, reader=db.session())
        except LimitExceeded:
            refused[Refusal.LIMIT] += len(ids)
            for id in ids:
                del copies[id]


def _code_is_sent(verification_id: str, refused: Counter[Refusal], by: Actor) -> bool:
    def work() -> Any:
        return verifications.resend(verification_id, owners.of_verification(verification_id), by=by)

    return _or_refused(work, refused) is not None


def _or_refused(work: Callable[[], T], refused: Counter[Refusal]) -> T | None:
    try:
        return work()
    except SendcodeError as error:
        known = (one for kind, one in REFUSALS if isinstance(error, kind))
        refusal = error.why if isinstance(error, NotAgain) else next(known, None)
        if refusal is None:
            raise
        refused[refusal] += 1
        return None
