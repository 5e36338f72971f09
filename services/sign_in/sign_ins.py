"""The history of sign-in attempts: kept for up to 90 days, read newest first."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.destinations import mask
from domain.errors import InvalidDestination
from domain.statuses import SignInOutcome
from exts import db
from models import SignIn
from services.people.administrators import parse_email
from services.storage.transactions import transaction

KEPT = timedelta(days=90)
"""How long an attempt is kept at most; the purge may be set to delete it sooner."""
PAGE = 50


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody signs in."""

    ip: str | None
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignInView:
    """One attempt; the typed address is masked."""

    id: int
    at: datetime
    administrator_id: int | None
    typed: str = field(repr=False)
    outcome: str
    ip: str | None
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignIns:
    """A page of the history; `older_than` requests the next page, None on the last."""

    shown: tuple[SignInView, ...]
    older_than: int | None


def note(
    session: Session, outcome: SignInOutcome, email: str, administrator_id: int | None, browser: Browser
) -> None:
    """Record one attempt in the caller's transaction, with the typed address masked."""
    session.add(
        SignIn(
            at=datetime.now(UTC),
            administrator_id=administrator_id,
            typed=_masked(email),
            outcome=outcome.value,
            ip=browser.ip,
            user_agent=browser.user_agent[:255],
        )
    )


def note_failure(outcome: SignInOutcome, email: str, administrator_id: int | None, browser: Browser) -> None:
    """Record one failed attempt in its own transaction, because that of the refused request is rolled back."""
    transaction(lambda session: note(session, outcome, email, administrator_id, browser))


def of(administrator_id: int | None = None, *, older_than: int | None = None) -> SignIns:
    """Return the newest attempts of one administrator, or of everybody, including those with unknown addresses."""
    wanted = select(SignIn).order_by(SignIn.id.desc()).limit(PAGE + 1)
    if administrator_id is not None:
        wanted = wanted.where(SignIn.administrator_id == administrator_id)
    if older_than is not None:
        wanted = wanted.where(SignIn.id < older_than)
    found = [_view(row) for row in db.session.scalars(wanted)]
    db.session.rollback()
    return SignIns(tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None)


def _masked(email: str) -> str:
    """Mask an address; return nothing for text that is not an address, because it may be a password."""
    try:
        return mask(parse_email(email).canonical)
    except InvalidDestination:
        return ""


def _view(row: SignIn) -> SignInView:
    return SignInView(
        row.id, row.at, row.administrator_id, row.typed, row.outcome, row.ip, row.user_agent or ""
    )
