"""The message table as a queue, seen by the worker: what is due, and who sends it. Core statements: the hot path."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    literal_column,
    select,
    type_coerce,
    update,
)

from domain.codes import new_id
from domain.statuses import Lane, MessageStatus, Priority
from models.broadcast import Broadcast
from models.message import Message
from services.delivery import one_step
from services.delivery.slots import Flow

LEASE = timedelta(seconds=20)
"""Longer than one send may take (channels.gateway.SEND_SECONDS): a live worker's message is never sent by another."""

messages = Message.__table__
broadcasts = Broadcast.__table__


class Claimed(NamedTuple):
    """One message that this process may send until its lease ends.

    A tuple, as `Settled` is: to make a frozen dataclass takes five times as long.
    """

    id: str
    verification_id: str | None
    channel: str
    to: str
    country: str | None
    template: str | None
    locale: str
    sealed: bytes
    is_test: bool
    tries: int
    deadline_at: datetime
    lease_token: str
    ask_first: str | None = None
    broadcast_id: str | None = None
    template_version: int | None = None
    is_bulk: bool = False
    shared: bytes | None = None
    """The sealed texts of its broadcast, where it has some."""

    def __repr__(self) -> str:
        return f"Claimed({self.id!r})"  # the rest is nothing for a log


_WHAT_A_ROW_TELLS = (
    type_coerce(messages.c.created_at, BigInteger).label("age"),  # only compared: needs not become a time
    messages.c.id,
    messages.c.verification_id,
    messages.c.channel,
    messages.c.to,
    messages.c.country,
    messages.c.template,
    messages.c.locale,
    messages.c.sealed,
    messages.c.is_test,
    messages.c.tries,
    messages.c.deadline_at,
    messages.c.lease_token,
    messages.c.ask_first,
    messages.c.broadcast_id,
    messages.c.template_version,
)
"""The age, and what `Claimed` begins with, in its order."""
_BROADCAST_ID = [column.name for column in _WHAT_A_ROW_TELLS].index("broadcast_id")


def with_work(connection: Connection, flows: Sequence[Flow], now: datetime) -> list[Flow]:
    """Return which flows have a message that is due. It only reads: on SQLite it takes no lock from a writer."""
    if not flows:
        return []
    found = connection.execute(
        _with_work(*((flow.priority, flow.lane) for flow in flows)), {"now": now}
    ).one()
    return [flow for flow, has_work in zip(flows, found, strict=True) if has_work]


def claim(connection: Connection, lane: Lane, priority: Priority, limit: int, now: datetime) -> list[Claimed]:
    """Take up to `limit` due messages for the length of a lease, once the caller commits; the oldest come first.

    A message is due when it was never tried, when its retry is, or when the lease of a dead worker has ended. Two
    processes never take the same.
    """
    due = {"of_priority": int(priority), "of_lane": lane.value, "now": now, "most": limit}
    taken = {"until": now + LEASE, "token": new_id()}
    rows: Sequence[Any]
    if one_step.can_do(connection.dialect):
        rows = _claim_at_once(connection, due, taken)
    elif connection.dialect.update_returning:
        rows = connection.execute(_claim(connection.dialect.name), due | taken).all()
    else:
        rows = _claim_in_three(connection, due, taken)
    shared = _shared_texts(connection, {row[_BROADCAST_ID] for row in rows if row[_BROADCAST_ID]})
    is_bulk = priority is Priority.BULK
    rows = sorted(rows, key=itemgetter(0))
    return [Claimed._make((*row[1:], is_bulk, shared.get(row[_BROADCAST_ID]))) for row in rows]


def _claim_at_once(connection: Connection, due: dict[str, Any], taken: dict[str, Any]) -> Sequence[Any]:
    claimed = connection.execute(_claim_all_due(), due | taken)
    return one_step.fetch(connection, _claimed(), due | taken) if claimed.rowcount else []


def _claim_in_three(connection: Connection, due: dict[str, Any], taken: dict[str, Any]) -> Sequence[Row[Any]]:
    """Claim where no UPDATE can tell what it changed: MariaDB, MySQL, and SQLite before 3.35."""
    ids = {"ids": list(connection.scalars(_due_ids(), due))}
    if not ids["ids"]:
        return []
    connection.execute(_take().where(_is_due(), _AMONG), {"now": due["now"], **taken, **ids})
    return connection.execute(
        select(*_WHAT_A_ROW_TELLS).where(_AMONG, messages.c.lease_token == taken["token"]), ids
    ).all()


_PLACE: ColumnElement[int] = literal_column("rowid")
_AMONG = messages.c.id.in_(bindparam("ids", expanding=True))


def _is_due() -> ColumnElement[bool]:
    now = bindparam("now", type_=messages.c.due_at.type)
    return and_(messages.c.due_at <= now, messages.c.deadline_at > now)


@cache
def _due_ids(of: ColumnElement[Any] = messages.c.id) -> Select[Any]:
    return (
        select(of)
        .select_from(messages)
        .where(
            messages.c.priority == bindparam("of_priority"),
            messages.c.lane == bindparam("of_lane"),
            _is_due(),
        )
        .order_by(messages.c.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)  # SQLite has one writer and needs no row locks
    )


def _take() -> Update:
    return update(messages).values(
        status=MessageStatus.SENDING.value,
        due_at=bindparam("until", type_=messages.c.due_at.type),
        lease_token=bindparam("token"),
        tries=messages.c.tries + 1,
    )


@cache
def _claim_all_due() -> Update:
    """Return the claim for SQLite, which finds a row by its place in half the time."""
    return _take().where(_PLACE.in_(_due_ids(_PLACE)))


@cache
def _claimed() -> Select[Any]:
    """Return what was just claimed; the end of its lease is where the index of what is due has it."""
    return select(*_WHAT_A_ROW_TELLS).where(
        messages.c.priority == bindparam("of_priority"),
        messages.c.lane == bindparam("of_lane"),
        messages.c.due_at == bindparam("until"),
        messages.c.lease_token == bindparam("token"),
    )


@cache
def _claim(dialect: str) -> Update:
    """Return the claim in one statement; on PostgreSQL a plain sub-select may run, and lock, more than once."""
    ids = select(_due_ids().cte("due").c.id) if dialect == "postgresql" else _due_ids()
    return _take().where(messages.c.id.in_(ids)).returning(*_WHAT_A_ROW_TELLS)


@cache
def _with_work(*flows: tuple[Priority, Lane]) -> Executable:
    return select(
        *(
            select(messages.c.id)
            .where(messages.c.priority == int(priority), messages.c.lane == lane.value, _is_due())
            .exists()
            .label(f"{lane}_{priority}")
            for priority, lane in flows
        )
    )


def _shared_texts(connection: Connection, ids: Collection[str]) -> dict[str, bytes]:
    """Return the sealed texts of broadcasts; read with every block, which costs less than to remember them."""
    if not ids:
        return {}
    found = connection.execute(select(broadcasts.c.id, broadcasts.c.sealed).where(broadcasts.c.id.in_(ids)))
    return {row.id: row.sealed for row in found}
