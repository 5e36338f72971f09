"""Purge old data."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import FieldProblem, InvalidInput
from domain.retention import LEAST_AGE, LEAST_SIGN_INS, is_scheduled_age
from domain.statuses import MessageStatus
from models import (
    AdministratorSession,
    Broadcast,
    Event,
    EventDelivery,
    HookDelivery,
    IdempotentAnswer,
    Invitation,
    LimitWindow,
    Message,
    MessageTry,
    PrefixClosure,
    ScheduleRun,
    SeenProcess,
    SignIn,
    SignInStep,
    StatusCallback,
    Verification,
)
from services import idempotency
from services.audit import trail
from services.audit.trail import Actor
from services.figures import rollups, traffic_counts
from services.figures.traffic_counts import LONGEST_CODE_LIFE
from services.limits.counters import SHORT_WINDOW
from services.process.progress import Tell, silently
from services.sign_in import sign_ins
from services.storage.transactions import change, transaction

LONGEST_AGE = timedelta(days=36_500)
LONGEST_ROLL_UP = timedelta(days=366)
BLOCK = 1000
PAUSE_SECONDS = 0.01
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_AN_HOUR = timedelta(hours=1)
"""Longer than the windows of prefixes and addresses."""
_DAY = timedelta(days=1)
"""Limit windows reach back up to a day, and an ended session may still be shown."""


def parse_age(text: str) -> timedelta:
    """Parse `30d`, `12h` or `90m`; raises InvalidInput."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise InvalidInput(
            FieldProblem("older-than", "must be a number of days, hours or minutes: 30d, 12h, 90m")
        )
    return _checked(timedelta(**{_UNITS[unit]: int(number)}))


def scheduled_age(days: Any) -> timedelta:
    """Return the age from which a schedule may delete; raises InvalidInput where it is below a day."""
    if not is_scheduled_age(days):
        raise InvalidInput(FieldProblem("older_than_days", f"must be at least {LEAST_AGE.days}"))
    return _checked(timedelta(days=min(days, LONGEST_AGE.days + 1)))


def purge(age: timedelta, *, tell: Tell = silently, by: Actor | None = None) -> dict[str, int]:
    """Delete settled messages, ended verifications and other data older than `age`; return how many rows of each.

    Messages that may still be sent, codes that may still be checked and limits in use are kept, whatever their age,
    and so is the sign-in history of the last week. `by`: who asked for it, for the audit; a schedule has its runs.
    Raises InvalidInput for an age out of range.
    """
    now = datetime.now(UTC)
    _checked(age)
    if by is not None:
        told = {"older_than": str(age)}
        transaction(lambda session: trail.note(session, by, Action.PURGED, "", after=told))
    deleted: dict[str, int] = {}
    for name, model, *conditions in _old(now, now - _checked(age)):
        deleted[name] = 0
        for gone in _delete(model, *conditions):
            deleted[name] += gone
            tell(deleted)
    deleted["roll-ups"] = transaction(lambda session: rollups.delete_before(session, now - LONGEST_ROLL_UP))
    return deleted


def _old(now: datetime, before: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield what to delete, in order: a name, the model, and the conditions."""
    open_states = [MessageStatus.QUEUED.value, MessageStatus.SENDING.value]
    settled = or_(Message.status.not_in(open_states), Message.deadline_at < before)
    has_messages = exists().where(Message.broadcast_id == Broadcast.id)
    # Redundant with the condition on created_at, but it has an index.
    ended = Verification.expires_at < min(now, before + LONGEST_CODE_LIFE)
    a_day_ago = now - _DAY
    yield "messages", Message, Message.created_at < before, settled
    yield "broadcasts", Broadcast, Broadcast.created_at < before, ~has_messages
    yield "verifications", Verification, Verification.created_at < before, ended
    is_short = LimitWindow.key.startswith(SHORT_WINDOW, autoescape=True)
    yield "limit windows", LimitWindow, LimitWindow.touched_at < min(before, a_day_ago), ~is_short
    yield "short windows", LimitWindow, LimitWindow.touched_at < now - _AN_HOUR, is_short
    yield "idempotent answers", IdempotentAnswer, IdempotentAnswer.created_at < now - idempotency.LIFE
    yield "schedule runs", ScheduleRun, ScheduleRun.queued_at < before
    yield "sessions", AdministratorSession, AdministratorSession.last_seen_at < min(before, a_day_ago)
    yield "invitations", Invitation, Invitation.created_at < before, Invitation.expires_at < now
    yield "sign-ins", SignIn, SignIn.at < min(max(before, now - sign_ins.KEPT), now - LEAST_SIGN_INS)
    yield "sign-in steps", SignInStep, SignInStep.started_at < a_day_ago
    yield "closed prefixes", PrefixClosure, PrefixClosure.until < min(before, a_day_ago)
    told = exists().where(EventDelivery.event_id == Event.id)
    old_events = EventDelivery.event_id.in_(select(Event.id).where(Event.at < before))
    yield "event deliveries", EventDelivery, old_events, EventDelivery.due_at.is_(None)
    yield "events", Event, Event.at < before, ~told
    yield "deliveries of hooks", HookDelivery, HookDelivery.until < now
    yield "processes", SeenProcess, SeenProcess.seen_at < a_day_ago


def _checked(age: timedelta) -> timedelta:
    if not timedelta() <= age <= LONGEST_AGE:
        raise InvalidInput(FieldProblem("older-than", f"must be at most {LONGEST_AGE.days}d"))
    return age


def _delete(model: type[Any], *conditions: ColumnElement[bool]) -> Iterator[int]:
    """Delete rows in blocks with a transaction each, so that no other transaction waits long for a lock.

    Yields the number of rows of each block.
    """
    while True:
        found, gone = transaction(lambda session: _delete_block(session, model, conditions))
        yield gone
        if found < BLOCK:
            return
        time.sleep(PAUSE_SECONDS)


def _delete_block(
    session: Session, model: type[Any], conditions: tuple[ColumnElement[bool], ...]
) -> tuple[int, int]:
    key = model.__table__.primary_key.columns.values()
    rows = session.execute(select(*key).where(*conditions).limit(BLOCK)).all()
    if not rows:
        return 0, 0
    chosen = tuple_(*key).in_(rows) if len(key) > 1 else key[0].in_([row[0] for row in rows])
    if model in _COUNTS:
        rollups.keep_purged(session, _COUNTS[model](session, chosen, *conditions))
    gone = change(session, delete(model).where(chosen, *conditions))
    if model is Message:
        _delete_what_belongs_to(session, [row[0] for row in rows])
    return len(rows), gone


_COUNTS = {Message: traffic_counts.of_messages, Verification: traffic_counts.of_codes}
"""How to count rows for the statistics before they are deleted; a code counts with the last message that carried it."""


def _delete_what_belongs_to(session: Session, message_ids: list[str]) -> None:
    for model in (MessageTry, StatusCallback):
        there = exists().where(Message.id == model.message_id)
        change(session, delete(model).where(model.message_id.in_(message_ids), ~there))
