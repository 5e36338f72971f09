"""SMS pumping (toll fraud): when a prefix is closed for it, and for how long.

A fraudster earns a share of each SMS to a number range, requests codes for it, and never enters one. A prefix, as
everywhere here, is a number without its last four digits.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

WINDOW = timedelta(hours=1)
FIRST_CLOSURE = timedelta(hours=1)
LONGEST_CLOSURE = timedelta(hours=12)
FORGET_AFTER = timedelta(days=1)
"""After a prefix has been open for this long, its next closure is the shortest again."""
LAST_DIGITS = 4

_SAFE = re.compile(r"\+[1-9][0-9]{0,14}")
_SPACES = re.compile(r"[\s().\-]")


@dataclass(frozen=True, slots=True)
class Rule:
    """A prefix with at least `sends` codes in an hour is closed where less than `percent` of them were entered."""

    sends: int
    percent: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Rule":
        """Return the rule in force; it is off where sends per prefix are unlimited, as then no limits are wanted."""
        counts = settings["PREFIX_SENDS_PER_10_MINUTES"] > 0
        return cls(
            settings["PUMPING_GUARD_SENDS_PER_HOUR"] if counts else 0,
            settings["PUMPING_GUARD_APPROVED_PERCENT"],
        )

    @property
    def is_on(self) -> bool:
        """Tell whether any prefix is ever closed."""
        return self.sends > 0 and self.percent > 0

    def is_broken(self, sends: int, approved: int) -> bool:
        """Tell whether a prefix with these counts in an hour is to be closed."""
        return self.is_on and sends >= self.sends and approved * 100 < self.percent * sends

    def nearness(self, sends: int, approved: int) -> float:
        """Return how near a prefix with these counts is to being closed; 1 and more is broken, 0 is far from it."""
        if not self.is_on or approved * 100 >= self.percent * sends:
            return 0
        return sends / self.sends


def times(before: int, ended_at: datetime | None, now: datetime) -> int:
    """Return which closure in a row this is, after `before` closures, the last of which ended at `ended_at`."""
    if ended_at is None or now - ended_at >= FORGET_AFTER:
        return 1
    return before + 1


def length(number: int) -> timedelta:
    """Return how long the closure of this number lasts: each twice as long as the one before, up to twelve hours."""
    doubled: int = 2 ** min(number - 1, 10)
    return min(FIRST_CLOSURE * doubled, LONGEST_CLOSURE)


def counts_from(ended_at: datetime | None, now: datetime) -> datetime:
    """Return since when sends count: for an hour, but not from before the prefix was opened again."""
    return now - WINDOW if ended_at is None else max(now - WINDOW, ended_at)


def parse_safe(text: str) -> str | None:
    """Return a prefix or number for the safe list in its stored form, such as `+4917`; None where it is neither."""
    digits = _SPACES.sub("", text.strip())
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    return digits if digits.isascii() and _SAFE.fullmatch(digits) else None


def is_safe(number: str, safe: Iterable[str]) -> bool:
    """Tell whether a prefix or a whole number falls under an entry of the safe list."""
    return any(number.startswith(entry) for entry in safe)


@dataclass(frozen=True, slots=True)
class Closures:
    """The closed prefixes, each with the end of its closure, and those that are never closed."""

    until: Mapping[str, datetime] = field(default_factory=dict)
    safe: tuple[str, ...] = ()

    def closed_until(self, prefix: str | None, number: str, now: datetime) -> datetime | None:
        """Return when codes to a number may be sent again; None where they may now."""
        until = self.until.get(prefix) if prefix else None
        return None if until is None or until <= now or is_safe(number, self.safe) else until
