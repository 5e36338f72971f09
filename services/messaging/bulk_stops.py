"""Bulk messages that wait for somebody who gets none any more: canceled wherever they are, before they are sent.

The claim itself does not look at the list; whatever puts a bulk message into the queue, or back into it, asks here.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.statuses import Channel, MessageStatus, Priority
from models import Message, Suppression
from services.storage.transactions import change, transaction

ERROR = "suppressed"
"""What such a message says, and the code of a recipient whom a broadcast leaves out."""
CLOCKS = timedelta(minutes=1)
"""How far apart the clocks of our machines may be."""
_WAITS = (Message.priority == int(Priority.BULK), Message.status == MessageStatus.QUEUED.value)


def stop(session: Session, channel: Channel, canonical: str) -> None:
    """Cancel what waits for a destination; what is in flight may still arrive and is not tried again."""
    now = datetime.now(UTC)
    theirs = (Message.canonical == canonical, Message.channel == channel.value)
    change(session, update(Message).where(*theirs, *_WAITS).values(**_canceled(now)))
    in_flight = (
        *theirs,
        Message.priority == int(Priority.BULK),
        Message.status == MessageStatus.SENDING.value,
    )
    change(session, update(Message).where(*in_flight).values(deadline_at=Message.created_at))


def stop_in(session: Session, broadcast_id: str) -> None:
    """Cancel what waits in a broadcast for those who get no more; to be called where its deadline is put off."""
    suppressed = (
        select(Suppression.id)
        .where(Suppression.channel == Message.channel, Suppression.canonical == Message.canonical)
        .correlate(Message)
        .exists()
    )
    which = (Message.broadcast_id == broadcast_id, *_WAITS, suppressed)
    change(session, update(Message).where(*which).values(**_canceled(datetime.now(UTC))))


def catch_up(since: datetime) -> None:
    """Cancel what waits for those who were suppressed at or after `since`.

    A broadcast calls it after its commit, with the time before its look at the list: who unsubscribed in between was
    not on the list yet, and had nothing in the queue yet.
    """
    transaction(lambda session: _catch_up(session, since - CLOCKS))


def _catch_up(session: Session, since: datetime) -> None:
    late = select(Suppression.channel, Suppression.canonical).where(Suppression.created_at >= since)
    for channel, canonical in session.execute(late).all():
        stop(session, Channel(channel), canonical)


def _canceled(now: datetime) -> dict[str, object]:
    return {
        "status": MessageStatus.CANCELED.value,
        "due_at": None,
        "sealed": None,
        "settled_at": now,
        "error": ERROR,
    }
