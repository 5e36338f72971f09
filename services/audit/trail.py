"""Who changed what: written in the transaction of the change itself, read newest first, never altered or deleted."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.roles import Role
from exts import db
from models.audit_entry import AuditEntry

PAGE = 50
OF_ONE = 10
OF_A_TIME = 100
LARGEST_PLAIN_NUMBER = 999


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, from where and with which role; `id` is None for anybody but an administrator."""

    id: int | None
    name: str = field(repr=False)
    ip: str | None = None
    role: Role | None = None


COMMAND_LINE = Actor(None, "command line")
SERVICE = Actor(None, "service")
"""Nobody: the time for it had come."""


@dataclass(frozen=True, slots=True)
class EntryView:
    """One change as people see it; `action` is an Action, unless a newer version wrote the row."""

    id: int
    at: datetime
    actor_id: int | None
    actor: str = field(repr=False)
    ip: str | None
    action: str
    subject: str = field(repr=False)
    subject_id: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of some kinds, of one actor, made since one moment and before another, each where given."""

    actions: Collection[Action] = ()
    actor_id: int | None = None
    command_line: bool = False
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of the audit trail; `older_than` asks for the next page, None where there is none."""

    shown: tuple[EntryView, ...]
    older_than: int | None


def note(
    session: Session,
    by: Actor,
    action: Action,
    subject: str,
    *,
    subject_id: str | int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the transaction of the change that it records.

    `subject`, `before` and `after` must hold no secret and no code, and destinations only masked.
    """
    session.add(
        AuditEntry(
            at=datetime.now(UTC),
            actor_id=by.id,
            actor=by.name,
            ip=by.ip,
            action=action.value,
            subject=subject,
            subject_id=None if subject_id is None else str(subject_id),
            before=dict(before) if before else None,
            after=dict(after) if after else None,
        )
    )


def entries(
    wanted: Wanted = EVERYTHING, *, older_than: int | None = None, limit: int | None = None
) -> Entries:
    """Return a page of the newest changes, up to `limit` of them."""
    most = limit or PAGE
    rows = select(AuditEntry).where(*_conditions(wanted)).order_by(AuditEntry.id.desc()).limit(most + 1)
    if older_than is not None:
        rows = rows.where(AuditEntry.id < older_than)
    found = [_view(row) for row in db.session.scalars(rows)]
    db.session.rollback()
    return Entries(tuple(found[:most]), found[most - 1].id if len(found) > most else None)


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.actions:
        yield AuditEntry.action.in_([action.value for action in wanted.actions])
    if wanted.command_line:
        yield and_(AuditEntry.actor_id.is_(None), AuditEntry.actor == COMMAND_LINE.name)
    elif wanted.actor_id is not None:
        yield AuditEntry.actor_id == wanted.actor_id
    if wanted.since is not None:
        yield AuditEntry.at >= wanted.since
    if wanted.until is not None:
        yield AuditEntry.at < wanted.until


def of(subject: str, kinds: Collection[str], *, is_name: bool = False) -> tuple[EntryView, ...]:
    """Return the newest changes of one thing, by its id or its name; `kinds` as in `Action.about`."""
    actions = [action.value for action in Action if action.about in kinds]
    column = AuditEntry.subject if is_name else AuditEntry.subject_id
    wanted = select(AuditEntry).where(column == subject, AuditEntry.action.in_(actions))
    with Session(db.engine) as session:  # the caller's session may hold objects that a rollback would expire
        found = session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(OF_ONE))
        return tuple(_view(row) for row in found)


def between(since: datetime, until: datetime, actions: Collection[Action]) -> tuple[EntryView, ...]:
    """Return the newest changes of some kinds that were made in a time."""
    wanted = (
        select(AuditEntry)
        .where(AuditEntry.action.in_([action.value for action in actions]))
        .where(AuditEntry.at >= since, AuditEntry.at < until)
        .order_by(AuditEntry.id.desc())
        .limit(OF_A_TIME)
    )
    with Session(db.engine) as session:
        return tuple(_view(row) for row in session.scalars(wanted))


def newest(subject_id: str, actions: Collection[Action]) -> EntryView | None:
    """Return the newest change of some kinds to one thing; None where there is none."""
    wanted = (
        select(AuditEntry)
        .where(AuditEntry.action.in_([action.value for action in actions]))
        .where(AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    with Session(db.engine) as session:  # the caller's session may hold objects that a rollback would expire
        found = session.scalar(wanted)
        return _view(found) if found else None


def outline(value: Any) -> Any:
    """Return what an entry may say of a typed value: any text or long number could be a code or a destination."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) <= LARGEST_PLAIN_NUMBER else "number"
    if isinstance(value, str):
        return "text"
    return f"{'list' if isinstance(value, list | tuple) else 'object'} of {len(value)}"


def _view(row: AuditEntry) -> EntryView:
    action = next((action for action in Action if action == row.action), row.action)
    return EntryView(
        id=row.id,
        at=row.at,
        actor_id=row.actor_id,
        actor=row.actor,
        ip=row.ip,
        action=action,
        subject=row.subject,
        subject_id=row.subject_id,
        before=row.before or {},
        after=row.after or {},
    )
