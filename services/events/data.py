"""What an event tells: the same names and values as the API's answer to a GET of the same thing."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from domain.statuses import MessageStatus
from models.message import Message
from models.verification import Verification
from services.steps import Steps

_verifications, _messages = Verification.__table__, Message.__table__
VERIFICATIONS: Select[Any] = select(
    *(
        _verifications.c[name]
        for name in (
            *("id", "owner", "channel", "to", "purpose", "attempts", "max_attempts", "message_id"),
            *("created_at", "expires_at", "resend_at", "used_at", "canceled_at", "has_fallback"),
        )
    ),
    _verifications.c.metadata.label("details"),
)
"""What is needed of a verification; its status is derived as in models/verification.py."""
MESSAGES: Select[Any] = select(
    *(
        _messages.c[name]
        for name in (
            *("id", "owner", "verification_id", "channel", "to", "template", "status", "gateway"),
            *("gateway_reference", "tries", "error", "send_at", "created_at", "sent_at", "settled_at"),
        )
    )
)
"""What is needed of a message."""


def verification(row: Any, message: tuple[str, str], now: datetime, steps: Steps = ()) -> dict[str, Any]:
    """Return a verification, a row of `VERIFICATIONS` or of the model, as it is at `now`.

    `message`: the id and the status of the message that the event is about, else of the newest one.
    """
    left = max(0, row.max_attempts - row.attempts) if row.max_attempts else None
    seen = _seen(row, Verification.status(row, now), left, message)
    return {**seen, "metadata": dict(row.details), **_steps(steps)}


def verification_view(view: Any) -> dict[str, Any]:
    """Return a verification from what its owner sees (services/codes/verification_views.py)."""
    message = (view.message_id, view.message_status)
    seen = _seen(view, view.status, view.attempts_left, message)
    return {**seen, "metadata": dict(view.metadata), **_steps(view.steps)}


def _steps(steps: Steps) -> dict[str, Any]:
    """Return the member `steps`, which a verification without a fallback does not have."""
    return {"steps": [{**asdict(one), "at": time(one.at)} for one in steps]} if steps else {}


def _seen(row: Any, status: str, attempts_left: int | None, message: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": row.channel,
        "to": row.to,
        "purpose": row.purpose,
        "status": str(status),
        "attempts_left": attempts_left,
        "created_at": time(row.created_at),
        "expires_at": time(row.expires_at),
        "resend_at": time(row.resend_at),
        "message": {"id": message[0], "status": str(message[1])},
    }


def message(row: Any) -> dict[str, Any]:
    """Return a message, a row of `MESSAGES`."""
    return {
        "id": row.id,
        "channel": row.channel,
        "to": row.to,
        "template": row.template,
        "status": row.status,
        "result": MessageStatus(row.status).result,
        "gateway": row.gateway,
        "gateway_reference": row.gateway_reference,
        "tries": row.tries,
        "error": row.error,
        "send_at": time(row.send_at),
        "created_at": time(row.created_at),
        "sent_at": time(row.sent_at),
        "settled_at": time(row.settled_at),
    }


def time(at: datetime | None) -> str | None:
    """Return a time in RFC 3339 and UTC, with microseconds, as the API writes it."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z") if at else None
