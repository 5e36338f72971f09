"""Tell what became of messages: sent, delivered, undelivered, failed, expired; and of the codes that they carried."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from domain.events import EventType, Listener
from domain.statuses import MessageStatus
from models.message import Message
from models.verification import Verification
from services import steps
from services.events import callbacks, data, telling
from services.events.callbacks import Callbacks
from services.events.listeners import Listeners, any_wants
from services.events.telling import Ends, News
from services.process.parts import part
from services.steps import Steps
from services.storage.transactions import Writer

_OF_MESSAGES = MappingProxyType(
    {
        MessageStatus.SENT: EventType.MESSAGE_SENT,
        MessageStatus.DELIVERED: EventType.MESSAGE_DELIVERED,
        MessageStatus.UNDELIVERED: EventType.MESSAGE_UNDELIVERED,
        MessageStatus.FAILED: EventType.MESSAGE_FAILED,
        MessageStatus.EXPIRED: EventType.MESSAGE_EXPIRED,
    }
)
_OF_CODES = MappingProxyType(
    {
        MessageStatus.SENT: EventType.VERIFICATION_SENT,
        MessageStatus.DELIVERED: EventType.VERIFICATION_DELIVERED,
        MessageStatus.UNDELIVERED: EventType.VERIFICATION_UNDELIVERED,
    }
)
KINDS = (*_OF_MESSAGES.values(), *_OF_CODES.values())
BLOCK = 500
"""Ids in one statement; SQLite before 3.32 allows 999 values in all."""
_messages, _verifications = Message.__table__, Verification.__table__


class Teller:
    """Tells what a worker settles; it has no request, so it keeps the listeners itself."""

    def __init__(self, listeners: Listeners, called_back: Callbacks):
        self._listeners, self._callbacks = listeners, called_back

    def is_needed(self, connection: Writer) -> bool:
        """Tell whether somebody wants to hear of messages."""
        return any_wants(self._listeners.of(connection), KINDS) or self._callbacks.of(connection)

    def tell(self, connection: Writer, ends: Ends, now: datetime) -> None:
        """Tell how messages ended that this transaction has settled; the caller commits.

        Those whose lease was lost are left out. Every message gives an event `message.…`; one that carried a code gives
        `verification.…` as well; one with a call-back gives that.
        """
        listeners, ids = self._listeners.of(connection), list(ends)
        for first in range(0, len(ids), BLOCK):
            block = ids[first : first + BLOCK]
            if any_wants(listeners, KINDS):
                _tell(connection, listeners, ends, block, now)
            if self._callbacks.of(connection):
                callbacks.tell(connection, ends, block, now)


def teller() -> Teller:
    """Return the teller of a request or task."""
    return Teller(part(Listeners), part(Callbacks))


def _tell(
    writer: Writer, listeners: Sequence[Listener], ends: Ends, ids: Sequence[str], now: datetime
) -> None:
    rows = writer.execute(data.MESSAGES.where(_messages.c.id.in_(ids))).all()
    ours = [row for row in rows if (row.status, row.settled_at) == ends[row.id]]
    codes = _codes(writer, listeners, ours)
    ways = steps.of(writer, codes.values(), now)
    news = [
        one
        for row in ours
        for one in _of(row, codes.get(row.verification_id), ways.get(row.verification_id, ()), now)
    ]
    telling.tell(writer, listeners, news, now)


def _codes(writer: Writer, listeners: Sequence[Listener], rows: Sequence[Any]) -> dict[str, Any]:
    ids = {row.verification_id for row in rows if row.verification_id}
    if not ids or not any_wants(listeners, _OF_CODES.values()):
        return {}
    found = writer.execute(data.VERIFICATIONS.where(_verifications.c.id.in_(ids)))
    return {row.id: row for row in found}


def _of(row: Any, code: Any | None, ways: Steps, now: datetime) -> list[News]:
    status = MessageStatus(row.status)
    news = [News(_OF_MESSAGES[status], row.id, data.message(row), (row.owner,))]
    if code is not None and status in _OF_CODES:
        told = data.verification(code, (row.id, row.status), now, ways)
        news.append(News(_OF_CODES[status], code.id, told, (code.owner,)))
    return news
