"""Who is signed in: Flask-Login keeps the session token in the signed cookie; services validate it."""

from flask import Flask, request
from flask_babel import refresh
from flask_login import UserMixin, current_user, login_user

from domain import networks
from exts import login
from services.account import preferences
from services.audit.trail import Actor
from services.languages import locales
from services.sign_in import sessions
from services.sign_in.sessions import ConsoleSession

ZONE = "zone"
"""The cookie of `static/zone.js`."""
TOKEN = "_user_id"  # noqa: S105 - where Flask-Login keeps the token


class SignedIn(UserMixin):  # type: ignore[misc]
    """The user object of Flask-Login."""

    def __init__(self, token: str, session: ConsoleSession):
        self._token = token
        self.session = session

    def get_id(self) -> str:
        """Return the value for the cookie: the random token, never an administrator's id."""
        return self._token


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    login.session_protection = None  # it would sign people out when they switch from Wi-Fi to mobile data
    login.user_loader(_load)


def _load(token: str) -> SignedIn | None:
    found = sessions.resume(token)
    if found and found.administrator.locale and found.administrator.locale != locales.of_request():
        locales.choose(found.administrator.locale)  # it may have been changed in another browser
        refresh()
    return SignedIn(token, found) if found else None


def signed_in() -> ConsoleSession:
    """Return the session of the current request, which `guard` has admitted."""
    found: ConsoleSession = current_user.session
    return found


def actor() -> Actor:
    """Return who makes the current change, for the audit."""
    administrator = signed_in().administrator
    return Actor(administrator.id, administrator.email, client_ip(), administrator.role)


def start(token: str, started: ConsoleSession) -> None:
    """Put a new session into the cookie; of the old contents, only the language stays.

    Whoever has never chosen a time zone gets that of the browser, which the sign-in page put into a cookie.
    """
    if started.administrator.zone is None and (zone := request.cookies.get(ZONE)):
        preferences.adopt_zone(started, zone, client_ip=client_ip())
    locales.empty_session()
    locales.choose(started.administrator.locale or locales.chosen())
    login_user(SignedIn(token, started), remember=False)


def client_ip() -> str | None:
    """Return the peer's address, or None if it has none (a Unix socket)."""
    return networks.address(request.remote_addr)
