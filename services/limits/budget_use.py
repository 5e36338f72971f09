"""How much of the day's SMS budgets is used."""

from dataclasses import dataclass

from flask import current_app

from exts import db
from services.limits import send_limits
from services.limits.day_budget import ALL
from services.process.freshness import once_in

COUNT_EVERY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Use:
    """What is used of one budget, of the day or of a country; in segments."""

    name: str
    """`all` or a country."""
    used: int
    most: int

    @property
    def share(self) -> float:
        """The share that is used."""
        return self.used / self.most


@once_in(COUNT_EVERY_SECONDS)
def look() -> list[Use]:
    """Return the use of each budget that API keys, hooks and tasks share; without Redis the rows are counted."""
    settings = current_app.config
    if not settings["SMS_SENDS_PER_DAY"] and not any(settings["COUNTRY_SENDS_PER_DAY"].values()):
        return []
    with db.engine.connect() as connection:
        used = send_limits.used_of_the_day(connection)
    most = settings["SMS_SENDS_PER_DAY"] or 0
    uses = [Use(ALL, sum(used.values()), most)] if most else []
    for country, count in used.items():
        if budget := send_limits.budget_of(country):
            uses.append(Use(country or send_limits.UNKNOWN, count, budget))
    return uses
