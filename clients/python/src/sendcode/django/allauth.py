"""django-allauth: its codes by SMS and e-mail through Sendcode.

    class AccountAdapter(SendcodeAdapterMixin, DefaultAccountAdapter): ...

allauth makes and checks the codes, so the key needs the scope `own_codes`.
"""

from typing import Any

from sendcode.answers import Channel
from sendcode.django.client import client


class SendcodeAdapterMixin:
    """Put it before `DefaultAccountAdapter`. Where a phone number is stored is for your adapter to say, as before.

    Raises what a client raises; `sendcode.django.middleware.SendcodeMiddleware` answers a limit.
    """

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        """Send a code by SMS."""
        _carry("sms", phone, code, "phone_verification")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose template has a code as a code; every other mail goes the usual way."""
        code = context.get("code")
        if not code:
            super().send_mail(template_prefix, email, context)  # type: ignore[misc]
            return
        _carry("email", email, code, template_prefix.rpartition("/")[2])


def _carry(channel: Channel, to: str, code: str, purpose: str) -> None:
    plain = code.replace("-", "").upper()  # allauth compares without dashes and case
    client().verifications.issue(channel, to, purpose=purpose, code=plain)
