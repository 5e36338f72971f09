"""The audit page: every change, newest first, with filters for person and kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from cms.access import incoming
from cms.access.guard import console, needs
from cms.errors.error_texts import ROLES
from cms.frame import languages
from cms.keys.api_keys import SCOPES
from domain.actions import Action
from domain.roles import Role
from services.audit import trail as service
from services.audit.trail import EntryView
from services.people import administrators

COMMAND_LINE = "command-line"
PROGRAM = "API key "
"""How the API begins the name of an actor."""
ABOUT = {
    "schedule": lazy_gettext("Schedules"),
    "key": lazy_gettext("API keys"),
    "administrator": lazy_gettext("Administrators"),
    "account": lazy_gettext("Own accounts"),
    "suppression": lazy_gettext("Suppression list"),
    "template": lazy_gettext("Templates"),
    "gateway": lazy_gettext("Gateways"),
    "message": lazy_gettext("Messages"),
    "broadcast": lazy_gettext("Broadcasts"),
    "verification": lazy_gettext("Verifications"),
    "guard": lazy_gettext("Pumping guard"),
    "webhook": lazy_gettext("Webhooks"),
    "hook": lazy_gettext("Hooks"),
    "retention": lazy_gettext("Retention"),
}
LABELS = {
    Action.SCHEDULE_ADDED: lazy_gettext("Schedule added"),
    Action.SCHEDULE_EDITED: lazy_gettext("Schedule edited"),
    Action.SCHEDULE_RESUMED: lazy_gettext("Schedule resumed"),
    Action.SCHEDULE_PAUSED: lazy_gettext("Schedule paused"),
    Action.SCHEDULE_RUN: lazy_gettext("Schedule run by hand"),
    Action.SCHEDULE_REMOVED: lazy_gettext("Schedule removed"),
    Action.KEY_ADDED: lazy_gettext("API key added"),
    Action.KEY_EDITED: lazy_gettext("API key edited"),
    Action.KEY_ROTATED: lazy_gettext("API key rotated"),
    Action.KEY_SECRET_ENDED: lazy_gettext("Old secret of an API key ended"),
    Action.KEY_REVOKED: lazy_gettext("API key revoked"),
    Action.TWILIO_TOKEN_MADE: lazy_gettext("Twilio token of an API key created"),
    Action.ADMINISTRATOR_ADDED: lazy_gettext("Administrator added"),
    Action.ROLE_CHANGED: lazy_gettext("Role changed"),
    Action.ADMINISTRATOR_DISABLED: lazy_gettext("Administrator disabled"),
    Action.ADMINISTRATOR_ENABLED: lazy_gettext("Administrator enabled"),
    Action.SESSIONS_ENDED: lazy_gettext("Signed out everywhere"),
    Action.PASSWORD_RESET: lazy_gettext("Password reset"),
    Action.EMAIL_CHANGED: lazy_gettext("E-mail address changed"),
    Action.PHONE_BOUND: lazy_gettext("Phone number changed"),
    Action.OWN_SESSIONS_ENDED: lazy_gettext("Other sessions ended"),
    Action.ZONE_CHANGED: lazy_gettext("Time zone changed"),
    Action.LANGUAGE_CHANGED: lazy_gettext("Language changed"),
    Action.PASSWORD_CHANGED: lazy_gettext("Password changed"),
    Action.SECOND_FACTOR_ON: lazy_gettext("Second step switched on"),
    Action.SECOND_FACTOR_OFF: lazy_gettext("Second step switched off"),
    Action.RECOVERY_CODES_MADE: lazy_gettext("Recovery codes created"),
    Action.RECOVERY_CODE_USED: lazy_gettext("Signed in with a recovery code"),
    Action.INVITED: lazy_gettext("Invited to the console"),
    Action.INVITATION_RESENT: lazy_gettext("Invitation sent again"),
    Action.INVITATION_WITHDRAWN: lazy_gettext("Invitation withdrawn"),
    Action.INVITATION_ACCEPTED: lazy_gettext("Invitation accepted"),
    Action.SECOND_FACTOR_RESET: lazy_gettext("Second step of an administrator switched off"),
    Action.SUPPRESSION_ADDED: lazy_gettext("Destination suppressed"),
    Action.SUPPRESSION_REMOVED: lazy_gettext("Destination no longer suppressed"),
    Action.SUPPRESSIONS_EXPORTED: lazy_gettext("Suppression list exported"),
    Action.TEMPLATE_SAVED: lazy_gettext("Text saved"),
    Action.TEMPLATE_PUBLISHED: lazy_gettext("Text published"),
    Action.TEMPLATE_WITHDRAWN: lazy_gettext("Text withdrawn"),
    Action.TEMPLATE_DISCARDED: lazy_gettext("Draft discarded"),
    Action.TEMPLATE_TESTED: lazy_gettext("Text sent as a test"),
    Action.GATEWAY_SWITCHED_OFF: lazy_gettext("Gateway switched off"),
    Action.GATEWAY_SWITCHED_ON: lazy_gettext("Gateway switched on"),
    Action.GATEWAY_WEIGHT_SET: lazy_gettext("Weight of a gateway changed"),
    Action.GATEWAY_TESTED: lazy_gettext("Test sent through a gateway"),
    Action.MESSAGE_RESENT: lazy_gettext("Message sent again"),
    Action.MESSAGE_CANCELED: lazy_gettext("Message canceled"),
    Action.MESSAGES_RESENT: lazy_gettext("Messages sent again in bulk"),
    Action.MESSAGES_CANCELED: lazy_gettext("Messages canceled in bulk"),
    Action.MESSAGE_DESTINATIONS_SHOWN: lazy_gettext("Destinations of messages shown"),
    Action.MESSAGES_EXPORTED: lazy_gettext("Messages exported"),
    Action.BROADCAST_PAUSED: lazy_gettext("Broadcast paused"),
    Action.BROADCAST_RESUMED: lazy_gettext("Broadcast resumed"),
    Action.BROADCAST_CANCELED: lazy_gettext("Broadcast canceled"),
    Action.VERIFICATION_RESENT: lazy_gettext("Code sent again"),
    Action.VERIFICATION_CANCELED: lazy_gettext("Verification canceled"),
    Action.VERIFICATIONS_CANCELED: lazy_gettext("Verifications canceled in bulk"),
    Action.VERIFICATION_DESTINATIONS_SHOWN: lazy_gettext("Destinations of verifications shown"),
    Action.VERIFICATIONS_EXPORTED: lazy_gettext("Verifications exported"),
    Action.PREFIX_OPENED: lazy_gettext("Closed prefix opened"),
    Action.SAFE_PREFIX_ADDED: lazy_gettext("Added to the safe list"),
    Action.SAFE_PREFIX_REMOVED: lazy_gettext("Removed from the safe list"),
    Action.WEBHOOK_ADDED: lazy_gettext("Webhook added"),
    Action.WEBHOOK_EDITED: lazy_gettext("Webhook edited"),
    Action.WEBHOOK_ROTATED: lazy_gettext("Secret of a webhook rotated"),
    Action.WEBHOOK_SWITCHED_ON: lazy_gettext("Webhook switched on"),
    Action.WEBHOOK_SWITCHED_OFF: lazy_gettext("Webhook switched off"),
    Action.WEBHOOK_TESTED: lazy_gettext("Test event sent"),
    Action.WEBHOOK_REPLAYED: lazy_gettext("Events sent again"),
    Action.WEBHOOK_REMOVED: lazy_gettext("Webhook removed"),
    Action.HOOK_ADDED: lazy_gettext("Hook added"),
    Action.HOOK_EDITED: lazy_gettext("Hook edited"),
    Action.HOOK_ROTATED: lazy_gettext("Secret of a hook rotated"),
    Action.HOOK_TESTED: lazy_gettext("Test posted to a hook"),
    Action.HOOK_REMOVED: lazy_gettext("Hook removed"),
    Action.PURGED: lazy_gettext("Old data deleted by hand"),
}
FIELDS = {
    "task": lazy_gettext("Task"),
    "when": lazy_gettext("When"),
    "zone": lazy_gettext("Time zone"),
    "language": lazy_gettext("Language"),
    "queue": lazy_gettext("Queue"),
    "arguments": lazy_gettext("Arguments"),
    "enabled": lazy_gettext("Running"),
    "scopes": lazy_gettext("Scopes"),
    "test": lazy_gettext("Test key"),
    "networks": lazy_gettext("Addresses"),
    "secret": lazy_gettext("Secret"),
    "overlap": lazy_gettext("Old secret valid for"),
    "state": lazy_gettext("State"),
    "role": lazy_gettext("Role"),
    "sessions": lazy_gettext("Sessions ended"),
    "destination": lazy_gettext("Destination"),
    "destinations": lazy_gettext("Destinations"),
    "type": lazy_gettext("Type"),
    "channel": lazy_gettext("Channel"),
    "is_on": lazy_gettext("Switched on"),
    "settings": lazy_gettext("Its own settings"),
    "reason": lazy_gettext("Reason"),
    "second_factor": lazy_gettext("Second step"),
    "codes_left": lazy_gettext("Recovery codes left"),
    "version": lazy_gettext("Version"),
    "weight": lazy_gettext("Weight"),
    "message": lazy_gettext("New message"),
    "messages": lazy_gettext("Messages"),
    "verifications": lazy_gettext("Verifications"),
    "unmasked": lazy_gettext("Destinations in full"),
    "shown": lazy_gettext("Shown"),
    "first": lazy_gettext("First"),
    "last": lazy_gettext("Last"),
    "sends": lazy_gettext("Codes sent"),
    "approved": lazy_gettext("Codes entered"),
    "older_than": lazy_gettext("Older than"),
    "host": lazy_gettext("Host"),
    "events": lazy_gettext("Events"),
    "owner": lazy_gettext("Belongs to"),
    "description": lazy_gettext("Description"),
    "deliveries": lazy_gettext("Deliveries"),
}
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
        actor=_actor,
        subject=lambda entry: _subject(entry, emails),
        differences=lambda entry: list(_differences(entry)),
    )


def _actor(entry: EntryView) -> str:
    """Return who did it: an administrator, a program by its API key, or the command line."""
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


def _differences(entry: EntryView) -> Iterator[Difference]:
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
    if value is None or value == []:
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(WORDS.get(one, one)) for one in value)
    return str(WORDS.get(value, value))
