"""The second step of a sign-in with a passkey."""

from flask import redirect, render_template, request
from flask_babel import gettext as _

from cms.access import identity
from cms.access.guard import console, public
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.sign_in import half_way
from domain.errors import LimitExceeded, NotAuthenticated, NotFound
from services.sign_in import passkeys
from services.sign_in.ways import Way


@console.get("/login/passkey")
@public
def passkey_step() -> Answer:
    """Show the button that asks the device."""
    step = half_way.step()
    return _page() if step and Way.PASSKEY in step.ways else half_way.elsewhere(step)


@console.post("/login/passkey")
@public
def check_passkey_step() -> Answer:
    """Check the device's answer and start the session."""
    answer = request.form.get("answer", "")
    if half_way.step() is None:
        return half_way.start_again()
    if not answer:
        return _page(_("Your browser did not ask the device: this needs JavaScript. Use another way.")), 422
    try:
        token, started = passkeys.use(half_way.token(), answer, browser=half_way.browser())
    except NotFound:
        return half_way.start_again()
    except NotAuthenticated:
        return _page(_("The device's answer was not accepted. Try again.")), 422
    except LimitExceeded as error:
        return _page(error_texts.sign_in_text(error)), *error_texts.status_and_headers(error)
    identity.start(token, started)
    return redirect(half_way.next_page(), 303)


def _page(error: str | None = None) -> Answer:
    step = half_way.step()
    if step is None:
        return half_way.start_again()
    return render_template(
        "cms/sign_in/passkey_step.html",
        step=step,
        options=passkeys.options(half_way.token()),
        error=error,
        next=half_way.next_page(),
    )
