"""What every change of somebody's second step does: recovery codes, other sessions, the audit, a mail to the person."""

from datetime import UTC, datetime

from flask import current_app
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import Conflict, PasswordNeeded
from domain.keyring import Keyring
from models import Administrator
from services.account.accounts import note
from services.languages import locales
from services.outbox import outbox
from services.outbox.administrator_mails import notice
from services.people.administrators import end_sessions
from services.process.parts import part
from services.sign_in import recovery_codes, ways
from services.sign_in.sessions import ConsoleSession, needs_password

TEMPLATE = "second_step_changed"


def is_required() -> bool:
    """Tell whether a second step is required for everybody."""
    return bool(current_app.config["SECOND_FACTOR_REQUIRED"])


def require_password(session: ConsoleSession) -> None:
    """Raise PasswordNeeded where the password was proven too long ago."""
    if needs_password(session):
        raise PasswordNeeded("the password was proven too long ago")


def names(database: Session, administrator: Administrator) -> list[str]:
    """Return the ways that somebody has set up, for the audit."""
    return ways.names(ways.chosen(database, administrator), administrator)


def added(
    database: Session,
    session: ConsoleSession,
    administrator: Administrator,
    before: list[str],
    action: Action,
    ip: str | None,
) -> list[str]:
    """Record a new way in the caller's transaction.

    The first one ends all other sessions and returns ten recovery codes; with later ones the old codes stay.
    """
    database.flush()
    codes = [] if before else recovery_codes.make(database, administrator.id)
    if not before:
        end_sessions(database, administrator.id, datetime.now(UTC), but=session.id)
    after = {"second_factor": names(database, administrator), **({"codes_left": len(codes)} if codes else {})}
    note(database, administrator, action, ip, before={"second_factor": before}, after=after)
    return codes


def removed(
    database: Session, administrator: Administrator, before: list[str], action: Action, ip: str | None
) -> None:
    """Record that a way is gone; without any left the recovery codes go, too.

    Raises Conflict where it was the last one and a second step is required for everybody.
    """
    database.flush()
    left = names(database, administrator)
    if not left:
        if is_required():
            raise Conflict("a second step is required for everybody")
        recovery_codes.drop(database, administrator.id)
    told = {"before": {"second_factor": before}, "after": {"second_factor": left}}
    note(database, administrator, action, ip, **told)


def tell(database: Session, administrator: Administrator, change: str) -> None:
    """Put a mail to the person into the outbox; `change` chooses its sentence. The caller rings."""
    now = datetime.now(UTC)
    has_any = bool(ways.chosen(database, administrator))
    mail = notice(
        TEMPLATE,
        administrator.email,
        now,
        owner=f"administrator:{administrator.id}",
        locale=administrator.locale or locales.of_request(),
        zone=administrator.zone,
        change=change,
        is_on="yes" if has_any else "",
    )
    outbox.put(database, part(Keyring), [mail], now)
