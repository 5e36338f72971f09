"""A Flask extension: two calls for a view.

codes = Codes()
codes.init_app(app)            # SENDCODE_URL, SENDCODE_KEY
codes.send(form["phone"], purpose="login")
phone = codes.check(form["code"], purpose="login")
"""

from typing import Any

from flask import Flask, current_app, request, session

from sendcode import sessions
from sendcode.answers import Channel, Verification
from sendcode.clients import Sendcode

NAME = "sendcode"


class Codes:
    """Sends and checks the codes of the browser that asks. Its session, signed by Flask, says which code is its own."""

    def __init__(self, app: Flask | None = None, client: Sendcode | None = None) -> None:
        if app is not None:
            self.init_app(app, client)

    def init_app(self, app: Flask, client: Sendcode | None = None) -> None:
        """Make the client from `SENDCODE_URL` and `SENDCODE_KEY`, or take yours: a `FakeSendcode` in tests.

        `SENDCODE_DEADLINE` limits a call with its retries, in seconds.
        """
        app.extensions[NAME] = client or Sendcode(
            app.config["SENDCODE_URL"],
            app.config["SENDCODE_KEY"],
            deadline=app.config.get("SENDCODE_DEADLINE", 10.0),
        )

    @property
    def client(self) -> Sendcode:
        """The client of the current application, for everything else."""
        client: Sendcode = current_app.extensions[NAME]
        return client

    def send(
        self, to: str, *, channel: Channel = "sms", purpose: str = "default", locale: str | None = None
    ) -> Verification:
        """Send a code, or the same one again; `resend_at` is the countdown of the button.

        Raises InvalidDestination, LimitExceeded and Unavailable.
        """
        more: dict[str, Any] = {"locale": locale, "client_ip": request.remote_addr}
        return sessions.send(self.client, session, to, channel=channel, purpose=purpose, **more)

    def check(self, code: str, *, purpose: str = "default") -> str | None:
        """Return the destination that is proved now, None for a wrong code. Raises LimitExceeded and Unavailable."""
        return sessions.check(self.client, session, code, purpose=purpose)
