"""A sign-in between the password and the second step."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.codes import new_id
from models import Administrator, SignInStep
from services.sign_in.sign_ins import Browser
from services.storage.transactions import change

LIFE = timedelta(minutes=15)
TOKEN_BYTES = 32


def begin(session: Session, administrator: Administrator, browser: Browser) -> str:
    """Note in the caller's transaction that the password was right; return the token for the cookie."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        SignInStep(
            id=new_id(),
            token_hash=_hash(token),
            administrator=administrator,
            started_at=datetime.now(UTC),
            ip=browser.ip,
            user_agent=browser.user_agent[:255],
        )
    )
    return token


def find(session: Session, token: str) -> SignInStep | None:
    """Return the step of a token, None where it has expired or its administrator is disabled."""
    step = session.scalars(
        select(SignInStep)
        .where(SignInStep.token_hash == _hash(token), SignInStep.started_at > datetime.now(UTC) - LIFE)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return step if step and step.administrator.disabled_at is None else None


def end(session: Session, step_id: str) -> bool:
    """End one step; return True only to the call that ended it, if several run in parallel."""
    return bool(change(session, delete(SignInStep).where(SignInStep.id == step_id)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
