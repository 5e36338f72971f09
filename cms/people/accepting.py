"""/cms/invitation/<token>: the page behind the link in an invitation. Nobody is signed in here."""

import math
from datetime import UTC, datetime

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.access import identity
from cms.access.guard import console, public
from cms.access.identity import client_ip
from cms.access.paths import HOME
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.frame import sent_codes
from domain.errors import Conflict, InvalidInput, LimitExceeded, MalformedCode, NotFound, WeakPassword
from domain.passwords import MAX_LENGTH, MIN_LENGTH
from domain.statuses import Channel, VerificationStatus
from services.people import accepting as service
from services.people.accepting import Guest
from services.sign_in import joining
from services.sign_in.sign_ins import Browser


@console.get("/invitation/<token>")
@public
def invitation(token: str) -> Answer:
    """Show the invitation and change nothing: scanners and previews follow links, too."""
    return _page(token)


@console.post("/invitation/<token>/send")
@public
def send_invitation_code(token: str) -> Answer:
    """Send the code."""
    try:
        service.send_code(token, client_ip=client_ip())
    except NotFound:
        return _page(token)
    except (InvalidInput, LimitExceeded) as error:
        text = error_texts.destination_text(error, Channel.EMAIL)
        return _answer(token, {"send": text}, error_texts.status_and_headers(error)[0])
    return redirect(url_for("cms.invitation", token=token), 303)


@console.post("/invitation/<token>/accept")
@public
def accept_invitation(token: str) -> Answer:
    """Check the code, create the account and start its session."""
    code, password = request.form.get("code", ""), request.form.get("password", "")
    if password != request.form.get("repeated", ""):
        return _answer(token, {"repeated": _("The two passwords are not the same.")}, 422)
    try:
        browser = Browser(client_ip(), request.user_agent.string)
        result, session_token, started = joining.join(token, code, password, browser=browser)
    except NotFound:
        return _answer(token, {"send": _("Send a code first.")}, 422)
    except WeakPassword as error:
        return _answer(token, {"password": error_texts.new_password_text(error)}, 422)
    except (MalformedCode, LimitExceeded) as error:
        text = error_texts.code_text(error, current_app.config["CODE_LENGTH"])
        return _answer(token, {"code": text}, error_texts.status_and_headers(error)[0])
    except Conflict:
        return _answer(
            token, {"send": _("You already have an account here. Sign in with its password.")}, 409
        )
    if started is None:
        return _answer(token, {"code": error_texts.result_text(result)}, 422)
    identity.start(session_token, started)
    flash(_("Welcome. You are signed in."), "success")
    return redirect(HOME, 303)


def _page(token: str) -> Answer:
    return _answer(token, {}, 200)


def _answer(token: str, errors: dict[str, str], status: int) -> Answer:
    try:
        guest = service.look(token)
    except NotFound:
        return render_template("cms/people/no_invitation.html"), 404
    sent = guest.sent if guest.sent and guest.sent.status is VerificationStatus.PENDING else None
    page = render_template(
        "cms/people/invitation.html",
        token=token,
        guest=guest,
        state=sent_codes.of(sent, guest.email) if sent else None,
        seconds_left=_seconds_until(sent.resend_at) if sent else 0,
        errors=errors,
        what=_what(guest),
        code_length=current_app.config["CODE_LENGTH"],
        min_length=MIN_LENGTH,
        max_length=MAX_LENGTH,
    )
    return page, status


def _what(guest: Guest) -> str:
    return _(
        "%(service)s invites %(email)s to its console, as %(role)s.",
        service=current_app.config["SERVICE_NAME"],
        email=guest.email,
        role=error_texts.role_name(guest.role),
    )


def _seconds_until(moment: datetime) -> int:
    return max(0, math.ceil((moment - datetime.now(UTC)).total_seconds()))
