"""The outbox seen by the worker: what is due, and which process sends it. Core statements: this is the hot path."""

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
    func,
    literal_column,
    select,
    type_coerce,
    update,
)

from domain.codes import new_id
from domain.statuses import Lane, MessageStatus, Priority
from models.broadcast import Broadcast
from models.indexes import has_come
from models.message import Message
from services.delivery import one_step
from services.delivery.slots import Flow

LEASE = timedelta(seconds=20)
"""Longer than one send may take (channels.gateway.SEND_SECONDS), so no other worker sends a live worker's message."""

messages = Message.__table__
broadcasts = Broadcast.__table__


class Claimed(NamedTuple):
    """One message that this process may send until its lease ends.

    A tuple, like `Settled`: creating a frozen dataclass takes five times as long.
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
    traceparent: str | None = None
    is_bulk: bool = False
    shared: bytes | None = None
    """The sealed texts of its broadcast, if it has any."""

    def __repr__(self) -> str:
        return f"Claimed({self.id!r})"  # the rest must not reach a log


_WHAT_A_ROW_TELLS = (
    type_coerce(messages.c.created_at, BigInteger).label("age"),  # only sorted by, so not made a datetime
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
    messages.c.traceparent,
)
"""The age, then the first fields of `Claimed` in their order."""
_BROADCAST_ID = [column.name for column in _WHAT_A_ROW_TELLS].index("broadcast_id")


def with_work(connection: Connection, flows: Sequence[Flow], now: datetime) -> list[Flow]:
    """Return which flows have a message that is due. It only reads, so on SQLite it blocks no writer."""
    if not flows:
        return []
    found = connection.execute(
        _with_work(*((flow.priority, flow.lane) for flow in flows)), {"now": now}
    ).one()
    return [flow for flow, has_work in zip(flows, found, strict=True) if has_work]


def claim(connection: Connection, lane: Lane, priority: Priority, limit: int, now: datetime) -> list[Claimed]:
    """Claim up to `limit` due messages for the length of a lease, oldest first; the caller commits.

    A message is due when it was never tried, when its retry is due, or when the lease of a dead worker has expired.
    Two processes never claim the same message.
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


def claim_one(connection: Connection, message_id: str, now: datetime) -> Claimed | None:
    """Claim one message, for a process that is no worker; None where it is not due. The caller commits."""
    wanted = {"ids": [message_id]}
    taken = {"now": now, "until": now + LEASE, "token": new_id()}
    if not connection.execute(_take().where(_is_due(), _AMONG), {**taken, **wanted}).rowcount:
        return None
    row = connection.execute(select(*_WHAT_A_ROW_TELLS).where(_AMONG), wanted).one()
    return Claimed(*row[1:])


def _claim_at_once(connection: Connection, due: dict[str, Any], taken: dict[str, Any]) -> Sequence[Any]:
    claimed = connection.execute(_claim_all_due(), due | taken)
    return one_step.fetch(connection, _claimed(), due | taken) if claimed.rowcount else []


def _claim_in_three(connection: Connection, due: dict[str, Any], taken: dict[str, Any]) -> Sequence[Row[Any]]:
    """Claim where UPDATE has no RETURNING: MariaDB, MySQL, and SQLite before 3.35."""
    ids = {"ids": list(connection.scalars(_due_ids(), due))}
    if not ids["ids"]:
        return []
    connection.execute(_take().where(_is_due(), _AMONG), {"now": due["now"], **taken, **ids})
    return connection.execute(
        select(*_WHAT_A_ROW_TELLS).where(_AMONG, messages.c.lease_token == taken["token"]), ids
    ).all()


_PLACE: ColumnElement[int] = literal_column("rowid")
_ctid: ColumnElement[Any] = literal_column("message.ctid").label("place")
_AMONG = messages.c.id.in_(bindparam("ids", expanding=True))


def _is_due() -> ColumnElement[bool]:
    now = bindparam("now", type_=messages.c.due_at.type)
    return and_(has_come(messages.c.due_at, now), messages.c.deadline_at > now)


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
    """Return the claim for SQLite, which finds a row by its rowid in half the time."""
    return _take().where(_PLACE.in_(_due_ids(_PLACE)))


@cache
def _claimed() -> Select[Any]:
    """Return the rows just claimed, found through the index of due messages by the end of their lease."""
    return select(*_WHAT_A_ROW_TELLS).where(
        messages.c.priority == bindparam("of_priority"),
        messages.c.lane == bindparam("of_lane"),
        messages.c.due_at == bindparam("until"),
        messages.c.lease_token == bindparam("token"),
    )


@cache
def _claim(dialect: str) -> Update:
    """Return the claim in one statement.

    On PostgreSQL by a CTE, as a sub-select may run, and lock, more than once; and by the places of the rows, which are
    ours once they are locked: nothing is looked up in the index of ids.
    """
    if dialect == "postgresql":
        places = func.array(select(_due_ids(_ctid).cte("due").c.place).scalar_subquery())
        return _take().where(_ctid == func.any(places)).returning(*_WHAT_A_ROW_TELLS)
    return _take().where(messages.c.id.in_(_due_ids())).returning(*_WHAT_A_ROW_TELLS)


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
    """Return the sealed texts of broadcasts; reading them with every block costs less than a cache."""
    if not ids:
        return {}
    found = connection.execute(select(broadcasts.c.id, broadcasts.c.sealed).where(broadcasts.c.id.in_(ids)))
    return {row.id: row.sealed for row in found}
