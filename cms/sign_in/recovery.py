"""The second step of a sign-in with a recovery code."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.access import identity
from cms.access.guard import console, public
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.sign_in import half_way
from domain.errors import LimitExceeded, NotAuthenticated, NotFound
from services.sign_in import second_steps
from services.sign_in.second_steps import Step


@console.get("/login/recovery")
@public
def recovery() -> Answer:
    """Ask for a recovery code."""
    step = half_way.step()
    return _page(step) if step else half_way.start_again()


@console.post("/login/recovery")
@public
def use_recovery_code() -> Answer:
    """Consume a recovery code and start the session."""
    step = half_way.step()
    if step is None:
        return half_way.start_again()
    try:
        token, started = second_steps.use_recovery_code(
            half_way.token(), request.form.get("recovery", ""), browser=half_way.browser()
        )
    except NotFound:
        return half_way.start_again()
    except NotAuthenticated as error:
        text = _("This is not one of your unused recovery codes. Check your list, or use another one.")
        return _page(step, text), *error_texts.status_and_headers(error)
    except LimitExceeded as error:
        return _page(step, error_texts.sign_in_text(error)), *error_texts.status_and_headers(error)
    identity.start(token, started)
    flash(_("This recovery code is used up. Create new ones before you run out."), "info")
    return redirect(url_for("cms.second_factor"), 303)


def _page(step: Step, error: str | None = None) -> str:
    return render_template("cms/sign_in/recovery.html", step=step, error=error, next=half_way.next_page())
