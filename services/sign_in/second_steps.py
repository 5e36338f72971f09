"""The second step of a sign-in: a code that was sent, one of an app, or a recovery code; only then a session starts.

A code that was sent belongs to the person, not to the browser: after two sign-ins within the cool-down, it works on
either page. It still works only once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import totp
from domain.actions import Action
from domain.codes import parse_guess
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
from services.sign_in import (
    authenticators,
    password_proofs,
    recovery_codes,
    sessions,
    sign_in_steps,
    sign_ins,
    ways,
)
from services.sign_in.sessions import ConsoleSession
from services.sign_in.sign_ins import Browser
from services.sign_in.ways import Way
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
PURPOSE = "sign_in"
Proof = Callable[[Session, "Step"], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A sign-in that waits for its second step, and the ways to prove it, the strongest first."""

    id: str
    administrator_id: int
    email: str = field(repr=False)
    canonical: str = field(repr=False)
    channel: Channel
    to: str = field(repr=False)
    locale: str | None
    ways: tuple[Way, ...]
    sent: VerificationView | None

    @property
    def masked(self) -> str:
        """The masked destination of the code."""
        return mask(self.to)


def look(token: str) -> Step:
    """Return a sign-in that waits for its second step; raises NotFound where it has ended."""
    step = sign_in_steps.find(db.session(), token)
    allowed = ways.of(db.session(), step.administrator) if step else ()
    if step is None or not allowed:
        db.session.rollback()
        raise NotFound("there is no such sign-in")
    administrator = step.administrator
    channel = ways.channel_of(administrator)
    found = Step(
        id=step.id,
        administrator_id=administrator.id,
        email=administrator.email,
        canonical=administrator.canonical,
        channel=channel,
        to=(administrator.phone or "") if channel is Channel.SMS else administrator.email,
        locale=administrator.locale,
        ways=allowed,
        sent=_newest(administrator.id) if Way.CODE in allowed else None,
    )
    db.session.rollback()
    return found


def send(token: str, *, client_ip: str | None) -> None:
    """Send the code, or resend the pending one; raises NotFound and what `verifications.issue` raises."""
    step = look(token)
    if Way.CODE not in step.ways:
        raise NotFound("no codes are sent to this person")
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


def use_app_code(token: str, code: str, *, browser: Browser) -> tuple[str, ConsoleSession]:
    """Start a session with a code of an authenticator app; raises NotFound, MalformedCode, and what `prove` raises."""
    guess = parse_guess(code, length=totp.DIGITS)

    def proof(session: Session, step: Step) -> None:
        if not authenticators.use(session, step.administrator_id, guess):
            raise NotAuthenticated("the code of the authenticator app is wrong, or was used before")

    return prove(token, "app", proof, browser=browser, by_day=True)


def use_recovery_code(token: str, code: str, *, browser: Browser) -> tuple[str, ConsoleSession]:
    """Start a session with a recovery code instead; raises NotFound, and what `prove` raises."""

    def proof(session: Session, step: Step) -> None:
        if not recovery_codes.use(session, step.administrator_id, code):
            raise NotAuthenticated("the recovery code is wrong")
        by = Actor(step.administrator_id, step.email, browser.ip)
        left = {"codes_left": recovery_codes.left(step.administrator_id)}
        subject, action = mask(step.email), Action.RECOVERY_CODE_USED
        trail.note(session, by, action, subject, subject_id=step.administrator_id, after=left)

    return prove(token, "recovery", proof, browser=browser)


def prove(
    token: str, kind: str, proof: Proof, *, browser: Browser, by_day: bool = False
) -> tuple[str, ConsoleSession]:
    """Start a session in the transaction of a proof, which raises NotAuthenticated where it fails.

    The failure is counted before the proof, as for a password. Also raises NotFound and LimitExceeded.
    """
    step = look(token)
    account = f"{kind} {step.canonical}"
    password_proofs.ensure_room_of_address(browser.ip)
    counted_at = password_proofs.count_failure(account, by_day=by_day)

    def work(session: Session) -> tuple[str, ConsoleSession]:
        proof(session, step)
        return _start(session, token, browser)

    try:
        started = transaction(work)
    except NotAuthenticated:
        _refused(step, browser)
        raise
    password_proofs.take_back_failure(account, counted_at, by_day=by_day)
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
