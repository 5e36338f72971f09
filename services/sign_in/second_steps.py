"""The second step of a sign-in: send the code, check it or a recovery code, and only then start a session.

The code belongs to the person, not to the browser: after two sign-ins within the cool-down, the one code that was sent
works on either page. It still works only once.
"""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import mask
from domain.errors import NotAuthenticated, NotFound
from domain.owners import Owner
from domain.statuses import Channel, SignInOutcome, VerificationStatus
from exts import db
from models import SignInStep, Verification
from services.audit import trail
from services.audit.trail import Actor
from services.codes import checks, verifications
from services.codes.checks import CheckResult
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.languages import locales
from services.sign_in import password_proofs, recovery_codes, sessions, sign_in_steps, sign_ins
from services.sign_in.sessions import ConsoleSession
from services.sign_in.sign_ins import Browser
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
PURPOSE = "sign_in"


@dataclass(frozen=True, slots=True)
class Step:
    """A sign-in that waits for its code."""

    id: str
    administrator_id: int
    email: str = field(repr=False)
    canonical: str = field(repr=False)
    channel: Channel
    to: str = field(repr=False)
    locale: str | None
    sent: VerificationView | None

    @property
    def masked(self) -> str:
        """The masked destination of the code."""
        return mask(self.to)


def look(token: str) -> Step:
    """Return a sign-in that waits for its code; raises NotFound where it has expired, was ended, or is complete."""
    step = sign_in_steps.find(db.session(), token)
    if step is None:
        db.session.rollback()
        raise NotFound("there is no such sign-in")
    administrator = step.administrator
    channel = sign_in_steps.channel_of(administrator) or Channel.EMAIL
    found = Step(
        id=step.id,
        administrator_id=administrator.id,
        email=administrator.email,
        canonical=administrator.canonical,
        channel=channel,
        to=(administrator.phone or "") if channel is Channel.SMS else administrator.email,
        locale=administrator.locale,
        sent=_newest(administrator.id),
    )
    db.session.rollback()
    return found


def send(token: str, *, client_ip: str | None) -> None:
    """Send the code, or resend the pending one; raises NotFound and what `verifications.issue` raises."""
    step = look(token)
    if step.sent and step.sent.status is VerificationStatus.PENDING and step.sent.to == step.to:
        verifications.resend(step.sent.id, _owner(step.administrator_id))
        return
    locale = step.locale or locales.of_request()
    request = Request(
        step.channel,
        step.to,
        purpose=PURPOSE,
        locale=locale,
        client_ip=client_ip,
        has_cooldown=step.sent is not None,
    )
    verifications.issue(request, _owner(step.administrator_id))


def check(token: str, code: str, *, browser: Browser) -> tuple[CheckResult, str, ConsoleSession | None]:
    """Check the code; with the right one start the session in the same transaction and return its token.

    Raises NotFound, LimitExceeded, and what `checks.check` raises.
    """
    step = look(token)
    if step.sent is None:
        raise NotFound("no code was sent")
    password_proofs.ensure_room_of_address(browser.ip)
    started: list[tuple[str, ConsoleSession]] = []

    def effect(session: Session) -> None:
        started[:] = [_start(session, token, browser)]

    result = checks.check(step.sent.id, code, _owner(step.administrator_id), effect=effect)
    if not result.valid:
        _refused(step, browser)
        return result, "", None
    return result, *started[0]


def use_recovery_code(token: str, code: str, *, browser: Browser) -> tuple[str, ConsoleSession]:
    """Start a session with a recovery code instead; raises NotFound, NotAuthenticated and LimitExceeded.

    The failure is counted before the code is checked, as for a password.
    """
    step = look(token)
    account = f"recovery {step.canonical}"
    password_proofs.ensure_room_of_address(browser.ip)
    counted_at = password_proofs.count_failure(account)

    def work(session: Session) -> tuple[str, ConsoleSession]:
        if not recovery_codes.use(session, step.administrator_id, code):
            raise NotAuthenticated("the recovery code is wrong")
        by = Actor(step.administrator_id, step.email, browser.ip)
        left = {"codes_left": recovery_codes.left(step.administrator_id)}
        subject, action = mask(step.email), Action.RECOVERY_CODE_USED
        trail.note(session, by, action, subject, subject_id=step.administrator_id, after=left)
        return _start(session, token, browser)

    try:
        started = transaction(work)
    except NotAuthenticated:
        _refused(step, browser)
        raise
    password_proofs.take_back_failure(account, counted_at)
    return started


def _start(session: Session, token: str, browser: Browser) -> tuple[str, ConsoleSession]:
    """Start the session of a proven step, once; raises NotFound where the step has ended in between."""
    step: SignInStep | None = sign_in_steps.find(session, token)
    if step is None or not sign_in_steps.end(session, step.id):
        raise NotFound("there is no such sign-in")
    administrator = step.administrator
    sign_ins.note(session, SignInOutcome.SIGNED_IN, administrator.email, administrator.id, browser)
    log.info("administrator %s signed in from %s with a second step", administrator.id, browser.ip)
    return sessions.start(session, administrator, browser)


def _refused(step: Step, browser: Browser) -> None:
    sign_ins.note_failure(SignInOutcome.WRONG_CODE, step.email, step.administrator_id, browser)
    log.warning("second step of administrator %s from %s refused", step.administrator_id, browser.ip)
    password_proofs.count_address(browser.ip)


def _newest(administrator_id: int) -> VerificationView | None:
    """Return a person's newest unused code that is young enough to belong to a sign-in step."""
    owner, since = _owner(administrator_id), datetime.now(UTC) - sign_in_steps.LIFE
    found = db.session.scalar(
        select(Verification.id)
        .where(Verification.owner == owner.id, Verification.purpose == PURPOSE)
        .where(Verification.created_at > since, Verification.used_at.is_(None))
        .order_by(Verification.created_at.desc())
        .limit(1)
    )
    return verifications.get(found, owner) if found else None


def _owner(administrator_id: int) -> Owner:
    return Owner(f"sign_in:{administrator_id}")
