"""The second step of a sign-in: a code or a recovery code. Visitors here have proven only their password."""

import math
from datetime import UTC, datetime

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access import identity
from cms.access.guard import console, public
from cms.access.identity import client_ip
from cms.access.paths import HOME, own_path
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.frame import sent_codes
from domain.errors import InvalidInput, LimitExceeded, MalformedCode, NotAuthenticated, NotFound
from domain.statuses import VerificationStatus
from services.sign_in import second_steps
from services.sign_in.second_steps import Step
from services.sign_in.sign_ins import Browser

TOKEN = "second_step"  # noqa: S105 - where the cookie keeps the token of the step


def begin(token: str) -> Response:
    """Send the code and redirect to the page that asks for it."""
    session[TOKEN] = token
    _send(token)
    return redirect(url_for("cms.second_step", next=_next()), 303)


@console.get("/login/code")
@public
def second_step() -> Answer:
    """Ask for the code."""
    step = _step()
    return _page(step) if step else _start_again()


@console.post("/login/code")
@public
def check_second_step() -> Answer:
    """Check the code and start the session."""
    step = _step()
    if step is None:
        return _start_again()
    try:
        result, token, started = second_steps.check(
            session[TOKEN], request.form.get("code", ""), browser=_browser()
        )
    except NotFound:
        return _start_again() if _step() is None else (_page(step, _("Send a code first.")), 422)
    except (MalformedCode, LimitExceeded) as error:
        text = error_texts.code_text(error, current_app.config["CODE_LENGTH"])
        return _page(step, text), *error_texts.status_and_headers(error)
    if started is None:
        return _page(_step() or step, error_texts.result_text(result)), 422
    identity.start(token, started)
    return redirect(_next(), 303)


@console.post("/login/code/send")
@public
def send_second_step() -> Response:
    """Send the code again."""
    if _step() is None:
        return _start_again()
    _send(session[TOKEN])
    return redirect(url_for("cms.second_step", next=_next()), 303)


@console.get("/login/recovery")
@public
def recovery() -> Answer:
    """Ask for a recovery code."""
    return _recovery_page() if _step() else _start_again()


@console.post("/login/recovery")
@public
def use_recovery_code() -> Answer:
    """Consume a recovery code and start the session."""
    if _step() is None:
        return _start_again()
    try:
        token, started = second_steps.use_recovery_code(
            session[TOKEN], request.form.get("recovery", ""), browser=_browser()
        )
    except NotFound:
        return _start_again()
    except NotAuthenticated as error:
        text = _("This is not one of your unused recovery codes. Check your list, or use another one.")
        return _recovery_page(text), *error_texts.status_and_headers(error)
    except LimitExceeded as error:
        return _recovery_page(error_texts.sign_in_text(error)), *error_texts.status_and_headers(error)
    identity.start(token, started)
    flash(_("This recovery code is used up. Create new ones before you run out."), "info")
    return redirect(url_for("cms.second_factor"), 303)


def _step() -> Step | None:
    token = session.get(TOKEN)
    try:
        return second_steps.look(token) if token else None
    except NotFound:
        return None


def _send(token: str) -> None:
    try:
        second_steps.send(token, client_ip=client_ip())
    except NotFound:
        return  # the page reports it
    except (InvalidInput, LimitExceeded) as error:
        flash(error_texts.destination_text(error, second_steps.look(token).channel), "error")


def _start_again() -> Response:
    session.pop(TOKEN, None)
    flash(_("This took too long. Please sign in again."), "info")
    return redirect(url_for("cms.login", next=_next()), 303)


def _page(step: Step, error: str | None = None) -> str:
    now = datetime.now(UTC)
    sent = step.sent if step.sent and step.sent.status is VerificationStatus.PENDING else None
    return render_template(
        "cms/sign_in/second_step.html",
        step=step,
        state=sent_codes.of(sent, step.masked) if sent else None,
        seconds_left=max(0, math.ceil((sent.resend_at - now).total_seconds())) if sent else 0,
        error=error,
        next=_next(),
        code_length=current_app.config["CODE_LENGTH"],
    )


def _recovery_page(error: str | None = None) -> str:
    return render_template("cms/sign_in/recovery.html", error=error, next=_next())


def _browser() -> Browser:
    return Browser(client_ip(), request.user_agent.string)


def _next() -> str:
    return own_path(request.values.get("next")) or HOME
