"""Tell those who sent bulk messages to a recipient that it has unsubscribed, or that mail to it bounces."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.events import EventType
from domain.statuses import Channel, Priority, SuppressionReason
from models import Message, clock
from services.events import telling
from services.events.listeners import any_wants, listening
from services.events.telling import News

_KINDS = {
    SuppressionReason.UNSUBSCRIBED: EventType.RECIPIENT_UNSUBSCRIBED,
    SuppressionReason.BOUNCE: EventType.RECIPIENT_BOUNCED,
}
MOST_OWNERS = 100


def tell(
    session: Session, channel: Channel, canonical: str, reason: SuppressionReason, owner: str | None = None
) -> None:
    """Tell of a recipient's suppression, where it was not an operator's; the caller commits.

    `owner`: somebody who is told as well, because a message of theirs was the reason.
    """
    kind = _KINDS.get(reason)
    listeners = listening(session)
    if kind is None or not any_wants(listeners, (kind,)):
        return
    theirs = (Message.canonical == canonical, Message.channel == channel.value)
    bulk = Message.priority == int(Priority.BULK)
    owners = set(session.scalars(select(Message.owner).where(*theirs, bulk).distinct().limit(MOST_OWNERS)))
    owners |= {owner} if owner else set()
    told = {"channel": channel.value, "to": canonical, "reason": reason.value}
    telling.tell(session, listeners, [News(kind, "", told, tuple(owners))], clock.now())
