"""Console sessions: sign in, resume, prove the password again, end."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.codes import new_id
from domain.errors import InvalidDestination, NotAuthenticated, SecondStepNeeded
from domain.statuses import SignInOutcome
from exts import db
from models import Administrator, AdministratorSession
from services.people.administrator_views import AdministratorView, view
from services.people.administrators import parse_email
from services.people.passwords import hash_password, needs_rehash
from services.sign_in import sign_in_steps, sign_ins, ways
from services.sign_in.password_proofs import prove
from services.sign_in.sign_ins import Browser
from services.storage.exact import exactly
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
SEEN_EVERY_SECONDS = 60
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A session and its administrator, as they were when the request began."""

    id: str
    administrator: AdministratorView
    signed_in_at: datetime
    password_at: datetime


def sign_in(email: str, password: str, *, ip: str | None, user_agent: str) -> tuple[str, ConsoleSession]:
    """Start a session; return the token for the cookie, which is stored only as a hash, and the session.

    An unknown or disabled account costs the same work and raises the same error as a wrong password. Raises
    NotAuthenticated, SecondStepNeeded where a code has to be entered first, and LimitExceeded after too many failures
    of the account or the IP address.
    """
    account, browser = _account(email), Browser(ip, user_agent)
    found = db.session.execute(
        select(Administrator.id, Administrator.password_hash, Administrator.disabled_at).where(
            exactly(Administrator.canonical, account)
        )
    ).one_or_none()
    db.session.rollback()
    stored = found.password_hash if found and found.disabled_at is None else None
    try:
        prove(account, stored, password, ip)
    except NotAuthenticated:
        known = found.id if found else None
        sign_ins.note_failure(SignInOutcome.WRONG_PASSWORD, email, known, browser)
        raise
    assert found is not None

    def work(session: Session) -> tuple[str, ConsoleSession | None]:
        administrator = session.get_one(Administrator, found.id, populate_existing=True)
        if needs_rehash(administrator.password_hash):
            administrator.password_hash = hash_password(password)
        needs_code = bool(ways.of(session, administrator))
        outcome = SignInOutcome.CODE_ASKED if needs_code else SignInOutcome.SIGNED_IN
        sign_ins.note(session, outcome, email, found.id, browser)
        if needs_code:
            return sign_in_steps.begin(session, administrator, browser), None
        return start(session, administrator, browser)

    token, started = transaction(work)
    if started is None:
        raise SecondStepNeeded(token)
    log.info("administrator %s signed in from %s", started.administrator.id, ip)
    return token, started


def start(session: Session, administrator: Administrator, browser: Browser) -> tuple[str, ConsoleSession]:
    """Start a session in the caller's transaction, for an administrator who has passed every step."""
    token, now = secrets.token_urlsafe(TOKEN_BYTES), datetime.now(UTC)
    started = AdministratorSession(
        id=new_id(),
        token_hash=_hash(token),
        administrator=administrator,
        signed_in_at=now,
        password_at=now,
        last_seen_at=now,
        ip=browser.ip,
        user_agent=browser.user_agent[:255],
    )
    session.add(started)
    return token, _session_view(started)


def resume(token: str) -> ConsoleSession | None:
    """Return the active session of a cookie's token, and note at most once a minute that it was seen."""
    now = datetime.now(UTC)
    found = db.session.scalars(
        select(AdministratorSession).where(AdministratorSession.token_hash == _hash(token))
    ).one_or_none()
    living = _session_view(found) if found and _is_living(found, now) else None
    seen_at = found.last_seen_at if found else now
    db.session.rollback()
    if living and now - seen_at >= timedelta(seconds=SEEN_EVERY_SECONDS):
        _note_seen(living.id, now)
    return living


def end(session_id: str) -> None:
    """End one session: its cookie stops working."""
    transaction(
        lambda session: session.execute(
            update(AdministratorSession)
            .where(AdministratorSession.id == session_id, AdministratorSession.ended_at.is_(None))
            .values(ended_at=datetime.now(UTC))
        )
    )


def needs_password(session: ConsoleSession) -> bool:
    """Tell whether the password was proven too long ago for a change of the account."""
    seconds = current_app.config["REAUTHENTICATION_SECONDS"]
    return seconds > 0 and datetime.now(UTC) - session.password_at > timedelta(seconds=seconds)


def prove_password(session: ConsoleSession, password: str, *, ip: str | None) -> None:
    """Note that the password was proven again; raises NotAuthenticated and LimitExceeded as `sign_in` does."""
    stored = db.session.scalar(
        select(Administrator.password_hash).where(Administrator.id == session.administrator.id)
    )
    db.session.rollback()
    prove(session.administrator.canonical, stored, password, ip)
    transaction(
        lambda database: database.execute(
            update(AdministratorSession)
            .where(AdministratorSession.id == session.id)
            .values(password_at=datetime.now(UTC))
        )
    )


def _is_living(session: AdministratorSession, now: datetime) -> bool:
    settings = current_app.config
    idle, life = settings["SESSION_IDLE_SECONDS"], settings["SESSION_LIFE_SECONDS"]
    return (
        session.ended_at is None
        and session.administrator.disabled_at is None
        and (idle == 0 or now - session.last_seen_at <= timedelta(seconds=idle))
        and (life == 0 or now - session.signed_in_at <= timedelta(seconds=life))
    )


def _note_seen(session_id: str, now: datetime) -> None:
    transaction(
        lambda session: session.execute(
            update(AdministratorSession)
            .where(AdministratorSession.id == session_id, AdministratorSession.last_seen_at < now)
            .values(last_seen_at=now)
        )
    )


def _account(email: str) -> str:
    """Return the canonical address of an account, or the typed text where it is not an address."""
    try:
        return parse_email(email).canonical
    except InvalidDestination:
        return email.strip().lower()


def _hash(token: str) -> str:
    """SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _session_view(session: AdministratorSession) -> ConsoleSession:
    return ConsoleSession(session.id, view(session.administrator), session.signed_in_at, session.password_at)
