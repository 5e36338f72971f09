"""Send a code once more to who has a pending one, for programs that don't keep the ids of verifications."""

from domain.errors import Conflict, NotFound
from domain.owners import Owner
from services.codes import verifications
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request


def issue_or_repeat(request: Request, owner: Owner) -> VerificationView:
    """Send the code of the newest pending verification of this destination and purpose again, else issue one.

    The repeat has no cool-down and every other limit. Raises what `issue` and `resend` raise, except Conflict.
    """
    try:
        pending = verifications.newest_pending(
            owner, to=request.to, purpose=request.purpose, channel=request.channel
        )
        return verifications.resend(pending, owner, user_ip=request.client_ip, has_cooldown=False)
    except (NotFound, Conflict):  # it has no attempts left, or its code can't be sent any more
        return verifications.issue(request, owner)
