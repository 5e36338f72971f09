"""Cancel or send again what a filter chooses, in blocks of their own transactions."""

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
    """What is done with all messages of a filter that are in a state for it."""

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
    """Do it, for the newest `MOST` at most; what was sent again before by anybody is passed over."""
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
    """Cancel those that wait, but codes."""
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
