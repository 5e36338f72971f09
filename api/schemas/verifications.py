"""Verifications on the wire."""

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import (
    Address,
    Answer,
    Body,
    Choice,
    Count,
    PastedCode,
    Text,
    Texts,
    Time,
    Typed,
    Word,
)
from domain.fallback import DEFAULT_SECONDS, LONGEST_SECONDS, MOST_STEPS, SHORTEST_SECONDS, STATUSES
from domain.purposes import METADATA_BYTES, METADATA_KEYS
from domain.statuses import Channel, MessageStatus, VerificationStatus

_TO = "An e-mail address or a phone number; a number without + belongs to the home region."
_PURPOSE = "What the code is for; a code for one purpose is refused for another."


class NewStep(Body):
    """Another way for the code, taken where it does not arrive."""

    channel = Choice(Channel, required=True)
    to = Typed(
        400, load_default=None, metadata={"description": f"{_TO} Default: the one of the verification."}
    )
    after_seconds = Count(
        *(SHORTEST_SECONDS, LONGEST_SECONDS),
        load_default=None,
        metadata={
            "description": "After the step before. Default: what the console says for the purpose, or"
            f" {DEFAULT_SECONDS}."
        },
    )


class NewVerification(Body):
    """What to verify, and how."""

    channel = Choice(Channel, required=True)
    to = Typed(400, required=True, metadata={"description": _TO})
    purpose = Text(
        64, load_default="default", metadata={"description": _PURPOSE, "pattern": "^[a-z0-9_.-]{1,64}$"}
    )
    locale = Text(35, metadata={"description": "BCP 47; the nearest available language is used."})
    metadata = Texts(
        METADATA_BYTES,
        load_default=dict,
        metadata={"description": "Your own data, returned in every answer.", "maxProperties": METADATA_KEYS},
    )
    client_ip = Address(metadata={"description": "The end user's address, for the limit per address."})
    code = Text(
        10,
        shortest=4,
        load_default=None,
        metadata={"description": "Your own code: digits or capital letters.", "pattern": "^[0-9A-Z]{4,10}$"},
    )
    fallback = fields.List(
        fields.Nested(NewStep),
        load_default=list,
        validate=validate.Length(max=MOST_STEPS, error="must have at most {max} steps"),
        metadata={"description": "Where else the same code goes if it does not arrive and is not entered."},
        error_messages={"null": "must be a list", "invalid": "must be a list"},
    )


class Guess(Body):
    """A code as the user typed it."""

    code = PastedCode(
        required=True,
        metadata={
            "description": "What was typed; white space, dashes and marks that print nothing are ignored."
        },
    )


class GuessFor(Guess):
    """A code for the newest pending verification of a destination."""

    to = Typed(400, required=True, metadata={"description": _TO})
    purpose = Text(
        64, load_default="default", metadata={"description": _PURPOSE, "pattern": "^[a-z0-9_.-]{1,64}$"}
    )
    channel = Choice(Channel, load_default=None, metadata={"description": "Default: inferred from `to`."})


class MessageOfVerification(Answer):
    """The message that carries the code: the newest one, after a resend."""

    id = fields.String(required=True)
    status = Word(MessageStatus, required=True)


class Step(Answer):
    """One way of the code; the first is the first send."""

    channel = Word(Channel, required=True)
    to = fields.String(required=True)
    status = Word(
        STATUSES,
        required=True,
        metadata={
            "description": "That of its message; `waiting` before its time, `skipped` if it was refused,"
            " `canceled` if the verification ended before."
        },
    )
    after_seconds = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null for the first send."}
    )
    at = Time(required=True, allow_none=True, metadata={"description": "When it was taken or skipped."})
    message = fields.Nested(MessageOfVerification, required=True, allow_none=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it was skipped: the limit, or the code of the error."},
    )


_ATTEMPTS_LEFT = {"description": "null if attempts are not limited."}


class Verification(Answer):
    """One challenge. Answers never include the code."""

    id = fields.String(required=True)
    channel = Word(Channel, required=True)
    to = fields.String(required=True, metadata={"description": "E.164, or the normalised e-mail address."})
    purpose = fields.String(required=True)
    status = Word(VerificationStatus, required=True)
    attempts_left = fields.Integer(required=True, allow_none=True, metadata=_ATTEMPTS_LEFT)
    created_at = Time(required=True)
    expires_at = Time(required=True)
    resend_at = Time(required=True, metadata={"description": "A resend is refused before this time."})
    message = fields.Nested(MessageOfVerification, required=True)
    metadata = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    steps = fields.List(
        fields.Nested(Step),
        metadata={"description": "The ways of the code, in order; only with a `fallback`."},
    )


class CheckResult(Answer):
    """The result of a check."""

    id = fields.String(required=True)
    status = Word(VerificationStatus, required=True)
    valid = fields.Boolean(required=True)
    attempts_left = fields.Integer(required=True, allow_none=True, metadata=_ATTEMPTS_LEFT)


_ID = "4f0c1d1c7f0f4b7f9a3c5d2e8b6a9c10"

NEW_EXAMPLE: dict[str, Any] = {
    "channel": "sms",
    "to": "+86 138 0013 8000",
    "purpose": "login",
    "locale": "zh-CN",
    "metadata": {"user": "42"},
    "client_ip": "203.0.113.7",
    "fallback": [{"channel": "email", "to": "kim@example.org", "after_seconds": 30}],
}
EXAMPLE: dict[str, Any] = {
    "id": _ID,
    "channel": "sms",
    "to": "+8613800138000",
    "purpose": "login",
    "status": "pending",
    "attempts_left": 5,
    "created_at": "2026-03-01T09:30:00.000000Z",
    "expires_at": "2026-03-01T09:35:00.000000Z",
    "resend_at": "2026-03-01T09:31:00.000000Z",
    "message": {"id": "9d7e2b5a1c3f4e6d8b0a7c9e5f1d3b2a", "status": "queued"},
    "metadata": {"user": "42"},
    "steps": [
        {
            "channel": "sms",
            "to": "+8613800138000",
            "status": "queued",
            "after_seconds": None,
            "at": "2026-03-01T09:30:00.000000Z",
            "message": {"id": "9d7e2b5a1c3f4e6d8b0a7c9e5f1d3b2a", "status": "queued"},
            "reason": None,
        },
        {
            "channel": "email",
            "to": "kim@example.org",
            "status": "waiting",
            "after_seconds": 30,
            "at": None,
            "message": None,
            "reason": None,
        },
    ],
}
GUESS_EXAMPLE: dict[str, Any] = {"code": "123456"}
GUESS_FOR_EXAMPLE: dict[str, Any] = {"to": "+86 138 0013 8000", "purpose": "login", "code": "123456"}
RESULT_EXAMPLE: dict[str, Any] = {"id": _ID, "status": "approved", "valid": True, "attempts_left": 4}
