"""Cancel or send again what a filter chooses, in blocks of their own transactions."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.errors import (
    Conflict,
    CountryNotAllowed,
    LimitExceeded,
    NotAgain,
    NotFound,
    SendcodeError,
)
from domain.refusals import Refusal
from domain.statuses import Channel, MessageStatus, Priority
from models import Message, Verification
from services import audit, message_lists, messages, outbox, owners, send_limits, verifications
from services.audit import Actor
from services.disclosures import described
from services.message_lists import Filter
from services.outbox import NewMessage
from services.runtime import runtime
from services.settling import stop_values
from services.transactions import change, transaction

T = TypeVar("T")
MOST = 10_000
BLOCK = 500


class Act(StrEnum):
    """What is done with all messages of a filter that are in a state for it."""

    CANCEL = "cancel"
    REPLAY = "replay"
    RESEND = "resend"


STATUSES = {
    Act.CANCEL: (MessageStatus.QUEUED,),
    Act.REPLAY: (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED),
    Act.RESEND: (MessageStatus.SENT, MessageStatus.DELIVERED),
}
REFUSALS: tuple[tuple[type[SendcodeError], Refusal], ...] = (
    (NotFound, Refusal.ENDED),
    (CountryNotAllowed, Refusal.COUNTRY),
    (LimitExceeded, Refusal.LIMIT),
    (Conflict, Refusal.MOVED),
)
"""What errors mean that are no NotAgain, which says it itself."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages an act would meet; `is_more`: there are more than are done in one go."""

    number: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many were done, and how many were not, by the reason."""

    done: int
    refused: dict[Refusal, int]


def fitting(chosen: Filter) -> list[Act]:
    """Return what makes sense for a filter: what was sent is sent again only where the filter is of such."""
    if not chosen.statuses:
        return [Act.REPLAY, Act.CANCEL]
    return [act for act, statuses in STATUSES.items() if set(statuses) & set(chosen.statuses)]


def count(chosen: Filter, act: Act) -> Count:
    """Return how many messages of a filter an act would meet."""
    found = len(_ids(chosen, act, MOST + 1))
    return Count(min(found, MOST), found > MOST)


def run(chosen: Filter, act: Act, *, by: Actor) -> Outcome:
    """Do it, for at most `MOST`; what was sent again before by anybody is passed over."""
    done, refused = 0, Counter[Refusal]()
    found = _ids(chosen, act, MOST)
    work = _cancel if act is Act.CANCEL else _resend
    for start in range(0, len(found), BLOCK):
        done += work(found[start : start + BLOCK], described(chosen), refused, by)
    return Outcome(done, dict(refused))


def _ids(chosen: Filter, act: Act, most: int) -> list[str]:
    wanted = STATUSES[act]
    statuses = tuple(one for one in wanted if one in chosen.statuses) if chosen.statuses else wanted
    if not statuses:
        return []
    also = () if act is Act.CANCEL else (Message.resent_as.is_(None),)
    return message_lists.ids(replace(chosen, statuses=statuses), most=most, also=also)


def _cancel(ids: Sequence[str], told: str, refused: Counter[Refusal], by: Actor) -> int:
    def work(session: Session) -> tuple[int, int]:
        now = datetime.now(UTC)
        is_no_code = (Message.priority != int(Priority.CODE), Message.verification_id.is_(None))
        notices = (Message.id.in_(ids), *is_no_code)
        waiting = (*notices, Message.status == MessageStatus.QUEUED.value)
        done = change(session, update(Message).where(*waiting).values(**stop_values(now)))
        if done:
            audit.note(session, by, Action.MESSAGES_CANCELED, told, after={"messages": done})
        return done, len(session.scalars(select(Message.id).where(*notices)).all())

    done, notices = transaction(work)
    refused[Refusal.CODE] += len(ids) - notices
    refused[Refusal.MOVED] += notices - done
    return done


def _resend(ids: Sequence[str], told: str, refused: Counter[Refusal], by: Actor) -> int:
    """Send notices again in one transaction, then each code by its own rules."""
    mark = new_id()

    def work(session: Session) -> tuple[list[NewMessage], set[str], Counter[Refusal]]:
        now, no = datetime.now(UTC), Counter[Refusal]()
        # the mark comes first, so that of two who do the same at once only one does it
        unsent = (Message.id.in_(ids), Message.resent_as.is_(None))
        change(session, update(Message).where(*unsent).values(resent_as=mark))
        rows = session.scalars(
            select(Message).where(Message.resent_as == mark, Message.id.in_(ids)),
            execution_options={"populate_existing": True},
        ).all()
        codes = _pending(session, {row.verification_id for row in rows if row.verification_id}, now)
        no[Refusal.ENDED] += sum(
            bool(row.verification_id and row.verification_id not in codes) for row in rows
        )
        copies = {row.id: copy for row in rows for copy in _copied(row, now, no)}
        _keep_the_budget(session, copies, no)
        for row in rows:
            row.resent_as = copies[row.id].id if row.id in copies else None
        if copies:
            outbox.put(session, runtime().keyring, list(copies.values()), now)
            audit.note(session, by, Action.MESSAGES_RESENT, told, after={"messages": len(copies)})
        no[Refusal.MOVED] += len(ids) - len(rows)
        return list(copies.values()), codes, no

    copies, codes, no = transaction(work)
    refused.update(no)
    for lane in {copy.lane for copy in copies}:
        runtime().bell.ring(lane)
    return len(copies) + sum(_code_is_sent(one, refused, by) for one in codes)


def _pending(session: Session, ids: Collection[str], now: datetime) -> set[str]:
    """Return those verifications whose code may still be sent."""
    lives = (
        Verification.used_at.is_(None),
        Verification.canceled_at.is_(None),
        Verification.expires_at > now,
    )
    return set(session.scalars(select(Verification.id).where(Verification.id.in_(ids), *lives)))


def _copied(row: Message, now: datetime, no: Counter[Refusal]) -> Iterator[NewMessage]:
    if row.verification_id is None:
        copy = _or_refused(lambda: messages.copy_of(row, now), no)
        if copy is not None:
            yield copy


def _keep_the_budget(session: Session, copies: dict[str, NewMessage], no: Counter[Refusal]) -> None:
    """Leave out the SMS of a block for which the day has no room."""
    sms = [id for id, copy in copies.items() if copy.destination.channel is Channel.SMS]
    if not sms:
        return
    try:
        send_limits.take_budget(len(sms), reader=session)
    except LimitExceeded:
        no[Refusal.LIMIT] += len(sms)
        for id in sms:
            del copies[id]


def _code_is_sent(verification_id: str, refused: Counter[Refusal], by: Actor) -> bool:
    def work() -> object:
        return verifications.resend(verification_id, owners.of_verification(verification_id), by=by)

    return _or_refused(work, refused) is not None


def _or_refused(work: Callable[[], T], no: Counter[Refusal]) -> T | None:
    try:
        return work()
    except SendcodeError as error:
        known = (one for kind, one in REFUSALS if isinstance(error, kind))
        refusal = error.why if isinstance(error, NotAgain) else next(known, None)
        if refusal is None:
            raise
        no[refusal] += 1
        return None
