"""Cancel waiting bulk messages to suppressed destinations.

A claim does not read the suppression list, so the code that puts bulk messages into the queue, or back, calls this.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.statuses import Channel, MessageStatus, Priority
from models import Message, Suppression
from services.storage.transactions import change, transaction

ERROR = "suppressed"
"""The `error` of such a message, and the code of a recipient whom a broadcast rejects for it."""
CLOCKS = timedelta(minutes=1)
"""How far apart the clocks of our machines may be."""
_WAITS = (Message.priority == int(Priority.BULK), Message.status == MessageStatus.QUEUED.value)


def stop(session: Session, channel: Channel, canonical: str) -> None:
    """Cancel bulk messages that wait for a destination; those in flight may still arrive but are not retried."""
    now = datetime.now(UTC)
    theirs = (Message.canonical == canonical, Message.channel == channel.value)
    change(session, update(Message).where(*theirs, *_WAITS).values(**canceled(now)))
    in_flight = (
        *theirs,
        Message.priority == int(Priority.BULK),
        Message.status == MessageStatus.SENDING.value,
    )
    change(session, update(Message).where(*in_flight).values(deadline_at=Message.created_at))


def stop_in(session: Session, broadcast_id: str) -> None:
    """Cancel a broadcast's waiting messages to suppressed destinations; call it before moving the deadline."""
    suppressed = (
        select(Suppression.id)
        .where(Suppression.channel == Message.channel, Suppression.canonical == Message.canonical)
        .correlate(Message)
        .exists()
    )
    which = (Message.broadcast_id == broadcast_id, *_WAITS, suppressed)
    change(session, update(Message).where(*which).values(**canceled(datetime.now(UTC))))


def catch_up(since: datetime) -> None:
    """Cancel what waits for destinations that were suppressed at or after `since`.

    A broadcast calls it after its commit, with a time before it read the suppression list: a recipient who
    unsubscribed in between was not on the list yet, and had no message in the queue to cancel.
    """
    transaction(lambda session: _catch_up(session, since - CLOCKS))


def _catch_up(session: Session, since: datetime) -> None:
    late = select(Suppression.channel, Suppression.canonical).where(Suppression.created_at >= since)
    for channel, canonical in session.execute(late).all():
        stop(session, Channel(channel), canonical)


def canceled(now: datetime) -> dict[str, object]:
    """Return the values of a message that is not sent, because its destination is suppressed."""
    return {
        "status": MessageStatus.CANCELED.value,
        "due_at": None,
        "sealed": None,
        "settled_at": now,
        "error": ERROR,
    }
