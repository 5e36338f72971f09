"""What the pages between the password and the session share. Visitors here have proven only their password."""

from flask import flash, redirect, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.identity import client_ip
from cms.access.paths import HOME, own_path
from domain.errors import NotFound
from services.sign_in import second_steps
from services.sign_in.second_steps import Step
from services.sign_in.sign_ins import Browser
from services.sign_in.ways import Way

TOKEN = "second_step"  # noqa: S105 - where the cookie keeps the token of the step
PAGES = {Way.CODE: "cms.second_step", Way.APP: "cms.app_step", Way.PASSKEY: "cms.passkey_step"}
"""The page on which each way is proven."""


def token() -> str:
    """Return the token of the sign-in that waits in this browser; empty where there is none."""
    return str(session.get(TOKEN, ""))


def step() -> Step | None:
    """Return the sign-in that waits in this browser for its second step."""
    try:
        return second_steps.look(token()) if token() else None
    except NotFound:
        return None


def elsewhere(step: Step | None) -> Response:
    """Redirect to the page of the strongest way, or to the first page where no sign-in waits."""
    if step is None:
        return start_again()
    return redirect(url_for(PAGES[step.ways[0]], next=next_page()), 303)


def start_again() -> Response:
    """Forget the sign-in, which has ended, and redirect to the first page."""
    session.pop(TOKEN, None)
    flash(_("This took too long. Please sign in again."), "info")
    return redirect(url_for("cms.login", next=next_page()), 303)


def browser() -> Browser:
    """Return where the visitor signs in."""
    return Browser(client_ip(), request.user_agent.string)


def next_page() -> str:
    """Return where the sign-in leads."""
    return own_path(request.values.get("next")) or HOME
