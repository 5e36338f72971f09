"""Invented gateways: the outcome of each message, and how long it takes."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from domain.statuses import MessageStatus
from services.demo.days import is_outage

STATUSES = (
    *(MessageStatus.DELIVERED, MessageStatus.SENT, MessageStatus.UNDELIVERED),
    *(MessageStatus.FAILED, MessageStatus.EXPIRED),
)
REFUSALS = ("unknown number", "blocked by the carrier", "the text is not approved", "no such mailbox")
OUTAGE_REASON = "503 from the gateway"


@dataclass(frozen=True, slots=True)
class Carrier:
    """One gateway; `of_thousand` is how many of 1,000 messages end in each of `STATUSES`."""

    name: str
    of_thousand: tuple[int, ...]
    seconds: float
    """Median time to delivery."""
    answers_in_ms: int


MAIL = Carrier("mail", (0, 978, 0, 17, 5), 0.7, 160)
MAIN = Carrier("main", (941, 18, 24, 12, 5), 2.9, 90)
WORLD = Carrier("world", (884, 38, 51, 21, 6), 4.4, 210)
SPARE = Carrier("spare", (842, 60, 66, 25, 7), 7.5, 380)
_DOWN = (90, 25, 15, 610, 260)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one message."""

    status: MessageStatus
    gateway: str | None
    tries: int
    error: str | None
    handed_over_after: float
    """Seconds until a gateway took it."""
    ended_after: float
    """Seconds until its last event."""
    took_ms: int | None


def outcome(country: str | None, at: datetime, until: datetime, chance: Random) -> Outcome:
    """Return the outcome of an SMS to a country, or of a mail where `country` is None."""
    carrier, is_down = _choose(country, is_outage(at, until), chance)
    shares = _DOWN if is_down else carrier.of_thousand
    status = chance.choices(STATUSES, shares)[0]
    tries = chance.choices((1, 2, 3, 4), (1, 3, 4, 6) if is_down else (965, 25, 7, 3))[0]
    answer_ms = max(8, int(chance.lognormvariate(0, 0.45) * carrier.answers_in_ms))
    waited = (0.0, 3.0, 9.0, 21.0)[tries - 1] + chance.expovariate(20)
    taken = waited + answer_ms / 1000
    if status is MessageStatus.FAILED:
        reason = OUTAGE_REASON if is_down else chance.choice(REFUSALS[:3] if country else REFUSALS[3:])
        return Outcome(status, carrier.name, tries, reason, taken, taken, None)
    if status is MessageStatus.EXPIRED:
        return Outcome(status, carrier.name if is_down else None, tries, None, 240, 240, None)
    delivered = taken + chance.lognormvariate(0, 0.7) * carrier.seconds
    error = "absent subscriber" if status is MessageStatus.UNDELIVERED else None
    ended = taken if status is MessageStatus.SENT else delivered
    return Outcome(status, carrier.name, tries, error, taken, ended, answer_ms)


def _choose(country: str | None, is_down: bool, chance: Random) -> tuple[Carrier, bool]:
    """Return the gateway that is asked, and whether it is down."""
    if country is None:
        return MAIL, False
    if country == "CN":
        return MAIN, False
    if is_down:
        return (WORLD, True) if chance.random() < 0.45 else (SPARE, False)
    return (SPARE, False) if chance.random() < 0.02 else (WORLD, False)
