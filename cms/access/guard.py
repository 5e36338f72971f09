"""The console's blueprint and its access rules: sign in first, then the role decides.

A page is open to every role unless it names one. A form is open to nobody unless it names a role.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug import exceptions
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from cms.access import drafts, incoming, uploads
from cms.access.identity import TOKEN, signed_in
from cms.access.paths import HOME
from cms.errors import error_pages
from cms.errors.error_texts import role_name
from domain.errors import NotAllowed, NotAuthenticated, NotFound, PasswordNeeded
from domain.roles import Role
from services.languages import locales
from services.sign_in import sessions
from services.storage.waits import take_time

View = TypeVar("View", bound=Callable[..., object])

console = Blueprint("cms", __name__, url_prefix="/cms")
_public: set[str] = set()
_before_new_password: set[str] = set()
_roles: dict[str, Role] = {}
_with_password: set[str] = set()


def public(view: View) -> View:
    """Open a view of the console to everybody."""
    _public.add(_endpoint(view))
    return view


def before_new_password(view: View) -> View:
    """Open a view to people who must still replace their one-time password."""
    _before_new_password.add(_endpoint(view))
    return view


def needs(role: Role, *, password: bool = False) -> Callable[[View], View]:
    """Open a view to a role and those above; with `password`, only if the password was entered recently."""

    def decorate(view: View) -> View:
        _roles[_endpoint(view)] = role
        if password:
            _with_password.add(_endpoint(view))
        return view

    return decorate


def needed_role(endpoint: str, method: str) -> Role | None:
    """Return the lowest role that may call a view; None if no role is declared, so that nobody may."""
    return _roles.get(endpoint, None if method == "POST" else Role.VIEWER)


def may(endpoint: str) -> bool:
    """Tell whether the person signed in may call a view; templates check before showing a button or link."""
    needed = _roles.get(endpoint, Role.VIEWER)
    return signed_in().administrator.role.covers(needed)


console.before_request(take_time)  # lists and figures of a large table may need it


@console.before_request
def admit() -> Response | None:
    """Redirect strangers to the sign-in page, and people with a one-time password to the page that replaces it.

    Raises NotAllowed, PasswordNeeded and UnprocessableEntity.
    """
    uploads.receive()
    incoming.refuse_what_no_database_holds()
    endpoint = request.endpoint or ""
    if endpoint in _public:
        return None
    if not current_user.is_authenticated:
        return to_sign_in()
    if signed_in().administrator.must_change_password and endpoint not in _before_new_password:
        return redirect(url_for("cms.password"), 303)
    needed = needed_role(endpoint, request.method)
    if needed is None or not signed_in().administrator.role.covers(needed):
        raise NotAllowed(needed or "nobody")
    if endpoint in _with_password and sessions.needs_password(signed_in()):
        raise PasswordNeeded("the password was proven too long ago")
    return None


@console.errorhandler(PasswordNeeded)
def ask_password(_error: PasswordNeeded) -> Response:
    """Ask for the password, then return to the page where the change began, with the form input kept."""
    if request.method == "POST":
        drafts.keep(_page(), request.form)
    return redirect(url_for("cms.confirm_password", next=_page()), 303)


@console.errorhandler(NotAuthenticated)
def to_sign_in(_error: NotAuthenticated | None = None) -> Response:
    """Redirect somebody without a valid session to the sign-in page."""
    if (
        TOKEN in session
    ):  # keep a stranger's session: it holds the CSRF token of a sign-in page in another tab
        locales.empty_session()
        flash(_("Your session has ended. Please sign in again."), "info")
    return redirect(url_for("cms.login", next=_page()), 303)


@console.errorhandler(NotFound)
def not_there(_error: NotFound) -> object:
    """Show the 404 page for an object that does not exist."""
    return error_pages.show(exceptions.NotFound())


@console.errorhandler(NotAllowed)
def refuse(error: NotAllowed) -> tuple[str, int]:
    """Say which role is needed, and what to do."""
    told = error.args[0] if error.args else None
    needed = told if isinstance(told, Role) else Role.OWNER
    has = signed_in().administrator.role
    text = _(
        "Nothing was changed. This needs the role %(needed)s, and yours is %(has)s. Ask an owner of this console "
        "to do it, or to change your role on the page Administrators.",
        needed=role_name(needed),
        has=role_name(has),
    )
    return render_template("cms/frame/error.html", status=403, title=_("You may not do this"), text=text), 403


def _endpoint(view: Callable[..., object]) -> str:
    return f"{console.name}.{view.__name__}"


def _page() -> str:
    """Return the path to return to: this page, or the page of this form, which is the path or a parent of it."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    path = request.path
    while path.startswith(HOME) and not _is_page(path):
        path = path.rpartition("/")[0]
    return path or HOME


def _is_page(path: str) -> bool:
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True
