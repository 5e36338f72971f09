"""The four tiles of the overview: a figure, its change against the time before, its course, and where it leads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from babel.numbers import format_decimal
from flask import url_for
from flask_babel import gettext as _

from cms.frame.courses import Spark, spark
from cms.frame.numbers import number, percent
from cms.frame.times import locale, maybe_duration
from domain.statuses import MessageStatus
from services.figures.overview import Overview, Slot

MANY_LOST = 0.1
"""The share of lost messages from which on a figure is red."""
POINTS, SHARE = 0.5, 0.1
"""From which change on it is good or bad: percentage points of a rate, and a share of any other figure."""
NARROWEST = 0.1
"""What a course of rates covers at least, so that half a point is no cliff."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure; `change` is empty where there was nothing before, `verdict` is good, bad or empty."""

    label: str
    value: str
    aside: str
    change: str
    verdict: str
    is_bad: bool
    spark: Spark
    address: str


def of(shown: Overview, links: Mapping[str, str]) -> list[Tile]:
    """Return the tiles; `links`: the arguments of addresses of lists of the same time and channel."""
    total, before = shown.total, shown.before.tally
    share_lost = total.lost / total.settled if total.settled else 0
    messages: Callable[..., str] = lambda **more: url_for("cms.messages", **links, **more)  # noqa: E731
    return [
        Tile(
            _("Delivery rate"),
            percent(total.delivery_rate),
            _(
                "%(part)s of %(all)s finished",
                part=number(total.settled - total.lost),
                all=number(total.settled),
            ),
            *_points(total.delivery_rate, before.delivery_rate),
            share_lost > MANY_LOST,
            _rates(shown, lambda slot: slot.tally.delivery_rate),
            messages(),
        ),
        Tile(
            _("Conversion"),
            percent(total.conversion),
            _codes(shown),
            *_points(total.conversion, before.conversion),
            False,
            _rates(shown, lambda slot: slot.tally.conversion),
            url_for("cms.verifications", **links),
        ),
        Tile(
            _("95th percentile"),
            maybe_duration(shown.delay.p95),
            _("until a code is delivered; median %(time)s", time=maybe_duration(shown.delay.p50)),
            *_seconds(shown.delay.p95, shown.before.delay.p95),
            False,
            spark([slot.delay.p95.total_seconds() if slot.delay.p95 else None for slot in shown.slots], 0),
            messages(template="code"),
        ),
        Tile(
            _("Failed"),
            number(total.lost),
            _(
                "%(failed)s refused, %(undelivered)s undelivered, %(expired)s expired",
                failed=number(total.of(MessageStatus.FAILED)),
                undelivered=number(total.of(MessageStatus.UNDELIVERED)),
                expired=number(total.of(MessageStatus.EXPIRED)),
            ),
            *_count(total.lost, before.lost if before.settled else None),
            share_lost > MANY_LOST,
            spark([slot.tally.lost for slot in shown.slots], 0),
            messages(status="unsuccessful"),
        ),
    ]


def _codes(shown: Overview) -> str:
    ended = shown.total.issued - shown.total.pending
    told = _(
        "%(approved)s of %(ended)s codes entered", approved=number(shown.total.approved), ended=number(ended)
    )
    if not shown.total.pending:
        return told
    return _("%(told)s, %(open)s open", told=told, open=number(shown.total.pending))


def _rates(shown: Overview, rate: Callable[[Slot], float | None]) -> Spark:
    values = [rate(slot) for slot in shown.slots]
    known = [value for value in values if value is not None]
    low = min(known, default=0.0)
    return spark(values, min(low, max(0.0, max(known, default=1.0) - NARROWEST)))


def _points(now: float | None, before: float | None) -> tuple[str, str]:
    if now is None or before is None:
        return "", ""
    points = round((now - before) * 100, 1)
    verdict = "" if abs(points) < POINTS else "good" if points > 0 else "bad"
    return _("%(number)s points", number=_signed(points)), verdict


def _seconds(now: timedelta | None, before: timedelta | None) -> tuple[str, str]:
    if now is None or before is None:
        return "", ""
    seconds = (now - before).total_seconds()
    return f"{_signed(round(seconds, 1))} s", _less_is_better(seconds, before.total_seconds())


def _count(now: int, before: int | None) -> tuple[str, str]:
    if before is None:
        return "", ""
    return _signed(now - before), _less_is_better(now - before, before)


def _less_is_better(change: float, before: float) -> str:
    if abs(change) <= SHARE * before:
        return ""
    return "bad" if change > 0 else "good"


def _signed(value: float) -> str:
    return format_decimal(value, "+#,##0.#;−#,##0.#", locale=locale()) if value else "±0"
