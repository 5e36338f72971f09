"""Deliveries as a queue: what is due, who posts it, how it ended. Leases as in services/delivery/claims.py."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, or_, select, update

from domain.codes import new_id
from domain.event_tries import is_hopeless
from domain.statuses import DeliveryStatus
from models.indexes import has_come
from models.webhook import Event, EventDelivery, Webhook
from services.webhooks.kinds import Due

LEASE = timedelta(seconds=60)
"""Longer than a name look-up and a POST together may take."""
CANDIDATES = 200
OFF = "the endpoint is switched off"
deliveries, events, webhooks = EventDelivery.__table__, Event.__table__, Webhook.__table__
Room = Callable[[str, bool], int]
"""How many more deliveries an endpoint may have in flight; the flag tells whether it is failing."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a try ended. `due_at` is the time of the next one; `turns_off` is why its endpoint is to be switched off."""

    due: Due
    status: DeliveryStatus
    at: datetime
    due_at: datetime | None = None
    answer_status: int | None = None
    answer: str | None = None
    error: str | None = None
    took_ms: int | None = None
    turns_off: str | None = None
    is_tried: bool = True
    """False where nothing was posted: that says nothing about the endpoint."""

    @property
    def is_given_back(self) -> bool:
        """Whether it waits as before, because nobody came to post it."""
        return not self.is_tried and self.due_at is not None


def untried(due: Due, now: datetime) -> Ended:
    """Return that a delivery is given back, to be claimed again at once."""
    return Ended(due, DeliveryStatus.WAITING, now, due_at=now, is_tried=False)


def is_due(engine: Engine, now: datetime) -> bool:
    """Tell whether anything is due. It only reads, so on SQLite it blocks no writer."""
    anything = select(deliveries.c.id).where(has_come(deliveries.c.due_at, now)).limit(1)
    with engine.connect() as connection:
        return connection.execute(anything).first() is not None


@dataclass(frozen=True, slots=True)
class Places:
    """How many deliveries may be claimed: in all, to endpoints that fail, and to each; none to those in `busy`."""

    most: int
    of_one: Room
    failing: int
    busy: Collection[str] = ()


def claim(connection: Connection, places: Places, now: datetime) -> list[Due]:
    """Claim due deliveries, oldest first; the caller commits.

    An endpoint that takes long has its own few places, and what waits for it hides nothing that waits for others.
    Call-backs, which have no endpoint, share the places of "".
    """
    ids = _chosen(connection, places, now)
    if not ids:
        return []
    token = new_id()
    again = (deliveries.c.id.in_(ids), has_come(deliveries.c.due_at, now))
    taken = {"status": DeliveryStatus.SENDING.value, "due_at": now + LEASE, "lease_token": token}
    connection.execute(update(deliveries).where(*again).values(tries=deliveries.c.tries + 1, **taken))
    return _read(connection, ids, token)


def _chosen(connection: Connection, places: Places, now: datetime) -> list[str]:
    found = connection.execute(
        select(deliveries.c.id, deliveries.c.webhook_id)
        .where(has_come(deliveries.c.due_at, now), *_has_places(places))
        .order_by(deliveries.c.due_at)
        .limit(CANDIDATES)
        .with_for_update(skip_locked=True)
    ).all()
    failing = _failing(connection, {row.webhook_id for row in found if row.webhook_id})
    taken: Counter[str] = Counter()
    chosen: list[str] = []
    for row in found:
        to = row.webhook_id or ""
        is_failing = to in failing
        has_place = not is_failing or sum(taken[one] for one in failing) < places.failing
        if has_place and len(chosen) < places.most and taken[to] < places.of_one(to, is_failing):
            taken[to] += 1
            chosen.append(row.id)
    return chosen


def _has_places(places: Places) -> list[ColumnElement[bool]]:
    """Return the conditions that leave out what waits for endpoints without a place."""
    is_call_back = deliveries.c.webhook_id.is_(None)
    conditions = []
    if "" in places.busy:
        conditions.append(deliveries.c.webhook_id.is_not(None))
    if places.busy:
        conditions.append(or_(is_call_back, deliveries.c.webhook_id.not_in(places.busy)))
    if places.failing <= 0:
        failing = select(webhooks.c.id).where(webhooks.c.failing_since.is_not(None))
        conditions.append(or_(is_call_back, deliveries.c.webhook_id.not_in(failing)))
    return conditions


def _failing(connection: Connection, ids: Collection[str]) -> set[str]:
    if not ids:
        return set()
    wanted = (webhooks.c.id.in_(ids), webhooks.c.failing_since.is_not(None))
    return set(connection.scalars(select(webhooks.c.id).where(*wanted)))


