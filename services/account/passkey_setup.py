"""The signed-in person's own passkeys: register a device, list, remove."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn import generate_registration_options, options_to_json, verify_registration_response
from webauthn.helpers import parse_registration_credential_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from domain.actions import Action
from domain.characters import has_control_characters
from domain.codes import new_id
from domain.errors import Conflict, FieldProblem, InvalidInput, NotFound
from domain.statuses import Lane
from exts import db
from models import Administrator, Passkey
from services.account import second_factor_changes as changes
from services.account.accounts import living
from services.outbox.bell import Bell
from services.process.parts import part
from services.sign_in import passkey_challenges, passkeys
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
LONGEST_NAME = 64
LONGEST_ID = 1023
"""Bytes of a credential's id: WebAuthn Level 3, 4."""
MOST = 20
"""Passkeys of one person; every sign-in lists them all."""
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""What all devices can: WebAuthn Level 3, 5.4."""


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey without its key."""

    id: str
    name: str
    added_at: datetime
    last_used_at: datetime | None


def own(session: ConsoleSession) -> list[PasskeyView]:
    """Return the person's passkeys, the oldest first."""
    rows = passkeys.of_administrator(db.session(), session.administrator.id)
    found = [PasskeyView(row.id, row.name, row.added_at, row.last_used_at) for row in rows]
    db.session.rollback()
    return found


def options(session: ConsoleSession) -> str | None:
    """Return, as JSON, what a browser needs to register a device, with a new challenge; None without a site.

    Raises PasswordNeeded.
    """
    changes.require_password(session)
    here, me = passkeys.site(), session.administrator
    if here is None:
        return None
    known = passkeys.described(passkeys.of_administrator(db.session(), me.id))
    db.session.rollback()
    asked = generate_registration_options(
        rp_id=here.id,
        rp_name=current_app.config["SERVICE_NAME"],
        user_id=hashlib.sha256(f"{me.id} {me.created_at.isoformat()}".encode()).digest(),
        user_name=me.email,
        challenge=passkey_challenges.make(_owner(session)),
        exclude_credentials=known,
        supported_pub_key_algs=ALGORITHMS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return options_to_json(asked)


def add_passkey(session: ConsoleSession, name: str, answer: str, *, client_ip: str | None) -> list[str]:
    """Register the device that answered; return recovery codes where this is the first way of the second step.

    Raises PasswordNeeded, InvalidInput for `name` or `answer`, and Conflict where the passkey is known or one too many.
    """
    changes.require_password(session)
    named = _checked(name)
    credential, verified = _verified(session, answer)

    def work(database: Session) -> list[str]:
        administrator = living(database, session)
        if len(passkeys.of_administrator(database, administrator.id)) >= MOST:
            raise Conflict(f"more than {MOST} passkeys")
        before = changes.names(database, administrator)
        database.add(_row(administrator, named, credential, verified))
        codes = changes.added(database, session, administrator, before, Action.PASSKEY_ADDED, client_ip)
        changes.tell(database, administrator, "passkey_added")
        return codes

    try:
        codes = transaction(work)
    except IntegrityError as error:
        raise Conflict("this passkey is known already") from error
    part(Bell).ring(Lane.EMAIL)
    log.info("administrator %s added a passkey", session.administrator.id)
    return codes


def remove_passkey(session: ConsoleSession, passkey_id: str, *, client_ip: str | None) -> str:
    """Remove one and return its name.

    Raises PasswordNeeded, NotFound, and Conflict as `second_factor_changes.removed` does.
    """
    changes.require_password(session)

    def work(database: Session) -> str:
        administrator = living(database, session)
        row = database.get(Passkey, passkey_id, populate_existing=True)
        if row is None or row.administrator_id != administrator.id:
            raise NotFound("you have no such passkey")
        before, name = changes.names(database, administrator), row.name
        database.delete(row)
        changes.removed(database, administrator, before, Action.PASSKEY_REMOVED, client_ip)
        changes.tell(database, administrator, "passkey_removed")
        return name

    name = transaction(work)
    part(Bell).ring(Lane.EMAIL)
    log.info("administrator %s removed a passkey", session.administrator.id)
    return name


def _verified(session: ConsoleSession, answer: str) -> tuple[RegistrationCredential, VerifiedRegistration]:
    challenge, here = passkey_challenges.take(_owner(session)), passkeys.site()
    refused = InvalidInput(FieldProblem("answer", "is not what a device answers to the newest challenge"))
    if challenge is None or here is None or len(answer) > passkeys.LONGEST_ANSWER:
        raise refused
    try:
        credential = parse_registration_credential_json(answer)
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=here.id,
            expected_origin=here.origin,
            supported_pub_key_algs=ALGORITHMS,
        )
    except passkeys.MALFORMED as error:
        raise refused from error
    if len(verified.credential_id) > LONGEST_ID:
        raise refused
    return credential, verified


def _row(
    administrator: Administrator,
    name: str,
    credential: RegistrationCredential,
    verified: VerifiedRegistration,
) -> Passkey:
    return Passkey(
        id=new_id(),
        administrator_id=administrator.id,
        credential_hash=passkeys.credential_hash(verified.credential_id),
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        transports=[one.value for one in credential.response.transports or ()],
        name=name,
        added_at=datetime.now(UTC),
    )


def _checked(name: str) -> str:
    named = name.strip()
    if not 0 < len(named) <= LONGEST_NAME or has_control_characters(named):
        raise InvalidInput(FieldProblem("name", f"must have 1 to {LONGEST_NAME} characters"))
    return named


def _owner(session: ConsoleSession) -> str:
    return f"session:{session.id}"
