"""Cancel or resend all messages of a filter, in blocks with a transaction each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.refusals import Refusal
from domain.statuses import MessageStatus, Priority
from models import Message
from services.audit import trail
from services.audit.trail import Actor
from services.outbox.outbox import stop_values
from services.storage.transactions import change, transaction
from services.traffic import message_lists
from services.traffic.bulk_resends import resend
from services.traffic.disclosures import described
from services.traffic.message_lists import Filter

MOST = 10_000
BLOCK = 500


class Act(StrEnum):
    """A bulk action; it applies to the messages of a filter whose status is in `STATUSES`."""

    CANCEL = "cancel"
    REPLAY = "replay"
    RESEND = "resend"


STATUSES = {
    Act.CANCEL: (MessageStatus.QUEUED,),
    Act.REPLAY: (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED),
    Act.RESEND: (MessageStatus.SENT, MessageStatus.DELIVERED),
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages an action would change; `is_more`: there are more than one run takes."""

    number: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many messages were changed, and how many were refused, by reason."""

    done: int
    refused: dict[Refusal, int]


def fitting(chosen: Filter) -> list[Act]:
    """Return the actions that make sense for a filter; RESEND only if it names a status of sent messages."""
    if not chosen.statuses:
        return [Act.REPLAY, Act.CANCEL]
    return [act for act, statuses in STATUSES.items() if set(statuses) & set(chosen.statuses)]


def count(chosen: Filter, act: Act) -> Count:
    """Return how many messages of a filter an action would change."""
    found = len(_ids(chosen, act, MOST + 1))
    return Count(min(found, MOST), found > MOST)


def run(chosen: Filter, act: Act, *, by: Actor) -> Outcome:
    """Run an action on at most the newest `MOST` messages; those that were resent before are skipped."""
    done, refused = 0, Counter[Refusal]()
    found = _ids(chosen, act, MOST)
    work = _cancel if act is Act.CANCEL else resend
    for start in range(0, len(found), BLOCK):
        done += work(found[start : start + BLOCK], described(chosen), refused, by)
    return Outcome(done, {why: number for why, number in refused.items() if number})


def _ids(chosen: Filter, act: Act, most: int) -> list[str]:
    wanted = STATUSES[act]
    statuses = tuple(one for one in wanted if one in chosen.statuses) if chosen.statuses else wanted
    if not statuses:
        return []
    also = () if act is Act.CANCEL else (Message.resent_as.is_(None),)
    return message_lists.ids(replace(chosen, statuses=statuses), most=most, also=also)


def _cancel(ids: Sequence[str], told: str, refused: Counter[Refusal], by: Actor) -> int:
    """Cancel the waiting messages among `ids`, except codes."""
    is_no_code = (Message.priority != int(Priority.CODE), Message.verification_id.is_(None))
    notices = (Message.id.in_(ids), *is_no_code)

    def work(session: Session) -> tuple[int, int]:
        waiting = (*notices, Message.status == MessageStatus.QUEUED.value)
        done = change(session, update(Message).where(*waiting).values(**stop_values(datetime.now(UTC))))
        if done:
            trail.note(session, by, Action.MESSAGES_CANCELED, told, after={"messages": done})
        return done, session.scalar(select(func.count()).where(*notices)) or 0

    done, counted = transaction(work)
    refused[Refusal.CODE] += len(ids) - counted
    refused[Refusal.MOVED] += counted - done
    return done
