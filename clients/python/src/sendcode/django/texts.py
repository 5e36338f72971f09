"""Texts for users."""

from django.utils.translation import ngettext

from sendcode.errors import LimitExceeded


def wait_text(limit: LimitExceeded) -> str:
    """Return what to tell the user at a limit."""
    seconds = int(limit.retry_after or 60)
    text = ngettext("Try again in %(n)d second.", "Try again in %(n)d seconds.", seconds)
    return str(text % {"n": seconds})