def _read(connection: Connection, ids: Sequence[str], token: str) -> list[Due]:
    rows = connection.execute(
        select(
            *(deliveries.c[name] for name in ("id", "event_id", "kind", "webhook_id", "tries")),
            deliveries.c.url.label("own_url"),
            *(events.c[name] for name in ("type", "at", "data")),
            *(webhooks.c[name] for name in ("url", "sealed", "is_on", "failing_since")),
        )
        .join(events, events.c.id == deliveries.c.event_id)
        .outerjoin(webhooks, webhooks.c.id == deliveries.c.webhook_id)
        .where(deliveries.c.id.in_(ids), deliveries.c.lease_token == token)
        .order_by(deliveries.c.created_at)
    )
    return [_due(row, token) for row in rows]


def _due(row: Any, token: str) -> Due:
    return Due(
        id=row.id,
        event_id=row.event_id,
        type=row.type,
        at=row.at,
        data=row.data,
        kind=row.kind,
        url=row.own_url or (row.url if row.is_on else None) or "",
        webhook_id=row.webhook_id,
        sealed=row.sealed,
        tries=row.tries,
        lease_token=token,
        failing_since=row.failing_since,
    )


_NAMES = ("status", "due_at", "answer_status", "answer", "error", "took_ms", "tried_at", "settled_at")
_SETTLE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("of_id"), deliveries.c.lease_token == bindparam("of_token"))
    .values(lease_token=None, **{name: bindparam(f"new_{name}") for name in _NAMES})
)
_GIVE_BACK = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("of_id"), deliveries.c.lease_token == bindparam("of_token"))
    .values(
        lease_token=None,
        status=DeliveryStatus.WAITING.value,
        due_at=bindparam("new_due_at"),
        tries=deliveries.c.tries - 1,
    )
)


def settle(connection: Connection, ended: Sequence[Ended]) -> list[str]:
    """Write how tries ended and what that says about their endpoints; return those that are switched off now.

    A try whose lease was lost changes nothing about its delivery. The caller commits.
    """
    if not ended:
        return []
    for statement, some in (
        (_SETTLE, [one for one in ended if not one.is_given_back]),
        (_GIVE_BACK, [one for one in ended if one.is_given_back]),
    ):
        if some:
            connection.execute(statement, [_values(one) for one in some])
    tried = [one for one in ended if one.is_tried and one.due.webhook_id]
    good = {one.due.webhook_id for one in tried if one.status is DeliveryStatus.DELIVERED}
    recovered = {one.due.webhook_id for one in tried if one.due.failing_since} & good
    if recovered:
        connection.execute(update(webhooks).where(webhooks.c.id.in_(recovered)).values(failing_since=None))
    bad = [one for one in tried if one.due.webhook_id not in good]
    for one in {one.due.webhook_id: one for one in reversed(bad)}.values():
        first = (webhooks.c.id == one.due.webhook_id, webhooks.c.failing_since.is_(None))
        connection.execute(update(webhooks).where(*first).values(failing_since=one.at))
    return [one.due.webhook_id or "" for one in bad if _turn_off(connection, one)]


def _values(one: Ended) -> dict[str, Any]:
    return {
        "of_id": one.due.id,
        "of_token": one.due.lease_token,
        "new_status": one.status.value,
        "new_due_at": one.due_at,
        "new_answer_status": one.answer_status,
        "new_answer": one.answer,
        "new_error": one.error,
        "new_took_ms": one.took_ms,
        "new_tried_at": one.at,
        "new_settled_at": None if one.due_at else one.at,
    }


def _turn_off(connection: Connection, one: Ended) -> bool:
    """Switch off an endpoint that is gone, or that has failed for too long; what waits for it is given up."""
    reason = one.turns_off or ("failing" if is_hopeless(one.due.failing_since, one.at) else None)
    if reason is None:
        return False
    is_on = (webhooks.c.id == one.due.webhook_id, webhooks.c.is_on.is_(True))
    off = {"is_on": False, "off_reason": reason, "off_at": one.at}
    if not connection.execute(update(webhooks).where(*is_on).values(**off)).rowcount:
        return False
    give_up(connection, one.due.webhook_id or "", one.at)
    return True


def give_up(connection: Any, webhook_id: str, now: datetime) -> None:
    """End what waits for an endpoint that was switched off; it can be replayed later. The caller commits."""
    waiting = (deliveries.c.webhook_id == webhook_id, deliveries.c.status == DeliveryStatus.WAITING.value)
    ended = {"status": DeliveryStatus.FAILED.value, "due_at": None, "error": OFF, "settled_at": now}
    connection.execute(update(deliveries).where(*waiting).values(**ended))
