"""The second step of an administrator's own sign-ins: codes that are sent, recovery codes, switching it off.

Whether it is required for everybody is a setting, SECOND_FACTOR_REQUIRED, and not a switch in the console: an attacker
in an owner's browser can't turn it off, and an operator can without signing in, if codes stop arriving.
"""

import logging
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import Conflict, NotFound
from domain.owners import Owner
from domain.statuses import Channel, Lane, VerificationStatus
from exts import db
from models import Administrator, Authenticator, Passkey, Verification
from services.account import second_factor_changes as changes
from services.account.accounts import living, note
from services.codes import checks, verifications
from services.codes.checks import CheckResult
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.languages import locales
from services.outbox.bell import Bell
from services.process.parts import part
from services.sign_in import recovery_codes
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import change, transaction

log = logging.getLogger(__name__)
PURPOSE = "second_factor"


def send_code(session: ConsoleSession, channel: Channel, *, client_ip: str | None) -> None:
    """Send a code to the mailbox or phone of the account, to prove that codes arrive there.

    Raises PasswordNeeded, Conflict where no phone is bound, and what `verifications.issue` raises.
    """
    changes.require_password(session)
    administrator = session.administrator
    to = administrator.email if channel is Channel.EMAIL else administrator.phone
    if to is None:
        raise Conflict("no phone is bound")
    sent = progress(session)
    if sent and sent.status is VerificationStatus.PENDING:
        if sent.to == to:
            verifications.resend(sent.id, _owner(session))
            return
        verifications.cancel(sent.id, _owner(session))
    locale = administrator.locale or locales.of_request()
    request = Request(
        channel, to, purpose=PURPOSE, locale=locale, client_ip=client_ip, has_cooldown=sent is not None
    )
    verifications.issue(request, _owner(session))


def progress(session: ConsoleSession) -> VerificationView | None:
    """Return the newest pending verification of this session."""
    owner = _owner(session)
    newest = db.session.scalar(
        select(Verification.id)
        .where(Verification.owner == owner.id, Verification.purpose == PURPOSE)
        .where(Verification.used_at.is_(None), Verification.canceled_at.is_(None))
        .where(Verification.expires_at > datetime.now(UTC))
        .order_by(Verification.created_at.desc())
        .limit(1)
    )
    found = verifications.get(newest, owner) if newest else None
    db.session.rollback()
    return found


def confirm(session: ConsoleSession, code: str, *, client_ip: str | None) -> tuple[CheckResult, list[str]]:
    """Check the code; with the right one send codes there from then on.

    Returns recovery codes where this is the first way of the second step. Raises PasswordNeeded, NotFound where no code
    was sent, and what `checks.check` raises.
    """
    changes.require_password(session)
    sent = progress(session)
    if sent is None:
        raise NotFound("no code was sent")
    codes: list[str] = []

    def effect(database: Session) -> None:
        administrator = living(database, session)
        before = changes.names(database, administrator)
        administrator.second_factor = sent.channel
        codes[:] = changes.added(database, session, administrator, before, Action.SECOND_FACTOR_ON, client_ip)

    return checks.check(sent.id, code, _owner(session), effect=effect), codes


def renew_codes(session: ConsoleSession, *, client_ip: str | None) -> list[str]:
    """Replace the recovery codes; the old ones stop working. Raises PasswordNeeded."""
    changes.require_password(session)

    def work(database: Session) -> list[str]:
        administrator = living(database, session)
        codes = recovery_codes.make(database, administrator.id)
        after = {"codes_left": len(codes)}
        note(database, administrator, Action.RECOVERY_CODES_MADE, client_ip, after=after)
        return codes

    return transaction(work)


def stop_codes(session: ConsoleSession, *, client_ip: str | None) -> None:
    """Send no codes any more; other ways stay.

    Raises PasswordNeeded, and Conflict as `second_factor_changes.removed` does.
    """
    changes.require_password(session)

    def work(database: Session) -> bool:
        administrator = living(database, session)
        before = changes.names(database, administrator)
        if administrator.second_factor is None:
            return False
        administrator.second_factor = None
        changes.removed(database, administrator, before, Action.SECOND_FACTOR_OFF, client_ip)
        changes.tell(database, administrator, "codes_removed")
        return True

    if transaction(work):
        part(Bell).ring(Lane.EMAIL)


def turn_off(session: ConsoleSession, *, client_ip: str | None) -> None:
    """Remove every way and the recovery codes.

    Raises PasswordNeeded, and Conflict where a second step is required for everybody.
    """
    changes.require_password(session)
    if changes.is_required():
        raise Conflict("a second step is required for everybody")

    def work(database: Session) -> bool:
        administrator = living(database, session)
        before = changes.names(database, administrator)
        drop(database, administrator)
        if before:
            changes.removed(database, administrator, before, Action.SECOND_FACTOR_OFF, client_ip)
            changes.tell(database, administrator, "off")
        return bool(before)

    if transaction(work):
        part(Bell).ring(Lane.EMAIL)


def drop(database: Session, administrator: Administrator) -> None:
    """Remove every way of the second step and the recovery codes, in the caller's transaction."""
    own = administrator.id
    administrator.second_factor = None
    change(database, delete(Authenticator).where(Authenticator.administrator_id == own))
    change(database, delete(Passkey).where(Passkey.administrator_id == own))
    recovery_codes.drop(database, own)


def _owner(session: ConsoleSession) -> Owner:
    return Owner(f"session:{session.id}")
