"""Sign in and out."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from cms.access import identity
from cms.access.guard import before_new_password, console, needs, public
from cms.access.identity import client_ip, signed_in
from cms.access.paths import HOME, own_path
from cms.errors import error_texts, insecure
from cms.errors.error_texts import Answer
from cms.sign_in import second_step
from domain.errors import LimitExceeded, NotAuthenticated, SecondStepNeeded
from domain.roles import Role
from services.languages import locales
from services.sign_in import sessions


@console.get("/login")
@public
def login() -> str | Response:
    """Show the form; redirect people who are already signed in."""
    if current_user.is_authenticated:
        return redirect(_next())
    needed = insecure.needed_address(url_for("cms.login"))
    return render_template("cms/sign_in/login.html", email="", error=None, next=_next(), needed=needed)


@console.post("/login")
@public
def sign_in() -> Answer:
    """Start a session."""
    email = request.form.get("email", "")
    try:
        token, started = sessions.sign_in(
            email,
            request.form.get("password", ""),
            ip=client_ip(),
            user_agent=request.user_agent.string,
        )
    except SecondStepNeeded as step:
        return second_step.begin(step.token)
    except (NotAuthenticated, LimitExceeded) as error:
        page = render_template(
            "cms/sign_in/login.html", email=email, error=error_texts.sign_in_text(error), next=_next()
        )
        return page, *error_texts.status_and_headers(error)
    identity.start(token, started)
    return redirect(_next(), 303)


@console.post("/logout")
@before_new_password
@needs(Role.VIEWER)
def logout() -> Response:
    """End the session."""
    sessions.end(signed_in().id)
    locales.empty_session()
    flash(_("You are signed out."), "success")
    return redirect(url_for("cms.login"), 303)


def _next() -> str:
    return own_path(request.values.get("next")) or HOME
