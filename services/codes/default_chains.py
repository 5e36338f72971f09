"""What owners of the installation set for each purpose: the order of the channels of a fallback, and the waits."""

import logging
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.fallback import FIELD, Chain, check_seconds
from domain.purposes import check_purpose
from domain.statuses import Channel
from exts import db
from models import DefaultStep
from services.audit import trail
from services.audit.trail import Actor
from services.storage.transactions import change, transaction

log = logging.getLogger(__name__)


def of(purpose: str) -> Chain:
    """Return the chain of a purpose, empty where it has none."""
    return everything(purpose).get(purpose, {})


def everything(purpose: str | None = None) -> Mapping[str, Chain]:
    """Return the chains by purpose, in the order of the alphabet; `purpose`: of this one only."""
    rows = select(DefaultStep).order_by(DefaultStep.purpose, DefaultStep.number)
    if purpose is not None:
        rows = rows.where(DefaultStep.purpose == purpose)
    found: dict[str, dict[Channel, int]] = {}
    for row in db.session.scalars(rows):
        found.setdefault(row.purpose, {})[Channel(row.channel)] = row.after_seconds
    db.session.rollback()
    return found


def put(purpose: str, links: Sequence[tuple[Channel, int]], *, by: Actor) -> None:
    """Set the chain of a purpose, in place of the one before; raises InvalidInput.

    It holds for verifications that are issued from now on.
    """
    check_purpose(purpose)
    chain = {channel: check_seconds(seconds) for channel, seconds in links}
    if not links or len(chain) < len(links):
        raise InvalidInput(FieldProblem(FIELD, "must have one or more channels, each once"))

    def work(session: Session) -> None:
        before = _remove(session, purpose)
        session.add_all(
            DefaultStep(purpose=purpose, number=number, channel=channel.value, after_seconds=seconds)
            for number, (channel, seconds) in enumerate(links, 1)
        )
        after = _told(chain)
        trail.note(session, by, Action.FALLBACK_SET, purpose, subject_id=purpose, before=before, after=after)

    transaction(work)
    log.info("the fallback of the purpose %s is set", purpose)


def remove(purpose: str, *, by: Actor) -> None:
    """Remove the chain of a purpose; raises NotFound."""

    def work(session: Session) -> None:
        before = _remove(session, purpose)
        if not before:
            raise NotFound("no such fallback")
        trail.note(session, by, Action.FALLBACK_REMOVED, purpose, subject_id=purpose, before=before)

    transaction(work)
    log.info("the fallback of the purpose %s is removed", purpose)


def _remove(session: Session, purpose: str) -> dict[str, str]:
    """Delete the rows of a purpose, and return them for the audit."""
    of_purpose = DefaultStep.purpose == purpose
    links = select(DefaultStep.channel, DefaultStep.after_seconds).where(of_purpose)
    before = _told(
        {Channel(link[0]): link[1] for link in session.execute(links.order_by(DefaultStep.number))}
    )
    change(session, delete(DefaultStep).where(of_purpose))
    return before


def _told(chain: Chain) -> dict[str, str]:
    return {channel.value: f"{seconds} s" for channel, seconds in chain.items()}
