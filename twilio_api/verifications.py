"""Verify: send a code, check what the user typed, cancel or approve."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from domain import twilio_sids
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.statuses import Channel, VerificationStatus
from domain.twilio_sids import ATTEMPT, VERIFICATION
from services.codes import attempts, checks, pending, repeats, verifications
from services.codes.attempts import Attempt
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.keys.key_owners import Scope
from twilio_api import verify
from twilio_api.door import account_sid, caller, owner, service_sid, url
from twilio_api.forms import Fields, form
from twilio_api.wire import iso

blueprint = verify.door("verifications", __name__)
PURPOSE = "default"
STATUSES = {
    VerificationStatus.PENDING: "pending",
    VerificationStatus.APPROVED: "approved",
    VerificationStatus.CANCELED: "canceled",
    VerificationStatus.EXPIRED: "expired",
    VerificationStatus.LOCKED: "max_attempts_reached",
}
FINISHED = (VerificationStatus.APPROVED, VerificationStatus.CANCELED, VerificationStatus.EXPIRED)
"""Twilio knows nothing of these any more: 404."""


@blueprint.post("/Services/<service>/Verifications")
def create() -> tuple[dict[str, Any], int]:
    """Send a code, the same one again while it lives."""
    return _wire(repeats.issue_or_repeat(_request(form()), owner())), 201


@blueprint.get("/Services/<service>/Verifications/<which>")
def fetch(which: str) -> dict[str, Any]:
    """Show a verification by its SID, or the pending one of a destination."""
    return _wire(_living(which))


@blueprint.post("/Services/<service>/Verifications/<which>")
def update(which: str) -> dict[str, Any]:
    """Cancel a verification, or approve it because the program knows better."""
    wanted = form().needed("Status")
    if wanted not in ("canceled", "approved"):
        raise InvalidInput(FieldProblem("Status", "must be canceled or approved"))
    living = _living(which)
    if wanted == "canceled":
        verifications.cancel(living.id, owner())
    else:
        checks.approve_unchecked(living.id, owner())
    return _wire(verifications.get(living.id, owner()), changed_at=datetime.now(UTC))


@blueprint.post("/Services/<service>/VerificationCheck")
def check() -> tuple[dict[str, Any], int]:
    """Check a code; one that is wrong is no error."""
    fields = form()
    _refuse_payments(fields)
    code = fields.needed("Code")
    result = checks.check(_checked(fields), code, owner())
    if result.status in FINISHED and not result.valid:
        raise NotFound("the verification is finished")
    view = verifications.get(result.id, owner())
    return {
        **_common(view),
        "status": STATUSES[VerificationStatus.APPROVED if result.valid else VerificationStatus.PENDING],
        "valid": result.valid,
        "date_updated": iso(datetime.now(UTC)),
        "sna_attempts_error_codes": [],
    }, 201


def _request(fields: Fields) -> Request:
    _refuse_payments(fields)
    return Request(
        channel=_channel(fields.needed("Channel")),
        to=fields.needed("To"),
        purpose=PURPOSE,
        locale=fields.text("Locale"),
        client_ip=fields.text("DeviceIp"),
        code=_custom_code(fields),
    )


def _channel(text: str) -> Channel:
    if text.lower() not in list(Channel):
        raise InvalidInput(FieldProblem("channel", "must be sms or email"))
    return Channel(text.lower())


def _refuse_payments(fields: Fields) -> None:
    """Refuse what makes a code good for one payment only: to ignore it would take away that protection."""
    if fields.text("Amount") or fields.text("Payee"):
        raise InvalidInput(FieldProblem("Amount", "and Payee are not supported"))


def _custom_code(fields: Fields) -> str | None:
    code = fields.text("CustomCode")
    if code and Scope.OWN_CODES not in caller().scopes:
        raise InvalidInput(FieldProblem("CustomCode", "needs a key with the scope own_codes"))
    return code or None


def _checked(fields: Fields) -> str:
    """Return the id of the verification to check."""
    given = fields.text("VerificationSid")
    if given is None:
        return _newest_of(fields.needed("To"))
    id = twilio_sids.read(VERIFICATION, given)
    if id is None:
        raise NotFound("no such verification")
    return id


def _newest_of(to: str) -> str:
    return pending.newest(owner(), to=to, purpose=PURPOSE, channel=None)


def _living(which: str) -> VerificationView:
    id = twilio_sids.read(VERIFICATION, which)
    try:
        view = verifications.get(id or _newest_of(which), owner())
    except InvalidInput:
        raise NotFound("no such verification") from None
    if view.status in FINISHED:
        raise NotFound("the verification is finished")
    return view


def _common(view: VerificationView) -> dict[str, Any]:
    return {
        "sid": twilio_sids.sid(VERIFICATION, view.id),
        "service_sid": service_sid(),
        "account_sid": account_sid(),
        "to": view.to,
        "channel": view.channel,
        "amount": None,
        "payee": None,
        "date_created": iso(view.created_at),
    }


def _wire(view: VerificationView, changed_at: datetime | None = None) -> dict[str, Any]:
    sends = attempts.of_verification(view.id)
    last = sends[-1].created_at if sends else view.created_at
    return {
        **_common(view),
        "status": STATUSES[view.status],
        "valid": view.status is VerificationStatus.APPROVED,
        "date_updated": iso(changed_at or last),
        "lookup": {},
        "send_code_attempts": _attempts(sends),
        "sna": None,
        "url": url(
            f"{verify.PREFIX}/Services/{service_sid()}/Verifications/{twilio_sids.sid(VERIFICATION, view.id)}"
        ),
    }


def _attempts(sends: Sequence[Attempt]) -> list[dict[str, Any]]:
    return [
        {
            "time": iso(one.created_at),
            "channel": one.channel.upper(),
            "attempt_sid": twilio_sids.sid(ATTEMPT, one.id),
        }
        for one in sends
    ]
