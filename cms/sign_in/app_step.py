"""The second step of a sign-in with a code of an authenticator app."""

from flask import redirect, render_template, request
from flask_babel import gettext as _

from cms.access import identity
from cms.access.guard import console, public
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.sign_in import half_way
from domain import totp
from domain.errors import LimitExceeded, MalformedCode, NotAuthenticated, NotFound
from services.sign_in import second_steps
from services.sign_in.second_steps import Step
from services.sign_in.ways import Way


@console.get("/login/app")
@public
def app_step() -> Answer:
    """Ask for the code that the app shows."""
    step = half_way.step()
    return _page(step) if step and Way.APP in step.ways else half_way.elsewhere(step)


@console.post("/login/app")
@public
def check_app_step() -> Answer:
    """Check the code and start the session."""
    step = half_way.step()
    if step is None:
        return half_way.start_again()
    try:
        token, started = second_steps.use_app_code(
            half_way.token(), request.form.get("code", ""), browser=half_way.browser()
        )
    except NotFound:
        return half_way.start_again()
    except MalformedCode as error:
        return _page(step, error_texts.code_text(error, totp.DIGITS)), 422
    except NotAuthenticated:
        text = _(
            "That is not the code, or it was used already. Wait for the next one; if it fails again, check that the "
            "clock of your device is right."
        )
        return _page(step, text), 422
    except LimitExceeded as error:
        return _page(step, error_texts.sign_in_text(error)), *error_texts.status_and_headers(error)
    identity.start(token, started)
    return redirect(half_way.next_page(), 303)


def _page(step: Step, error: str | None = None) -> str:
    return render_template(
        "cms/sign_in/app_step.html",
        step=step,
        error=error,
        next=half_way.next_page(),
        code_length=totp.DIGITS,
    )
