"""Cookies that are for https on a page that came over http: browsers throw them away and say nothing."""

from urllib.parse import urlsplit

from flask import current_app, request

LOST = "no_cookie"
"""In the query of the sign-in page: its form came back without the cookie."""


def is_cookie_lost() -> bool:
    """Tell whether a form came over http without the cookie of its page, which is for https."""
    has_cookie = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    return _is_insecure() and not has_cookie


def needed_address(path: str) -> str | None:
    """Return where to sign in instead, None where nothing speaks against this page.

    Without TRUSTED_PROXIES we can't see that a proxy speaks https to the browser; the host is then PUBLIC_URL's.
    """
    public = current_app.config["PUBLIC_URL"]
    is_elsewhere = request.host.lower() != urlsplit(public).netloc.lower()
    is_sure = is_elsewhere or current_app.config["TRUSTED_PROXIES"] > 0 or LOST in request.args
    return public.rstrip("/") + path if _is_insecure() and is_sure else None


def _is_insecure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"]) and not request.is_secure
