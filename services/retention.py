"""Purge old data."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, exists, or_, select

from domain.actions import Action
from domain.errors import FieldProblem, InvalidInput
from domain.retention import LEAST_AGE, LEAST_SIGN_INS, is_scheduled_age
from domain.statuses import MessageStatus
from exts import db
from models import (
    AdministratorSession,
    ApiHour,
    ApiRequest,
    Broadcast,
    BroadcastPart,
    EarlyOutcome,
    EarlyReport,
    Event,
    EventDelivery,
    HookDelivery,
    IdempotentAnswer,
    Incident,
    Invitation,
    LimitWindow,
    Message,
    MessageTry,
    PasskeyChallenge,
    PrefixClosure,
    ScheduleRun,
    SeenProcess,
    SignIn,
    SignInStep,
    UnknownWord,
    Verification,
    clock,
)
from services import idempotency
from services.audit import trail
from services.audit.trail import Actor
from services.figures import purged_counts, rollups
from services.figures.traffic_counts import LONGEST_CODE_LIFE
from services.gateways import unknown_words
from services.limits.counters import SHORT_WINDOW
from services.process.progress import Tell, silently
from services.sheets import drafts
from services.sign_in import sign_ins
from services.storage import blocks
from services.storage.blocks import Delete, Doomed
from services.storage.transactions import transaction

LONGEST_AGE = timedelta(days=36_500)
LONGEST_ROLL_UP = timedelta(days=366)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_AN_HOUR = timedelta(hours=1)
"""Longer than the windows of prefixes and addresses."""
_DAY = timedelta(days=1)
"""Limit windows reach back up to a day, and an ended session may still be shown."""


def parse_age(text: str) -> timedelta:
    """Parse `30d`, `12h` or `90m`; raises InvalidInput."""
    number, unit = text[:-1].lstrip("0") or text[:1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit()):
        raise InvalidInput(
            FieldProblem("older-than", "must be a number of days, hours or minutes: 30d, 12h, 90m")
        )
    return _checked(timedelta(**{_UNITS[unit]: int(number)}) if len(number) < 10 else timedelta.max)


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
    now = clock.asked(db.engine)
    _checked(age)
    if by is not None:
        told = {"older_than": str(age)}
        transaction(lambda session: trail.note(session, by, Action.PURGED, "", after=told))
    deleted: dict[str, int] = {}
    for name, doomed in _old(now, now - _checked(age)):
        deleted[name] = 0
        for gone in blocks.delete_all(doomed, blocks.pace()):
            deleted[name] += gone
            tell(deleted)
    deleted["drafts"] = transaction(lambda session: drafts.delete_before(session, now - drafts.LIFE))
    deleted["roll-ups"] = transaction(lambda session: rollups.delete_before(session, now - LONGEST_ROLL_UP))
    return deleted


def _old(now: datetime, before: datetime) -> Iterator[tuple[str, Doomed]]:
    """Yield what to delete, in order, by name."""

    def rows(
        by: Any, until: datetime, *conditions: ColumnElement[bool], remove: Delete | None = None
    ) -> Doomed:
        return Doomed(by.class_, conditions, by, until, remove)

    a_day_ago = now - _DAY
    open_states = [MessageStatus.QUEUED.value, MessageStatus.SENDING.value]
    settled = or_(Message.status.not_in(open_states), Message.deadline_at < before)
    yield "messages", rows(Message.created_at, before, settled, remove=purged_counts.delete_messages)
    # by their own time: few messages have any, so it would take long to look for those of each message
    is_orphan = ~exists().where(Message.id == MessageTry.message_id)
    yield "tries", rows(MessageTry.at, before, is_orphan)
    has_messages = exists().where(Message.broadcast_id == Broadcast.id)
    has_parts = exists().where(BroadcastPart.broadcast_id == Broadcast.id)
    yield "broadcasts", rows(Broadcast.created_at, before, ~has_messages, ~has_parts)
    # a code is made before it expires, and only the second has an index
    expired, made = min(now, before + LONGEST_CODE_LIFE), Verification.created_at < before
    yield "verifications", rows(Verification.expires_at, expired, made, remove=purged_counts.delete_codes)
    is_short = LimitWindow.key.startswith(SHORT_WINDOW, autoescape=True)
    yield "limit windows", rows(LimitWindow.touched_at, min(before, a_day_ago), ~is_short)
    yield "short windows", rows(LimitWindow.touched_at, now - _AN_HOUR, is_short)
    yield "idempotent answers", rows(IdempotentAnswer.created_at, now - idempotency.LIFE)
    yield "schedule runs", Doomed(ScheduleRun, (ScheduleRun.queued_at < before,))
    yield "sessions", rows(AdministratorSession.last_seen_at, min(before, a_day_ago))
    yield "invitations", rows(Invitation.created_at, before, Invitation.expires_at < now)
    yield "sign-ins", rows(SignIn.at, min(max(before, now - sign_ins.KEPT), now - LEAST_SIGN_INS))
    yield "sign-in steps", rows(SignInStep.started_at, a_day_ago)
    yield "passkey challenges", Doomed(PasskeyChallenge, (PasskeyChallenge.made_at < now - _AN_HOUR,))
    yield "closed prefixes", Doomed(PrefixClosure, (PrefixClosure.until < min(before, a_day_ago),))
    yield "incidents", Doomed(Incident, (Incident.ended_at < min(before, a_day_ago),))
    told = exists().where(EventDelivery.event_id == Event.id)
    old_events = EventDelivery.event_id.in_(select(Event.id).where(Event.at < before))
    yield "event deliveries", Doomed(EventDelivery, (old_events, EventDelivery.due_at.is_(None)))
    yield "events", rows(Event.at, before, ~told)
    yield "deliveries of hooks", rows(HookDelivery.until, now)
    yield "early reports", Doomed(EarlyReport, (EarlyReport.received_at < now - _AN_HOUR,))
    yield "early outcomes of mails", Doomed(EarlyOutcome, (EarlyOutcome.received_at < now - _AN_HOUR,))
    yield "words of reports", Doomed(UnknownWord, (UnknownWord.last_at < now - unknown_words.SHOWN,))
    logged_since = now - timedelta(days=current_app.config["REQUEST_LOG_DAYS"])
    yield "requests", rows(ApiRequest.at, logged_since)
    yield "hours of requests", Doomed(ApiHour, (ApiHour.hour < logged_since,))
    yield "processes", Doomed(SeenProcess, (SeenProcess.seen_at < a_day_ago,))


def _checked(age: timedelta) -> timedelta:
    if not timedelta() <= age <= LONGEST_AGE:
        raise InvalidInput(FieldProblem("older-than", f"must be at most {LONGEST_AGE.days}d"))
    return age
