"""The second step of an administrator's own sign-ins: switch it on by entering a code, switch it off, recovery codes.

Whether it is required for everybody is a setting, SECOND_FACTOR_REQUIRED, and not a switch in the console: an attacker
in an owner's browser can't turn it off, and an operator can without signing in, if codes stop arriving.
"""

import logging
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import Conflict, NotFound, PasswordNeeded
from domain.owners import Owner
from domain.statuses import Channel, VerificationStatus
from exts import db
from models import Administrator, Verification
from services.account.accounts import living, note
from services.codes import checks, verifications
from services.codes.checks import CheckResult
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.languages import locales
from services.people.administrators import end_sessions
from services.sign_in import recovery_codes
from services.sign_in.sessions import ConsoleSession, needs_password
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
PURPOSE = "second_factor"


def is_required() -> bool:
    """Tell whether a second step is required for everybody."""
    return bool(current_app.config["SECOND_FACTOR_REQUIRED"])


def send_code(session: ConsoleSession, channel: Channel, *, client_ip: str | None) -> None:
    """Send a code to the mailbox or phone of the account, to prove that codes arrive there.

    Raises PasswordNeeded, Conflict where no phone is bound, and what `verifications.issue` raises.
    """
    _require_password(session)
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
    """Check the code; with the right one switch the second step on and return new recovery codes.

    All other sessions end. Raises PasswordNeeded, NotFound where no code was sent, and what `checks.check` raises.
    """
    _require_password(session)
    sent = progress(session)
    if sent is None:
        raise NotFound("no code was sent")
    codes: list[str] = []

    def effect(database: Session) -> None:
        administrator = living(database, session)
        before = {"second_factor": administrator.second_factor}
        administrator.second_factor = sent.channel
        codes[:] = recovery_codes.make(database, administrator.id)
        end_sessions(database, administrator.id, datetime.now(UTC), but=session.id)
        after = {"second_factor": sent.channel, "codes_left": len(codes)}
        note(database, administrator, Action.SECOND_FACTOR_ON, client_ip, before=before, after=after)

    return checks.check(sent.id, code, _owner(session), effect=effect), codes


def renew_codes(session: ConsoleSession, *, client_ip: str | None) -> list[str]:
    """Replace the recovery codes; the old ones stop working. Raises PasswordNeeded."""
    _require_password(session)

    def work(database: Session) -> list[str]:
        administrator = living(database, session)
        codes = recovery_codes.make(database, administrator.id)
        after = {"codes_left": len(codes)}
        note(database, administrator, Action.RECOVERY_CODES_MADE, client_ip, after=after)
        return codes

    return transaction(work)


def turn_off(session: ConsoleSession, *, client_ip: str | None) -> None:
    """Switch the second step off; raises PasswordNeeded, and Conflict where it is required for everybody."""
    _require_password(session)
    if is_required():
        raise Conflict("a second step is required for everybody")

    def work(database: Session) -> None:
        administrator = living(database, session)
        if administrator.second_factor is not None:
            before, after = {"second_factor": administrator.second_factor}, {"second_factor": None}
            note(database, administrator, Action.SECOND_FACTOR_OFF, client_ip, before=before, after=after)
        drop(database, administrator)

    transaction(work)


def drop(database: Session, administrator: Administrator) -> None:
    """Switch the second step off and delete the recovery codes, in the caller's transaction."""
    administrator.second_factor = None
    recovery_codes.drop(database, administrator.id)


def _require_password(session: ConsoleSession) -> None:
    if needs_password(session):
        raise PasswordNeeded("the password was proven too long ago")


def _owner(session: ConsoleSession) -> Owner:
    return Owner(f"session:{session.id}")
