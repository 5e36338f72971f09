"""Verifications: issue a code, check what the user typed."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from sendcode.answers import Channel, CheckResult, Verification
from sendcode.calls import Call, R, Resource, get, operation, post, segment


class _Way(TypedDict):
    channel: Channel


class NewStep(_Way, total=False):
    """Another way for a code; without `to` the same destination again. `after_seconds`: 15 to 240."""

    to: str
    after_seconds: int


class Verifications(Resource[R]):
    """`client.verifications`"""

    @operation("issueVerification")
    def issue(
        self,
        channel: Channel,
        to: str,
        *,
        purpose: str | None = None,
        locale: str | None = None,
        metadata: Mapping[str, str] | None = None,
        client_ip: str | None = None,
        code: str | None = None,
        fallback: Sequence[NewStep] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Verification]:
        """Send a code to `to`; keep the `id` of the answer in the user's session.

        `client_ip` is the end user's address; without it the limit per address can't be counted. `code` is one of your
        own, for keys with the scope `own_codes`. `fallback`: where else the code goes if it does not arrive. Raises
        InvalidDestination and LimitExceeded.
        """
        body = {
            "channel": channel,
            "to": to,
            "purpose": purpose,
            "locale": locale,
            "metadata": metadata,
            "client_ip": client_ip,
            "code": code,
            "fallback": fallback,
        }
        return post("/verifications", Verification, body, key=idempotency_key)

    @operation("getVerification")
    def get(self, verification_id: str) -> Call[Verification]:
        """Return a verification, with the status of its newest message. Raises NotFound."""
        return get(f"/verifications/{segment(verification_id)}", Verification)

    @operation("checkVerification")
    def check(self, verification_id: str, code: str) -> Call[CheckResult]:
        """Compare what the user typed; a wrong code costs an attempt. Let the user in only if `valid`.

        Raises MalformedCode, which costs no attempt, VerificationLocked, DestinationLocked and NotFound.
        """
        return post(f"/verifications/{segment(verification_id)}/check", CheckResult, {"code": code})

    @operation("checkNewestVerification")
    def check_newest(
        self, to: str, code: str, *, purpose: str | None = None, channel: Channel | None = None
    ) -> Call[CheckResult]:
        """Check the newest pending verification of `to` and `purpose`, for callers that keep no ids."""
        body = {"to": to, "code": code, "purpose": purpose, "channel": channel}
        return post("/verifications/check", CheckResult, body)

    @operation("resendVerification")
    def resend(self, verification_id: str, *, idempotency_key: str | None = None) -> Call[Verification]:
        """Send the same code to its `to` again. Raises LimitExceeded before `resend_at`, Conflict once it has ended."""
        return post(f"/verifications/{segment(verification_id)}/resend", Verification, key=idempotency_key)

    @operation("takeNextChannel")
    def next_channel(self, verification_id: str, *, idempotency_key: str | None = None) -> Call[Verification]:
        """Take the next step of the fallback now. Raises Conflict where none is left or it has ended, LimitExceeded."""
        path = f"/verifications/{segment(verification_id)}/next-channel"
        return post(path, Verification, key=idempotency_key)

    @operation("cancelVerification")
    def cancel(self, verification_id: str) -> Call[Verification]:
        """End a verification. Raises Conflict if it has ended otherwise."""
        return post(f"/verifications/{segment(verification_id)}/cancel", Verification)
