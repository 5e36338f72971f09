"""A page on which a user enters a code."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from sendcode import sessions
from sendcode.answers import Channel, Verification
from sendcode.django.client import client
from sendcode.django.forms import CodeForm
from sendcode.django.texts import wait_text
from sendcode.errors import LimitExceeded


class CodeViewMixin:
    """For a FormView: sends a code when the page is opened, and again for a POST with `resend` in it.

    Give `get_code_destination`, and in `code_approved` do what the code is for, with the destination that it proves.
    """

    request: HttpRequest
    form_class: Any = CodeForm
    code_channel: Channel = "sms"
    code_purpose = "default"

    def get_code_destination(self) -> str:
        """Return the number or address that is to be proved."""
        raise NotImplementedError

    def code_approved(self, destination: str) -> None:
        """Do what the code is for: sign in, or store the number. `destination` is where the code went."""
        raise NotImplementedError

    def send_code(self) -> Verification:
        """Send a code, or the same one again. Raises InvalidDestination, LimitExceeded and Unavailable."""
        return sessions.send(
            client(),
            self.request.session,
            self.get_code_destination(),
            channel=self.code_channel,
            purpose=self.code_purpose,
            client_ip=self.request.META.get("REMOTE_ADDR") or None,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, and send a code if none is on its way."""
        if not sessions.waits(request.session, self.code_purpose):
            self.send_code()
        return super().get(request, *args, **kwargs)  # type: ignore[misc]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the code, or send it again."""
        if "resend" not in request.POST:
            return super().post(request, *args, **kwargs)  # type: ignore[misc]
        form = self.form_class()
        form.cleaned_data = {}
        try:
            self.send_code()
        except LimitExceeded as limit:
            form.full_clean()
            form.add_error(None, wait_text(limit))
        return self.render_to_response(self.get_context_data(form=form))  # type: ignore[attr-defined]

    def form_valid(self, form: Any) -> HttpResponse:
        """Check the code: a wrong one is an error of its field."""
        try:
            code = form.cleaned_data["code"]
            destination = sessions.check(client(), self.request.session, code, purpose=self.code_purpose)
        except LimitExceeded as limit:
            form.add_error("code", wait_text(limit))
            return self.form_invalid(form)  # type: ignore[attr-defined]
        if destination is None:
            form.add_error("code", _("This code is wrong or no longer valid."))
            return self.form_invalid(form)  # type: ignore[attr-defined]
        self.code_approved(destination)
        return super().form_valid(form)  # type: ignore[misc]
