"""The limits in force and who hit them today."""

from datetime import UTC, datetime, timedelta
from typing import Any

from babel.units import format_unit
from flask import render_template
from flask_babel import lazy_gettext, ngettext

from cms.access.guard import console
from cms.frame.numbers import country, number
from cms.frame.times import locale
from services.keys import api_keys
from services.limits import limits_list, pumping_list, send_limits, usage
from services.limits import pumping_guard as guard
from services.limits.limits_list import SettingView, Subject, Unit
from services.limits.refusals import Refused
from services.limits.usage import UsedLimit

SUBJECTS = {
    Subject.LIMITS: lazy_gettext("Sends and attempts"),
    Subject.CODES: lazy_gettext("Codes and sending"),
    Subject.CONSOLE: lazy_gettext("Signing in to this console"),
}
MEANINGS = {
    "RESEND_COOLDOWN_SECONDS": lazy_gettext("Wait between two codes to one destination"),
    "DESTINATION_SENDS_PER_10_MINUTES": lazy_gettext("Codes to one destination in ten minutes"),
    "DESTINATION_SENDS_PER_DAY": lazy_gettext("Codes to one destination in a day"),
    "DESTINATION_FAILURES_PER_DAY": lazy_gettext("Wrong codes for one destination and purpose in a day"),
    "IP_SENDS_PER_MINUTE": lazy_gettext("Codes requested from one end user's IP address in a minute"),
    "PREFIX_SENDS_PER_10_MINUTES": lazy_gettext("Codes by SMS to one prefix in ten minutes"),
    "SMS_SENDS_PER_DAY": lazy_gettext("SMS in a day"),
    "KEY_REQUESTS_PER_MINUTE": lazy_gettext("Calls with one API key in a minute"),
    "CODE_ATTEMPTS": lazy_gettext("Attempts at one code"),
    "CODE_LENGTH": lazy_gettext("Length of a code"),
    "CODE_TTL_SECONDS": lazy_gettext("Lifetime of a code"),
    "SEND_DEADLINE_SECONDS": lazy_gettext("Deadline for sending a code"),
    "MESSAGE_DEADLINE_SECONDS": lazy_gettext("Deadline for sending any other message"),
    "SEND_CONCURRENCY": lazy_gettext("Concurrent sends of one worker process"),
    "MAIL_CONNECTIONS": lazy_gettext("Connections of one worker process to one mail server"),
    "SIGN_IN_FAILURES_PER_5_MINUTES": lazy_gettext("Wrong passwords for one account in five minutes"),
    "SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES": lazy_gettext("Wrong passwords from one address in five minutes"),
    "SESSION_IDLE_SECONDS": lazy_gettext("Idle timeout of a session"),
    "SESSION_LIFE_SECONDS": lazy_gettext("Maximum length of a session"),
    "REAUTHENTICATION_SECONDS": lazy_gettext("Changes to people or API keys need a password entered within"),
}
OTHERS = {
    "country_sends_per_day": lazy_gettext("SMS to one country in a day"),
    guard.LIMIT: lazy_gettext("Codes to a closed prefix"),
    f"{guard.LIMIT}_dry_run": lazy_gettext("Codes to a prefix that would be closed (sent: dry run)"),
    "gateway_tests_per_10_minutes": lazy_gettext("Gateway tests"),
}
"""Limits that have no setting in the list above."""
LATELY = timedelta(minutes=5)
"""How long ago a key was used whose calls of this minute are asked for; its use is noted once a minute."""
LENGTHS = {"duration-hour": 3600, "duration-minute": 60}


@console.get("/settings")
def limits() -> str:
    """Show the limits in force, with today's refusals."""
    today = limits_list.today()
    shown = limits_list.everything(today)
    names = {one.limit: MEANINGS[one.name] for one in shown if one.limit} | OTHERS
    everyone = api_keys.list_all()
    keys = {key.id: key.name for key in everyone}
    lately = datetime.now(UTC) - LATELY
    return render_template(
        "cms/limits/limits.html",
        parts=[(title, [one for one in shown if one.subject is part]) for part, title in SUBJECTS.items()],
        meaning=MEANINGS.get,
        value=value_text,
        budgets=limits_list.country_budgets(),
        country_refusals=today.by_limit.get("country_sends_per_day", 0),
        today=today,
        uses=usage.now([key.id for key in everyone if key.last_used_at and key.last_used_at > lately]),
        limit_name=lambda limit: names.get(limit, limit),
        whom=lambda refused: _who(refused, keys),
        rule=pumping_list.rule(),
        is_dry_run=limits_list.is_dry_run(),
        closed=len(pumping_list.closed()),
    )


def value_text(setting: SettingView) -> Any:
    """Return a value with its unit; 0 means no limit."""
    value, count = setting.value, number(setting.value)
    if setting.unit is Unit.SECONDS:
        unit, length = next(
            ((unit, length) for unit, length in LENGTHS.items() if value and value % length == 0),
            ("duration-second", 1),
        )
        return format_unit(value // length, unit, "short", locale=locale())
    texts = {
        Unit.SENDS: lambda: ngettext("%(count)s message", "%(count)s messages", value, count=count),
        Unit.GUESSES: lambda: ngettext("%(count)s attempt", "%(count)s attempts", value, count=count),
        Unit.CALLS: lambda: ngettext("%(count)s call", "%(count)s calls", value, count=count),
        Unit.SIGN_INS: lambda: ngettext("%(count)s attempt", "%(count)s attempts", value, count=count),
        Unit.DIGITS: lambda: ngettext("%(count)s digit", "%(count)s digits", value, count=count),
        Unit.AT_ONCE: lambda: ngettext("%(count)s at once", "%(count)s at once", value, count=count),
    }
    return texts[setting.unit]()


def _who(refused: Refused | UsedLimit, keys: dict[str, str]) -> str:
    """Return whom a limit counts: a key by its name, a country by its own, a prefix followed by stars."""
    if refused.limit == send_limits.COUNTRY_LIMIT:
        return country(None if refused.who == send_limits.UNKNOWN else refused.who)
    if refused.limit == "key_requests_per_minute":
        return keys.get(refused.who, refused.who)
    if refused.limit.startswith(("prefix_", guard.LIMIT)):
        return f"{refused.who}****"
    return refused.who
