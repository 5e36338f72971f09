"""The address of this installation, for calls that people copy from a page."""

from flask import current_app, request


def own_address() -> str:
    """Return PUBLIC_URL, or the address by which the page was asked for, without a slash at its end."""
    return str(current_app.config["PUBLIC_URL"] or request.host_url).rstrip("/")
