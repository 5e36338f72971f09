"""Send a code once more to who has a pending one, for programs that don't keep the ids of verifications."""

from contextlib import suppress
from dataclasses import replace

from domain import codes
from domain.errors import Conflict, LimitExceeded, NotFound
from domain.owners import Owner
from exts import db
from models import Verification
from services.codes import issuing, pending, verifications
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.limits.counters import COOLDOWN


def issue_or_repeat(request: Request, owner: Owner) -> VerificationView:
    """Send the code of the newest pending verification of this destination and purpose again, else issue one.

    The repeat has no cool-down and every other limit. A caller's own code that is another one takes the place of the
    pending verification. Raises what `issue` and `resend` raise, except Conflict.
    """
    pending = _pending(request, owner)
    if request.code is not None and not _carries(pending, request.code):
        return _replace(request, owner, pending)
    again = _repeat(request, owner, pending)
    if again is not None:
        return again
    try:
        return verifications.issue(request, owner)
    except LimitExceeded as error:
        # another click of the same person may have been faster
        again = _repeat(request, owner, _pending(request, owner)) if error.limit == COOLDOWN else None
        if again is None:
            raise
        return again


def _replace(request: Request, owner: Owner, pending: str | None) -> VerificationView:
    made = verifications.issue(replace(request, has_cooldown=pending is None), owner)
    if pending is not None:
        with suppress(NotFound, Conflict):
            verifications.cancel(pending, owner)
    return made


def _pending(request: Request, owner: Owner) -> str | None:
    try:
        return pending.newest(owner, to=request.to, purpose=request.purpose, channel=request.channel)
    except NotFound:
        return None


def _carries(verification_id: str | None, code: str) -> bool:
    """Tell whether a pending verification has this code."""
    row = db.session.get(Verification, verification_id) if verification_id else None
    if row is None:
        return False
    try:
        return codes.same(issuing.open_code(row).encode(), code.encode())
    except Conflict:
        return False


def _repeat(request: Request, owner: Owner, pending: str | None) -> VerificationView | None:
    """Return the verification after its code was sent again, None where none is pending or can be sent again."""
    if pending is None:
        return None
    try:
        return verifications.resend(pending, owner, user_ip=request.client_ip, has_cooldown=False)
    except (NotFound, Conflict):  # it has no attempts left, or its code can't be sent any more
        return None
