"""The rows of a verification: the challenge itself, and each message that carries its code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from domain import codes
from domain.destinations import Destination
from domain.errors import Conflict
from domain.keyring import Unreadable
from domain.statuses import Priority
from models import Verification
from services import outbox
from services.outbox import NewMessage
from services.runtime import runtime

TEMPLATE = "code"
TEST_DIGIT = "0"
"""The code of a test key is all zeros: it reaches no gateway, so a client's own tests must know it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks: `key:<id>` for an API key, `session:<id>` for a console session. Only the owner may see and check."""

    id: str
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be verified, all of it checked."""

    owner: Owner
    destination: Destination
    purpose: str
    locale: str
    metadata: Mapping[str, str]
    id: str = field(default_factory=codes.new_id)


def new_code(owner: Owner) -> str:
    """Return a fresh code, or the known one where the owner only tests."""
    length = current_app.config["CODE_LENGTH"]
    return TEST_DIGIT * length if owner.is_test else codes.generate(length)


def new_verification(challenge: Challenge, code: str, now: datetime) -> Verification:
    """Return the row of a challenge; `put_message` completes it."""
    keyring, settings = runtime().keyring, current_app.config
    destination = challenge.destination
    return Verification(
        id=challenge.id,
        owner=challenge.owner.id,
        channel=destination.channel.value,
        to=destination.to,
        canonical=destination.canonical,
        purpose=challenge.purpose,
        locale=challenge.locale,
        details=dict(challenge.metadata),
        code_hash=codes.hash_code(
            keyring,
            code,
            verification=challenge.id,
            purpose=challenge.purpose,
            canonical=destination.canonical,
        ),
        pepper_id=keyring.newest,
        sealed_code=keyring.seal(code.encode(), row=challenge.id),
        attempts=0,
        max_attempts=settings["CODE_ATTEMPTS"],
        is_test=challenge.owner.is_test,
        created_at=now,
        expires_at=now + timedelta(seconds=settings["CODE_TTL_SECONDS"]),
    )


def put_message(
    session: Session, verification: Verification, destination: Destination, code: str, now: datetime
) -> None:
    """Put the verification's next message into the outbox, to be sent while the code still lives."""
    settings = current_app.config
    deadline = timedelta(seconds=settings["SEND_DEADLINE_SECONDS"] or settings["CODE_TTL_SECONDS"])
    message = NewMessage(
        owner=verification.owner,
        destination=destination,
        template=TEMPLATE,
        locale=verification.locale,
        params=code_params(code, verification.expires_at - now, settings),
        priority=Priority.CODE,
        deadline_at=min(now + deadline, verification.expires_at),
        verification_id=verification.id,
        is_test=verification.is_test,
    )
    verification.message_id = message.id
    verification.resend_at = now + timedelta(seconds=settings["RESEND_COOLDOWN_SECONDS"])
    outbox.put(session, runtime().keyring, [message], now)


def code_params(code: str, life: timedelta, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the text of a code is made of."""
    minutes = max(1, round(life.total_seconds() / 60))
    return {"code": code, "minutes": minutes, "service": settings["SERVICE_NAME"]}


def open_code(verification: Verification) -> str:
    """Return the code of a verification that has not ended; raises Conflict where its key has left the ring."""
    try:
        return runtime().keyring.open(verification.sealed_code or b"", row=verification.id).decode()
    except Unreadable as error:
        raise Conflict("the code can't be read any more, start a new verification") from error
