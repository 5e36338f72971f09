"""Console sessions: sign in, resume, prove the password again, end."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from domain.codes import new_id
from domain.destinations import mask
from domain.errors import InvalidDestination, NotAuthenticated
from domain.limits import Window
from exts import db
from models import Administrator, AdministratorSession
from services import limits, send_limits
from services.administrator_views import AdministratorView, view
from services.administrators import parse_email
from services.passwords import hash_password, is_password, needs_rehash
from services.runtime import runtime
from services.transactions import statements, transaction

log = logging.getLogger(__name__)
FAILURES_SECONDS = 300
SEEN_EVERY_SECONDS = 60
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """One sign-in and who signed in, as they were when the request began."""

    id: str
    administrator: AdministratorView
    signed_in_at: datetime
    password_at: datetime


def sign_in(email: str, password: str, *, ip: str | None, user_agent: str) -> tuple[str, ConsoleSession]:
    """Start a session; return the token for the cookie, of which only a hash is kept, and the session.

    An unknown or disabled account costs the same work and raises the same error as a wrong password. Raises
    NotAuthenticated, and LimitExceeded after too many failures of the account or the address.
    """
    account = _account(email)
    found = db.session.execute(
        select(Administrator.id, Administrator.password_hash).where(
            Administrator.canonical == account, Administrator.disabled_at.is_(None)
        )
    ).one_or_none()
    db.session.rollback()
    _prove(account, found.password_hash if found else None, password, ip)
    assert found is not None
    token = secrets.token_urlsafe(TOKEN_BYTES)

    def work(session: Session) -> ConsoleSession:
        now = datetime.now(UTC)
        administrator = session.get_one(Administrator, found.id)
        if needs_rehash(administrator.password_hash):
            administrator.password_hash = hash_password(password)
        started = AdministratorSession(
            id=new_id(),
            token_hash=_hash(token),
            administrator=administrator,
            signed_in_at=now,
            password_at=now,
            last_seen_at=now,
            ip=ip,
            user_agent=user_agent[:255],
        )
        session.add(started)
        return _session_view(started)

    started = transaction(work)
    log.info("administrator %s signed in from %s", started.administrator.id, ip)
    return token, started


def resume(token: str) -> ConsoleSession | None:
    """Return the living session of a cookie's token and note, once a minute, that it was seen."""
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
    """End one session: its cookie is worth nothing from now on."""
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
    _prove(session.administrator.canonical, stored, password, ip)
    transaction(
        lambda database: database.execute(
            update(AdministratorSession)
            .where(AdministratorSession.id == session.id)
            .values(password_at=datetime.now(UTC))
        )
    )


def _prove(account: str, stored: str | None, password: str, ip: str | None) -> None:
    """Raise NotAuthenticated where the password is wrong.

    The failure of the account is counted before the password is looked at, and taken back where it is right, so that
    parallel guesses can't share one.
    """
    settings, windows = current_app.config, runtime().windows
    per_address = ("sign_in_failures_per_ip", _address(ip), settings["SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES"])
    windows.ensure_room(*per_address, FAILURES_SECONDS)
    key, counted_at = _count_failure(account)
    if not is_password(stored, password):
        log.warning("sign-in of %s from %s refused", mask(account) if "@" in account else "no address", ip)
        windows.hit(*per_address, FAILURES_SECONDS)
        raise NotAuthenticated("e-mail address or password is wrong")
    limits.take_back(key, _failure_windows(), counted_at)


def _count_failure(account: str) -> tuple[str, datetime]:
    key = "sign_in|" + hashlib.sha256(account.encode()).hexdigest()

    def work(connection: Connection) -> datetime:
        now = datetime.now(UTC)
        counted = limits.look(connection, key, _failure_windows())
        limits.ensure_room(counted, now)
        limits.count(connection, counted, now)
        return now

    return key, statements(work)


def _failure_windows() -> list[Window]:
    count = current_app.config["SIGN_IN_FAILURES_PER_5_MINUTES"]
    return [Window("sign_in_failures", count, FAILURES_SECONDS)]


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
    """Return the canonical address of an account, or what was typed where that is no address."""
    try:
        return parse_email(email).canonical
    except InvalidDestination:
        return email.strip().lower()


def _address(ip: str | None) -> str:
    return send_limits.address_key(ip) if ip else "unknown"


def _hash(token: str) -> str:
    """SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _session_view(session: AdministratorSession) -> ConsoleSession:
    return ConsoleSession(session.id, view(session.administrator), session.signed_in_at, session.password_at)
