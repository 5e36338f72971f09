"""Confirm the password, and change it."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.access.guard import before_new_password, console, needs
from cms.access.identity import client_ip, signed_in
from cms.access.paths import HOME, own_path
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from domain.errors import LimitExceeded, NotAuthenticated, PasswordNeeded, WeakPassword
from domain.passwords import MAX_LENGTH, MIN_LENGTH
from domain.roles import Role
from services.account import accounts
from services.sign_in import sessions


@console.get("/confirm-password")
@before_new_password
def confirm_password() -> str:
    """Ask for the password before a change of the account."""
    return _confirm_page(None)


@console.post("/confirm-password")
@before_new_password
@needs(Role.VIEWER)
def prove_password() -> Answer:
    """Check the password and return to the page that required it."""
    try:
        sessions.prove_password(signed_in(), request.form.get("password", ""), ip=client_ip())
    except (NotAuthenticated, LimitExceeded) as error:
        page = _confirm_page(error_texts.password_text(error))
        return page, *error_texts.status_and_headers(error)
    return redirect(own_path(request.form.get("next")) or HOME, 303)


@console.get("/password")
@before_new_password
def password() -> str:
    """Show the form for a new password."""
    if sessions.needs_password(signed_in()):
        raise PasswordNeeded("the password was proven too long ago")
    return _password_page({})


@console.post("/password")
@before_new_password
@needs(Role.VIEWER)
def set_password() -> Answer:
    """Set the new password, typed twice."""
    new = request.form.get("password", "")
    if new != request.form.get("repeated", ""):
        return _password_page({"repeated": _("The two passwords are not the same.")}), 422
    was_forced = signed_in().administrator.must_change_password
    try:
        accounts.change_password(signed_in(), new, client_ip=client_ip())
    except WeakPassword as error:
        return _password_page({"password": error_texts.new_password_text(error)}), 422
    flash(_("Your password is changed. All other sessions are signed out."), "success")
    return redirect(HOME if was_forced else url_for("cms.show_account"), 303)


def _confirm_page(error: str | None) -> str:
    back = own_path(request.values.get("next")) or HOME
    email = signed_in().administrator.email
    return render_template("cms/sign_in/confirm_password.html", error=error, next=back, email=email)


def _password_page(errors: dict[str, str]) -> str:
    administrator = signed_in().administrator
    return render_template(
        "cms/sign_in/password.html",
        errors=errors,
        email=administrator.email,
        is_forced=administrator.must_change_password,
        min_length=MIN_LENGTH,
        max_length=MAX_LENGTH,
    )
