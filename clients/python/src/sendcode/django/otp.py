"""django-otp: a device whose tokens are codes of Sendcode.

class SmsDevice(SendcodeDeviceMixin, Device):
    number = models.CharField(max_length=20)

    def get_destination(self): return self.number
"""

from django.utils.translation import gettext as _

from sendcode.answers import Channel
from sendcode.django.client import client
from sendcode.django.texts import wait_text
from sendcode.errors import InvalidInput, LimitExceeded, NotFound


class SendcodeDeviceMixin:
    """Put it before `Device`. It needs no columns: the newest pending code of the destination is checked."""

    code_channel: Channel = "sms"
    code_purpose = "second_step"

    def get_destination(self) -> str:
        """Return the number or address."""
        raise NotImplementedError

    def is_interactive(self) -> bool:
        """Tell django-otp that a challenge must be asked for."""
        return True

    def generate_challenge(self) -> str:
        """Send a code and return what to tell the user."""
        try:
            client().verifications.issue(self.code_channel, self.get_destination(), purpose=self.code_purpose)
        except LimitExceeded as limit:
            return wait_text(limit)
        return str(_("A code is on its way."))

    def verify_token(self, token: str) -> bool:
        """Tell whether the token is the newest code. At a limit it is not; Unavailable is raised."""
        to, purpose, channel = self.get_destination(), self.code_purpose, self.code_channel
        try:
            return client().verifications.check_newest(to, token, purpose=purpose, channel=channel).valid
        except (InvalidInput, LimitExceeded, NotFound):
            return False
