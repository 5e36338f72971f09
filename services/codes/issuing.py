"""The rows of a verification: the challenge itself, and each message that carries its code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Connection, insert

from domain import codes
from domain.destinations import Destination
from domain.errors import Conflict
from domain.fallback import Step
from domain.keyring import Keyring, Unreadable
from domain.owners import Owner
from domain.profiles import Profile
from domain.statuses import Channel, Priority
from domain.test_numbers import NEVER_SENT
from models import Message, Verification, VerificationStep, clock
from services import profiles, typed
from services.codes import fallback
from services.codes.fallback import FirstSend
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.storage.prepared import Prepared
from services.templating import code_segments, published
from services.templating.given import code_params
from services.templating.text_versions import Choice
from services.test_numbers import fixed_codes

_NEW = Prepared(insert(Verification.__table__))
_NEW_STEPS = Prepared(insert(VerificationStep.__table__))
TEMPLATE = "code"
TEST_DIGIT = "0"
"""The code of a test key is all zeros: it reaches no gateway, so a client's own tests must know it."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be verified; every field has been validated."""

    owner: Owner
    destination: Destination
    purpose: str
    locale: str
    metadata: Mapping[str, str]
    template_version: int | None
    profile: Profile
    segments: int = 1
    """What an SMS with the code is billed as."""
    is_to_test_number: bool = False
    client_ip: str | None = None
    id: str = field(default_factory=codes.new_id)


def text_of(
    channel: Channel, locale: str | None, purpose: str, profile: Profile, code_length: int
) -> tuple[Choice, int]:
    """Return the text of a code, and what its SMS is billed as: segments, 1 for any other channel."""
    text = published.choose_own(TEMPLATE, channel, locale, purpose)
    return text, code_segments.of_code(text, profile, code_length) if channel is Channel.SMS else 1


def challenge_of(verification: Verification, sent: Message) -> Challenge:
    """Return the challenge of a row; its later messages use the same version of the text as the one sent before."""
    owner = Owner(verification.owner, verification.is_test)
    destination = typed.kept(verification.channel, verification.to)
    fixed = fixed_codes.of(owner, destination)
    return Challenge(
        owner=owner if fixed is None else replace(owner, is_test=True),
        profile=profiles.of(owner),
        destination=destination,
        is_to_test_number=fixed is not None,
        purpose=verification.purpose,
        locale=verification.locale,
        metadata=verification.details,
        template_version=sent.template_version,
        segments=sent.segments,
        id=verification.id,
    )


def new_code(owner: Owner, length: int) -> str:
    """Return a random code, or the fixed one for a test key."""
    return TEST_DIGIT * length if owner.is_test else codes.generate(length)


def expires_at(now: datetime, profile: Profile) -> datetime:
    """Return when a code made now expires."""
    return now + timedelta(seconds=profile.code_ttl_seconds)


def resend_at(now: datetime) -> datetime:
    """Return when a code sent now may be sent again."""
    return now + timedelta(seconds=current_app.config["RESEND_COOLDOWN_SECONDS"])


@dataclass(frozen=True, slots=True)
class Issue:
    """A challenge with its code and the first message that carries it."""

    challenge: Challenge
    code: str = field(repr=False)
    message: NewMessage
    at: datetime
    steps: Sequence[Step] = ()
    """Its fallback."""

    @property
    def first_send(self) -> FirstSend:
        """What its fallback follows."""
        return FirstSend(self.challenge.id, self.challenge.destination, self.message.id, self.at)


def put(connection: Connection, issues: Sequence[Issue]) -> None:
    """Insert challenges and their messages; the caller commits, then rings the bell."""
    outbox.put(connection, part(Keyring), [issue.message for issue in issues], clock.now())
    _NEW.run(connection, [_row(issue) for issue in issues])
    with_steps = [issue for issue in issues if issue.steps]
    if with_steps:
        rows = [row for issue in with_steps for row in fallback.rows(issue.first_send, issue.steps)]
        _NEW_STEPS.run(connection, rows)


def _row(issue: Issue) -> dict[str, Any]:
    challenge, keyring = issue.challenge, part(Keyring)
    destination = challenge.destination
    return {
        "id": challenge.id,
        "owner": challenge.owner.id,
        "channel": destination.channel.value,
        "to": destination.to,
        "canonical": destination.canonical,
        "purpose": challenge.purpose,
        "locale": challenge.locale,
        "metadata": dict(challenge.metadata),
        "code_hash": _hash(challenge, issue.code),
        "pepper_id": keyring.newest,
        "sealed_code": keyring.seal(issue.code.encode(), row=challenge.id),
        "code_length": len(issue.code),
        "has_letters": not issue.code.isdigit(),
        "attempts": 0,
        "max_attempts": challenge.profile.code_attempts,
        "message_id": issue.message.id,
        "has_fallback": bool(issue.steps),
        "client_ip": challenge.client_ip,
        "is_test": challenge.owner.is_test,
        "created_at": issue.at,
        "expires_at": expires_at(issue.at, challenge.profile),
        "resend_at": resend_at(issue.at),
    }


def _hash(challenge: Challenge, code: str) -> bytes:
    return codes.hash_code(
        part(Keyring),
        code,
        verification=challenge.id,
        purpose=challenge.purpose,
        canonical=challenge.destination.canonical,
    )


def new_message(challenge: Challenge, code: str, now: datetime, *, code_ends_at: datetime) -> NewMessage:
    """Return a message with the code; its deadline is never after the code expires."""
    profile = challenge.profile
    deadline = timedelta(seconds=current_app.config["SEND_DEADLINE_SECONDS"] or profile.code_ttl_seconds)
    return NewMessage(
        owner=challenge.owner.id,
        destination=challenge.destination,
        template=TEMPLATE,
        template_version=challenge.template_version,
        locale=challenge.locale,
        params=code_params(code, code_ends_at - now, profile.service_name, profile.sender),
        priority=Priority.CODE,
        deadline_at=min(now + deadline, code_ends_at),
        verification_id=challenge.id,
        segments=challenge.segments,
        is_test=challenge.owner.is_test,
        ask_first=NEVER_SENT if challenge.is_to_test_number else None,
    )


def open_code(verification: Verification) -> str:
    """Return the code of a verification that has not ended; raises Conflict where its key was removed."""
    try:
        return part(Keyring).open(verification.sealed_code or b"", row=verification.id).decode()
    except Unreadable as error:
        raise Conflict("the code can't be read any more, start a new verification") from error
