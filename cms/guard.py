"""The console's blueprint and who may pass: nobody, except to sign in; with a one-time password only to replace it."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from cms.identity import TOKEN, signed_in
from domain.errors import NotAuthenticated, PasswordNeeded

View = TypeVar("View", bound=Callable[..., object])

console = Blueprint("cms", __name__, url_prefix="/cms")
_public: set[str] = set()
_before_new_password: set[str] = set()


def public(view: View) -> View:
    """Open a view of the console to everybody."""
    _public.add(f"{console.name}.{view.__name__}")
    return view


def before_new_password(view: View) -> View:
    """Open a view to those who must replace their one-time password first."""
    _before_new_password.add(f"{console.name}.{view.__name__}")
    return view


@console.before_request
def require_sign_in() -> Response | None:
    """Send strangers to the sign-in page, and owners of a one-time password to the page that replaces it."""
    if request.endpoint in _public:
        return None
    if not current_user.is_authenticated:
        return to_sign_in()
    if signed_in().administrator.must_change_password and request.endpoint not in _before_new_password:
        return redirect(url_for("cms.password"), 303)
    return None


@console.errorhandler(PasswordNeeded)
def ask_password(_error: PasswordNeeded) -> Response:
    """Ask for the password, then come back to the page that the change began on."""
    return redirect(url_for("cms.confirm_password", next=_page()), 303)


@console.errorhandler(NotAuthenticated)
def to_sign_in(_error: NotAuthenticated | None = None) -> Response:
    """Send somebody whose session has ended, or who had none, to the sign-in page."""
    if TOKEN in session:  # a stranger's session stays: it holds the token of a sign-in page in another tab
        session.clear()
        flash(_("Your session has ended. Please sign in again."), "info")
    return redirect(url_for("cms.login", next=_page()), 303)


def _page() -> str | None:
    """Return the path to come back to: this page, or the one that holds the form."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return url_for("cms.password") if request.endpoint == "cms.set_password" else url_for("cms.show_account")
