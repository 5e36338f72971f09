"""Switch the second step off for an administrator who has lost it, and tell them by mail."""

import logging
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import mask
from domain.errors import NotFound, OwnAccount
from domain.keyring import Keyring
from domain.statuses import Lane
from models import Administrator
from services.account.second_factor import drop
from services.account.second_factor_changes import names
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.outbox import outbox
from services.outbox.administrator_mails import notice
from services.outbox.bell import Bell
from services.people.administrators import end_sessions, parse_email
from services.process.parts import part
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
TEMPLATE = "second_step_reset"


def reset(email: str, *, by: Actor = COMMAND_LINE) -> bool:
    """Switch the second step off, end all sessions and send a mail; return False where it was off already.

    Raises NotFound, and OwnAccount where `by` is the same person, who has to use the account page instead.
    """
    canonical = parse_email(email).canonical

    def work(database: Session) -> bool:
        administrator = database.scalar(select(Administrator).filter_by(canonical=canonical))
        if administrator is None:
            raise NotFound("no administrator has this e-mail address")
        if administrator.id == by.id:
            raise OwnAccount
        before, now = names(database, administrator), datetime.now(UTC)
        drop(database, administrator)
        if not before:
            return False
        end_sessions(database, administrator.id, now)
        told: dict[str, dict[str, Any]] = {
            "before": {"second_factor": before},
            "after": {"second_factor": []},
        }
        subject, id = mask(administrator.email), administrator.id
        trail.note(database, by, Action.SECOND_FACTOR_RESET, subject, subject_id=id, **told)
        _tell(database, administrator, now)
        return True

    was_on = transaction(work)
    if was_on:
        part(Bell).ring(Lane.EMAIL)
        log.info("the second step of %s is switched off", mask(email))
    return was_on


def _tell(database: Session, administrator: Administrator, now: datetime) -> None:
    mail = notice(
        TEMPLATE,
        administrator.email,
        now,
        owner=f"administrator:{administrator.id}",
        locale=administrator.locale,
        zone=administrator.zone,
    )
    outbox.put(database, part(Keyring), [mail], now)
