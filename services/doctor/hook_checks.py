"""The hooks: can their servers reach them, were they ever used, can their secrets be read?"""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from domain.hooks import HookType
from exts import db
from models import clock
from services.doctor.findings import Finding, ok, warn
from services.doctor.settings import LOOPBACK
from services.hooks import hooks
from services.hooks.hook_views import HookView

HTTPS_ONLY = (HookType.SUPABASE,)
"""Servers that post to https only, except on their own machine."""
UNUSED_AFTER = timedelta(days=1)
MOST_NAMED = 5


def check_hooks() -> Iterator[Finding]:
    """Look at each hook that is switched on."""
    try:
        shown = [one for one in hooks.list_all() if one.is_on]
        unreadable = [one for one in shown if (found := hooks.secrets_of(one.id)) and not found[1]]
    except SQLAlchemyError:
        return  # check_database reports it
    finally:
        db.session.rollback()
    findings = [*_reachable(shown), *_unused(shown)]
    if unreadable:
        findings.append(
            warn(
                "hooks",
                f"the secret of {_named(unreadable)} can't be read: bring its CODE_PEPPER back, or rotate",
            )
        )
    yield from findings
    if shown and not findings:
        yield ok("hooks", f"{len(shown)} switched on, all in use")


def _reachable(shown: list[HookView]) -> Iterator[Finding]:
    url = urlsplit(current_app.config["PUBLIC_URL"])
    is_here = url.hostname in LOOPBACK
    if shown and not url.hostname:
        yield warn("hooks", "PUBLIC_URL is not set: the addresses shown for hooks are guessed")
    elif shown and is_here and not current_app.config["DEVELOPMENT"]:
        yield warn("hooks", "PUBLIC_URL leads to this machine only: no other server can post to a hook")
    wanting = [one for one in shown if one.type in HTTPS_ONLY]
    if wanting and url.hostname and url.scheme != "https" and not is_here:
        yield warn("hooks", f"PUBLIC_URL is not https, and {_named(wanting)} is not posted to without it")


def _unused(shown: list[HookView]) -> Iterator[Finding]:
    before = clock.now() - UNUSED_AFTER
    unused = [one for one in shown if one.last_used_at is None and one.created_at < before]
    if unused:
        yield warn("hooks", f"{_named(unused)} never took anything: is its server set up?")


def _named(shown: list[HookView]) -> str:
    names = ", ".join(f"“{one.name}”" for one in shown[:MOST_NAMED])
    return f"{names} and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else names
