"""Send a code once more to who has a pending one, for programs that don't keep the ids of verifications."""

from domain.errors import Conflict, LimitExceeded, NotFound
from domain.owners import Owner
from services.codes import verifications
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.limits.counters import COOLDOWN


def issue_or_repeat(request: Request, owner: Owner) -> VerificationView:
    """Send the code of the newest pending verification of this destination and purpose again, else issue one.

    The repeat has no cool-down and every other limit. Raises what `issue` and `resend` raise, except Conflict.
    """
    again = _repeat(request, owner)
    if again is not None:
        return again
    try:
        return verifications.issue(request, owner)
    except LimitExceeded as error:
        # another click of the same person may have been faster
        again = _repeat(request, owner) if error.limit == COOLDOWN else None
        if again is None:
            raise
        return again


def _repeat(request: Request, owner: Owner) -> VerificationView | None:
    """Return the verification after its code was sent again, None where none is pending or can be sent again."""
    try:
        pending = verifications.newest_pending(
            owner, to=request.to, purpose=request.purpose, channel=request.channel
        )
        return verifications.resend(pending, owner, user_ip=request.client_ip, has_cooldown=False)
    except (NotFound, Conflict):  # it has no attempts left, or its code can't be sent any more
        return None
