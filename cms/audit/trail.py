"""The audit page: every change, newest first, with filters for person and kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from cms.access import incoming
from cms.access.guard import console, needs
from cms.audit.labels import ABOUT, FIELDS, LABELS
from cms.errors.error_texts import ROLES
from cms.frame import languages
from cms.keys.api_keys import SCOPES, SETTINGS
from domain.actions import Action
from domain.roles import Role
from services.audit import trail as service
from services.audit.trail import EntryView
from services.people import administrators

COMMAND_LINE = "command-line"
PROGRAM = "API key "
"""How the API begins the name of an actor."""
WORDS = {
    "active": lazy_gettext("active"),
    "disabled": lazy_gettext("disabled"),
    "revoked": lazy_gettext("revoked"),
    **ROLES,
    **languages.NAMES,
    **{scope: name for scope, (name, _means) in SCOPES.items()},
    "unsubscribed": lazy_gettext("unsubscribed"),
    "complaint": lazy_gettext("complaint"),
    "bounce": lazy_gettext("bounce"),
    "email": lazy_gettext("E-mail"),
    "sms": lazy_gettext("SMS"),
    "app": lazy_gettext("Authenticator app"),
    "passkey": lazy_gettext("Passkey"),
    "on": lazy_gettext("on"),
    "off": lazy_gettext("off"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed field; `before` or `after` is None if that side has no value."""

    field: Any
    before: str | None
    after: str | None


@console.get("/audit")
@needs(Role.OPERATOR)
def audit() -> str:
    """Show a page of entries."""
    who, what = request.args.get("who", ""), request.args.get("what", "")
    emails = {str(one.id): one.email for one in administrators.everyone()}
    found = service.entries(
        actions=[action for action in Action if what in (action, action.about)],
        actor_id=int(who) if who in emails else None,
        command_line=who == COMMAND_LINE,
        older_than=incoming.number("older_than"),
    )
    chosen = {
        "who": who if who in emails or who == COMMAND_LINE else None,
        "what": what if what in (*Action, *ABOUT) else None,
    }
    return render_template(
        "cms/audit/trail.html",
        entries=found.shown,
        older_than=found.older_than,
        chosen=chosen,
        unknown=[
            f"{name}={value}" for name, value in (("who", who), ("what", what)) if value and not chosen[name]
        ],
        emails=emails,
        choices=_choices(),
        label=lambda entry: LABELS.get(entry.action, entry.action),
        actor=actor_of,
        subject=lambda entry: _subject(entry, emails),
        differences=lambda entry: list(differences_of(entry)),
    )


def actor_of(entry: EntryView) -> str:
    """Return who did it: an administrator, a program by its API key, the service itself, or the command line."""
    if (entry.actor_id, entry.actor) == (None, service.SERVICE.name):
        return _("Automatic")
    is_named = entry.actor_id is not None or entry.actor.startswith(PROGRAM)
    return entry.actor if is_named else _("Command line")


def _choices() -> list[tuple[str, Any, list[tuple[str, Any]]]]:
    """Return the choices of the filter: each kind of object with its changes."""
    return [
        (about, label, [(action.value, LABELS[action]) for action in Action if action.about == about])
        for about, label in ABOUT.items()
    ]


def _subject(entry: EntryView, emails: Mapping[str, str]) -> str:
    """Return what was changed; people by their current address, since the audit stores it masked only."""
    is_person = entry.action.partition(".")[0] in ("administrator", "account")
    return emails.get(entry.subject_id or "", entry.subject) if is_person else entry.subject


def differences_of(entry: EntryView) -> Iterator[Difference]:
    """Yield the fields that a change changed."""
    for name in dict.fromkeys((*entry.before, *entry.after)):
        told = [values.get(name) for values in (entry.before, entry.after)]
        if name in entry.before and name in entry.after:
            yield Difference(FIELDS.get(name, name), *map(_text, told))
        elif any(value not in (None, []) for value in told):
            before, after = (
                _text(values[name]) if name in values else None for values in (entry.before, entry.after)
            )
            yield Difference(FIELDS.get(name, name), before, after)


def _text(value: Any) -> str:
    if value is None or value in ([], {}):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(WORDS.get(one, one)) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{SETTINGS.get(name, name)}: {one}" for name, one in value.items())
    return str(WORDS.get(value, value))
