"""Newsletters, one every other day; the newest is paused, so that some messages wait."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert

from domain.codes import new_id
from domain.statuses import Channel, Lane, MessageStatus, Priority
from models import Broadcast
from models.types import microseconds
from services.demo import people
from services.demo.rows import SECOND, Block, Maker, Where

EVERY = timedelta(days=2)
NUMBER = 14
LIFE = timedelta(days=1)
MAILS_A_SECOND = 40
BLOCK = 20_000


def make(maker: Maker, count: int) -> Iterator[tuple[Broadcast, Block]]:
    """Yield broadcasts with `count` messages in all, oldest first; a big one comes in several blocks."""
    newest = maker.until.replace(minute=30, second=0, microsecond=0) - timedelta(hours=2)
    for place in range(NUMBER):
        at = newest - EVERY * (NUMBER - 1 - place) - timedelta(hours=5 * place % 8)
        number = count * (place + 1) // NUMBER - count * place // NUMBER
        if number:
            row = _broadcast(maker, at, number, is_paused=place == NUMBER - 1)
            for first in range(0, number, BLOCK):
                yield row, _part(maker, row, range(first, min(number, first + BLOCK)))


def put(connection: Connection, row: Broadcast) -> None:
    """Insert a broadcast; the caller commits."""
    values = {column.key: getattr(row, column.key) for column in Broadcast.__table__.c}
    connection.execute(insert(Broadcast.__table__), values)


def _broadcast(maker: Maker, at: datetime, number: int, *, is_paused: bool) -> Broadcast:
    return Broadcast(
        id=new_id(),
        owner=maker.owners["Back office"],
        channel=Channel.EMAIL.value,
        template="notice",
        accepted=number,
        rejected=maker.chance.randrange(1 + number // 200),
        is_test=False,
        starts_at=at,
        deadline_at=at + LIFE,
        paused_at=at + timedelta(minutes=20) if is_paused else None,
        created_at=at,
    )


def _part(maker: Maker, row: Broadcast, places: range) -> Block:
    block = Block()
    for place in places:
        where = Where(people.address(maker.chance), None, "en")
        message = maker.message(block, "Back office", row.created_at, microseconds(row.created_at), where)
        message.update(
            lane=Lane.BULK.value,
            priority=int(Priority.BULK),
            template=row.template,
            broadcast_id=row.id,
            deadline_at=microseconds(row.deadline_at),
        )
        if row.paused_at is not None and place % 10 >= 7:
            message.update(dict.fromkeys(("gateway", "gateway_reference", "took_ms", "error", "sent_at")))
            message.update(status=MessageStatus.QUEUED.value, settled_at=None, tries=0)
        else:
            _later(message, place // MAILS_A_SECOND * SECOND)
    block.tries.clear()
    return block


def _later(message: dict[str, int | None], by: int) -> None:
    """Move the times of a sent message by `by` microseconds."""
    for name in ("sent_at", "settled_at"):
        at = message[name]
        if at is not None:
            message[name] = at + by
