"""The limits in force, as the configuration has them; never a secret."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from flask import current_app

from services.figures.spans import Span
from services.figures.traffic_counts import hour_of
from services.limits.pumping_guard import LIMIT
from services.limits.refusals import MOST, Refusals, Today
from services.limits.shared_windows import PREFIX_LIMIT
from services.process.parts import part

MOST_SHOWN = 20


class Unit(StrEnum):
    """What a value counts."""

    SENDS = "sends"
    GUESSES = "guesses"
    CALLS = "calls"
    SIGN_INS = "sign_ins"
    SECONDS = "seconds"
    DIGITS = "digits"
    AT_ONCE = "at_once"


class Subject(StrEnum):
    """What a setting is about: one section of the page."""

    LIMITS = "limits"
    CODES = "codes"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting; `limit` is its name in a 429 answer, None where it refuses nobody."""

    name: str
    subject: Subject
    value: int
    unit: Unit
    limit: str | None
    refusals: int


_L, _C, _S = Subject.LIMITS, Subject.CODES, Subject.CONSOLE
SHOWN: tuple[tuple[str, Subject, Unit, str | None], ...] = (
    ("RESEND_COOLDOWN_SECONDS", _L, Unit.SECONDS, "resend_cooldown"),
    ("DESTINATION_SENDS_PER_10_MINUTES", _L, Unit.SENDS, "destination_sends_per_10_minutes"),
    ("DESTINATION_SENDS_PER_DAY", _L, Unit.SENDS, "destination_sends_per_day"),
    ("IP_SENDS_PER_MINUTE", _L, Unit.SENDS, "ip_sends_per_minute"),
    ("PREFIX_SENDS_PER_10_MINUTES", _L, Unit.SENDS, "prefix_sends_per_10_minutes"),
    ("SMS_SENDS_PER_DAY", _L, Unit.SENDS, "sms_sends_per_day"),
    ("KEY_REQUESTS_PER_MINUTE", _L, Unit.CALLS, "key_requests_per_minute"),
    ("CODE_ATTEMPTS", _L, Unit.GUESSES, "code_attempts"),
    ("DESTINATION_FAILURES_PER_DAY", _L, Unit.GUESSES, "destination_failures_per_day"),
    ("CODE_LENGTH", _C, Unit.DIGITS, None),
    ("CODE_TTL_SECONDS", _C, Unit.SECONDS, None),
    ("SEND_DEADLINE_SECONDS", _C, Unit.SECONDS, None),
    ("MESSAGE_DEADLINE_SECONDS", _C, Unit.SECONDS, None),
    ("SEND_CONCURRENCY", _C, Unit.AT_ONCE, None),
    ("MAIL_CONNECTIONS", _C, Unit.AT_ONCE, None),
    ("SIGN_IN_FAILURES_PER_5_MINUTES", _S, Unit.SIGN_INS, "sign_in_failures"),
    ("SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES", _S, Unit.SIGN_INS, "sign_in_failures_per_ip"),
    ("SESSION_IDLE_SECONDS", _S, Unit.SECONDS, None),
    ("SESSION_LIFE_SECONDS", _S, Unit.SECONDS, None),
    ("REAUTHENTICATION_SECONDS", _S, Unit.SECONDS, None),
)
"""An explicit list, so that no setting is shown by accident."""


def everything(today: Today) -> list[SettingView]:
    """Return the settings in force, in the order of the page; 0 is no limit."""
    settings = current_app.config
    return [
        SettingView(
            name, subject, settings[name] or 0, unit, limit, today.by_limit.get(limit, 0) if limit else 0
        )
        for name, subject, unit, limit in SHOWN
    ]


def country_budgets() -> dict[str, int]:
    """Return the SMS per day for each country that has a budget; `*` is every other country."""
    return dict(current_app.config["COUNTRY_SENDS_PER_DAY"])


def today() -> Today:
    """Return how often each limit refused since midnight (UTC), and who was refused most often."""
    return part(Refusals).today(MOST_SHOWN)


def refusals_in(span: Span) -> tuple[list[int], bool]:
    """Return how many requests all limits refused in each hour or day of a span, and whether all processes told."""
    until = hour_of(span.until.astimezone(UTC)) if span.is_over else span.until
    found, slot_of = part(Refusals).hours(hour_of(span.since.astimezone(UTC)), until), span.slot_of()
    sums: Counter[datetime] = Counter()
    for hour, count in found.counts.items():
        sums[slot_of(hour)] += count
    return [sums[begin] for begin in span.begins], found.is_of_all


def refused_prefixes() -> dict[str, int]:
    """Return by prefix how many codes its limit and the pumping guard have refused since midnight (UTC)."""
    found: Counter[str] = Counter()
    for refused in part(Refusals).today(MOST).most:
        if refused.limit in (PREFIX_LIMIT, LIMIT):
            found[refused.who] += refused.count
    return dict(found)


def is_dry_run() -> bool:
    """Tell whether the pumping guard only reports what it would close."""
    return bool(current_app.config["PUMPING_GUARD_DRY_RUN"])


def prefix_limit() -> int:
    """Return how many codes may go to one prefix in ten minutes; 0 is no limit."""
    return int(current_app.config["PREFIX_SENDS_PER_10_MINUTES"])
