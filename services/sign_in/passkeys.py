"""The second step of a sign-in with a passkey: a device signs a challenge that is good for one sign-in."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from webauthn import generate_authentication_options, options_to_json, verify_authentication_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    UserVerificationRequirement,
)

from domain.errors import NotAuthenticated
from domain.relying_party import RelyingParty, relying_party
from exts import db
from models import Passkey
from services.sign_in import passkey_challenges, second_steps
from services.sign_in.second_steps import Step
from services.sign_in.sessions import ConsoleSession
from services.sign_in.sign_ins import Browser
from services.storage.transactions import change

MALFORMED = (
    *(WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(EOFError, OverflowError, RecursionError),
)
"""What reading an answer can raise that no device made."""
LONGEST_ANSWER = 16 * 1024


def site() -> RelyingParty | None:
    """Return the site that passkeys are for, None where PUBLIC_URL allows none."""
    return relying_party(current_app.config["PUBLIC_URL"])


def described(rows: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    """Return passkeys as browsers want them listed."""
    known = {one.value: one for one in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id, transports=[known[name] for name in row.transports if name in known] or None
        )
        for row in rows
    ]


def of_administrator(session: Session, administrator_id: int) -> list[Passkey]:
    """Return somebody's passkeys, the oldest first."""
    own = select(Passkey).where(Passkey.administrator_id == administrator_id)
    return list(session.scalars(own.order_by(Passkey.added_at, Passkey.id)))


def options(token: str) -> str | None:
    """Return, as JSON, what a browser needs to ask a device, with a new challenge; None without a site.

    Raises NotFound where the sign-in has ended.
    """
    step, here = second_steps.look(token), site()
    if here is None:
        return None
    allowed = described(of_administrator(db.session(), step.administrator_id))
    db.session.rollback()
    asked = generate_authentication_options(
        rp_id=here.id,
        challenge=passkey_challenges.make(_owner(step)),
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return options_to_json(asked)


def use(token: str, answer: str, *, browser: Browser) -> tuple[str, ConsoleSession]:
    """Start a session with a device's answer; raises NotFound, and what `second_steps.prove` raises."""
    challenge, here = passkey_challenges.take(_owner(second_steps.look(token))), site()

    def proof(session: Session, step: Step) -> None:
        if challenge is None or here is None or len(answer) > LONGEST_ANSWER:
            raise NotAuthenticated("there is no challenge that this answers")
        _check(session, step.administrator_id, answer, challenge, here)

    return second_steps.prove(token, "passkey", proof, browser=browser)


def _check(
    session: Session, administrator_id: int, answer: str, challenge: bytes, here: RelyingParty
) -> None:
    """Verify an answer and raise the counter of its passkey; raises NotAuthenticated."""
    row = _named_in(session, administrator_id, answer)
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=here.id,
            expected_origin=here.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
        )
    except MALFORMED as error:
        raise NotAuthenticated("the answer of the passkey is not valid") from error
    used = update(Passkey).where(Passkey.id == row.id, Passkey.sign_count == row.sign_count)
    values = {"sign_count": verified.new_sign_count, "last_used_at": datetime.now(UTC)}
    if change(session, used.values(values)) != 1:
        raise NotAuthenticated("the passkey was used at the same time")


def _named_in(session: Session, administrator_id: int, answer: str) -> Passkey:
    try:
        named = str(json.loads(answer)["id"])
    except MALFORMED as error:
        raise NotAuthenticated("the answer names no passkey") from error
    for row in of_administrator(session, administrator_id):
        if bytes_to_base64url(row.credential_id) == named:
            return row
    raise NotAuthenticated("the passkey is not one of this person")


def credential_hash(credential_id: bytes) -> str:
    """Return what the index of credentials has instead of their ids."""
    return hashlib.sha256(credential_id).hexdigest()


def _owner(step: Step) -> str:
    return f"step:{step.id}"
