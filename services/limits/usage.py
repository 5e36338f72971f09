"""How much of the limits is used just now: the day's budgets, the busiest prefixes, API keys."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from flask import current_app

from exts import db
from models import clock
from services.limits import budget_use, pumping_list, shared_windows
from services.limits.day_budget import ALL
from services.limits.rate_windows import RateWindows
from services.limits.send_limits import COUNTRY_LIMIT
from services.limits.shared_windows import PREFIX_LIMIT
from services.process.parts import part

DAY_LIMIT = "sms_sends_per_day"
KEY_LIMIT, KEY_SECONDS = "key_requests_per_minute", 60
MOST = 5
"""Prefixes and keys that are shown."""


@dataclass(frozen=True, slots=True)
class UsedLimit:
    """How much of a limit somebody has used; `limit` is its name in a 429 answer, `who` empty where it is for all."""

    limit: str
    who: str
    used: int
    most: int

    @property
    def share(self) -> float:
        """The used share, 1 or more where nothing is left."""
        return self.used / self.most


def now(keys: Collection[str]) -> list[UsedLimit]:
    """Return the day's budgets, the prefixes with the most codes and, of `keys`, those with the most calls."""
    return [*_budgets(), *_largest(_prefixes()), *_largest(_calls(keys))]


def _budgets() -> Iterator[UsedLimit]:
    for one in sorted(budget_use.look(), key=lambda one: (one.name != ALL, -one.share)):
        if one.name == ALL:
            yield UsedLimit(DAY_LIMIT, "", one.used, one.most)
        else:
            yield UsedLimit(COUNTRY_LIMIT, one.name, one.used, one.most)


def _prefixes() -> Iterator[UsedLimit]:
    most = current_app.config["PREFIX_SENDS_PER_10_MINUTES"]
    if most:
        with db.engine.connect() as connection:
            for one in pumping_list.busiest():
                used = shared_windows.used_of_prefix(connection, one.prefix, clock.now())
                yield UsedLimit(PREFIX_LIMIT, one.prefix, used, most)


def _calls(keys: Collection[str]) -> Iterator[UsedLimit]:
    """Without Redis each process counts alone, and there is nothing to tell."""
    most = current_app.config["KEY_REQUESTS_PER_MINUTE"]
    for key in keys if most else ():
        yield UsedLimit(
            KEY_LIMIT, key, part(RateWindows).used_shared(KEY_LIMIT, key, most, KEY_SECONDS) or 0, most
        )


def _largest(found: Iterable[UsedLimit]) -> list[UsedLimit]:
    return sorted((one for one in found if one.used), key=lambda one: -one.used)[:MOST]
