"""The second step of a sign-in: the page of the strongest way, and a code that is sent."""

import math
from datetime import UTC, datetime

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access import identity
from cms.access.guard import console, public
from cms.access.identity import client_ip
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.frame import sent_codes
from cms.sign_in import half_way
from domain.errors import InvalidInput, LimitExceeded, MalformedCode, NotFound
from domain.statuses import VerificationStatus
from services.sign_in import second_steps
from services.sign_in.second_steps import Step
from services.sign_in.ways import Way


def begin(token: str) -> Response:
    """Redirect to the page of the strongest way; send a code where that is the one."""
    session[half_way.TOKEN] = token
    step = half_way.step()
    if step and step.ways[0] is Way.CODE:
        _send(token)
    return half_way.elsewhere(step)


@console.get("/login/code")
@public
def second_step() -> Answer:
    """Ask for the code."""
    step = half_way.step()
    return _page(step) if step and Way.CODE in step.ways else half_way.elsewhere(step)


@console.post("/login/code")
@public
def check_second_step() -> Answer:
    """Check the code and start the session."""
    step = half_way.step()
    if step is None:
        return half_way.start_again()
    try:
        result, token, started = second_steps.check(
            half_way.token(), request.form.get("code", ""), browser=half_way.browser()
        )
    except NotFound:
        return (
            half_way.start_again() if half_way.step() is None else (_page(step, _("Send a code first.")), 422)
        )
    except (MalformedCode, LimitExceeded) as error:
        text = error_texts.code_text(error, current_app.config["CODE_LENGTH"])
        return _page(step, text), *error_texts.status_and_headers(error)
    if started is None:
        return _page(half_way.step() or step, error_texts.result_text(result)), 422
    identity.start(token, started)
    return redirect(half_way.next_page(), 303)


@console.post("/login/code/send")
@public
def send_second_step() -> Response:
    """Send the code, or send it again."""
    if half_way.step() is None:
        return half_way.start_again()
    _send(half_way.token())
    return redirect(url_for("cms.second_step", next=half_way.next_page()), 303)


def _send(token: str) -> None:
    try:
        second_steps.send(token, client_ip=client_ip())
    except NotFound:
        return  # the page reports it
    except (InvalidInput, LimitExceeded) as error:
        flash(error_texts.destination_text(error, second_steps.look(token).channel), "error")


def _page(step: Step, error: str | None = None) -> str:
    now = datetime.now(UTC)
    sent = step.sent if step.sent and step.sent.status is VerificationStatus.PENDING else None
    return render_template(
        "cms/sign_in/second_step.html",
        step=step,
        state=sent_codes.of(sent, step.masked) if sent else None,
        seconds_left=max(0, math.ceil((sent.resend_at - now).total_seconds())) if sent else 0,
        error=error,
        next=half_way.next_page(),
        code_length=current_app.config["CODE_LENGTH"],
    )
