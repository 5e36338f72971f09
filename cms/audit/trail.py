"""The audit page: every change, newest first, with filters for person, kind and days, and as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request, stream_with_context
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from cms.access import incoming
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.audit.labels import ABOUT, FIELDS, LABELS
from cms.audit.things import Things
from cms.errors.error_texts import ROLES
from cms.frame import days, languages
from cms.keys.api_keys import SCOPES, SETTINGS
from domain.actions import Action
from domain.roles import Role
from services.audit import exporting
from services.audit import trail as service
from services.audit.trail import EntryView, Wanted
from services.people import administrators

COMMAND_LINE = "command-line"
FILTERS = ("who", "what", "since", "until")
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
    emails = {str(one.id): one.email for one in administrators.everyone()}
    chosen = _chosen(emails)
    found = service.entries(_wanted(chosen), older_than=incoming.number("older_than"))
    return render_template(
        "cms/audit/trail.html",
        entries=found.shown,
        older_than=found.older_than,
        chosen=chosen,
        unknown=[
            f"{name}={request.args[name]}" for name in FILTERS if request.args.get(name) and not chosen[name]
        ],
        emails=emails,
        choices=_choices(),
        label=lambda entry: LABELS.get(entry.action, entry.action),
        actor=actor_of,
        subject=lambda entry: _subject(entry, emails),
        address=Things(emails).address_of,
        differences=lambda entry: list(differences_of(entry)),
    )


@console.post("/audit/export")
@needs(Role.OPERATOR)
def export_audit() -> Response:
    """Return what the filters of the page find as a file; destinations in it are masked as on the page."""
    emails = {str(one.id): one.email for one in administrators.everyone()}
    return Response(
        stream_with_context(exporting.export(_wanted(_chosen(emails)), by=actor())),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"},
    )


def _chosen(emails: Mapping[str, str]) -> dict[str, str | None]:
    """Return the filters in the address that mean something."""
    given = {name: request.args.get(name, "") for name in FILTERS}
    is_known = {
        "who": given["who"] in emails or given["who"] == COMMAND_LINE,
        "what": given["what"] in (*Action, *ABOUT),
        **{name: days.day(given[name]) is not None for name in ("since", "until")},
    }
    return {name: given[name] if is_known[name] else None for name in FILTERS}


def _wanted(chosen: Mapping[str, str | None]) -> Wanted:
    who, what = chosen["who"], chosen["what"]
    since, until = days.since_and_until({name: value for name, value in chosen.items() if value})
    return Wanted(
        actions=[action for action in Action if what in (action, action.about)],
        actor_id=int(who) if who and who != COMMAND_LINE else None,
        command_line=who == COMMAND_LINE,
        since=since,
        until=until,
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
