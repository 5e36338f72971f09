"""/api/v1/verifications"""

from typing import Any

from api.schemas import verifications as wire
from api.schemas.fields import Nothing
from api.subject import Subject, needs, owner
from domain.fallback import GivenStep
from services.codes import checks, next_steps, pending, verifications
from services.codes.checks import CheckResult
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.keys.key_owners import Scope

blueprint = Subject(
    "verifications",
    __name__,
    scope=Scope.VERIFICATIONS,
    description="Codes that prove that a user controls a destination.",
)
LOCATION = {"Location": {"description": "The verification.", "schema": {"type": "string"}}}


@blueprint.post("")
@blueprint.arguments(wire.NewVerification(), example=wire.NEW_EXAMPLE)
@blueprint.response(202, wire.Verification(), description="Accepted", example=wire.EXAMPLE, headers=LOCATION)
@blueprint.doc(operationId="issueVerification")
def issue(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Send a code

    Answers at once; a worker hands the code to the mail server or the SMS gateway. A `code` of your own needs a key
    with the scope `own_codes`; it is checked here like ours, or not at all. With a `fallback`, the same code goes
    another way if a step fails or is not delivered, or nothing is known and no code was entered `after_seconds` after
    it.
    """
    if body.get("code") is not None:
        needs(Scope.OWN_CODES)
    if body["fallback"]:
        body["fallback"] = [GivenStep(**one) for one in body["fallback"]]
    view = verifications.issue(Request(**body), owner())
    return _wire(view), blueprint.location(view.id)


@blueprint.get("/<id:verification_id>")
@blueprint.response(200, wire.Verification(), example=wire.EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="getVerification")
def show(verification_id: str) -> dict[str, Any]:
    """Get a verification

    With its status now, and that of the newest message that carries its code.
    """
    return _wire(verifications.get(verification_id, owner()))


@blueprint.post("/<id:verification_id>/check")
@blueprint.arguments(wire.Guess(), example=wire.GUESS_EXAMPLE)
@blueprint.response(200, wire.CheckResult(), example=wire.RESULT_EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="checkVerification")
def check(body: dict[str, Any], verification_id: str) -> CheckResult:
    """Check a code

    A wrong code is `valid: false` and costs an attempt; a malformed one is 422 and costs none. 429 if no attempts are
    left, or if too many wrong codes were tried for the destination.
    """
    return checks.check(verification_id, body["code"], owner())


@blueprint.post("/check")
@blueprint.arguments(wire.GuessFor(), example=wire.GUESS_FOR_EXAMPLE)
@blueprint.response(200, wire.CheckResult(), example=wire.RESULT_EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="checkNewestVerification")
def check_newest(body: dict[str, Any]) -> CheckResult:
    """Check a code by destination

    The same for the newest pending verification of the destination and purpose, for callers that do not store ids. A
    destination of its fallback counts once the code was sent there.
    """
    code = body.pop("code")
    return checks.check(pending.newest_sent_to(owner(), **body), code, owner())


@blueprint.post("/<id:verification_id>/resend")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(202, wire.Verification(), description="Accepted", example=wire.EXAMPLE, headers=LOCATION)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="resendVerification")
def resend(_: dict[str, Any], verification_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Send the same code again

    To its own `to`, not to a destination of its fallback. The code and its expiry stay the same, and attempts are not
    reset. 429 before `resend_at`, 409 if it has ended.
    """
    view = verifications.resend(verification_id, owner())
    return _wire(view), blueprint.location(view.id)


@blueprint.post("/<id:verification_id>/next-channel")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(202, wire.Verification(), description="Accepted", example=wire.EXAMPLE, headers=LOCATION)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="takeNextChannel")
def next_channel(_: dict[str, Any], verification_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Send the code the next way

    Takes the next step of the `fallback` now: the same code, and its attempts. 409 `no_next_channel` if none is left,
    429 in the cool-down of its destination.
    """
    view = next_steps.next_channel(verification_id, owner())
    return _wire(view), blueprint.location(view.id)


@blueprint.post("/<id:verification_id>/cancel")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Verification(), example={**wire.EXAMPLE, "status": "canceled"})
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="cancelVerification")
def cancel(_: dict[str, Any], verification_id: str) -> dict[str, Any]:
    """Cancel a pending verification

    One that is expired or locked stays as it is; 409 if it is approved.
    """
    return _wire(verifications.cancel(verification_id, owner()))


def _wire(view: VerificationView) -> dict[str, Any]:
    wired = {
        "id": view.id,
        "channel": view.channel,
        "to": view.to,
        "purpose": view.purpose,
        "status": view.status,
        "attempts_left": view.attempts_left,
        "created_at": view.created_at,
        "expires_at": view.expires_at,
        "resend_at": view.resend_at,
        "message": {"id": view.message_id, "status": view.message_status},
        "metadata": view.metadata,
    }
    if view.steps:
        wired["steps"] = view.steps
    return wired
