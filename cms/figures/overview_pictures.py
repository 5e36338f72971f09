"""The charts of the overview, each with a table of the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.dates import format_date, format_skeleton
from flask_babel import gettext as _

from cms.frame import charts
from cms.frame.charts import Chart, Series
from cms.frame.numbers import number, percent, short
from cms.frame.times import locale, maybe_duration
from domain.statuses import MessageStatus
from services.figures.overview import Overview, Period, Slot
from services.figures.tallies import Tally

ENDED = (
    MessageStatus.DELIVERED,
    MessageStatus.SENT,
    MessageStatus.UNDELIVERED,
    MessageStatus.FAILED,
    MessageStatus.EXPIRED,
)
"""In the order of the columns of the table."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, and a table with one row per x position, newest first."""

    chart: Chart
    place: str
    heads: Sequence[str]
    rows: list[tuple[str, Sequence[str]]]


def of(shown: Overview) -> dict[str, Picture]:
    """Return the charts by name; a single day needs no second chart by hour."""
    found = {"messages": _messages(shown), "codes": _codes(shown), "delays": _delays(shown)}
    if shown.period is not Period.DAY:
        found["hours"] = _hours(shown)
    return found


def _messages(shown: Overview) -> Picture:
    tallies = [slot.tally for slot in shown.slots]
    names = [_name(shown.period, slot) for slot in shown.slots]
    chart = charts.stacked(_fates(tallies), _labels(shown), _titles(names, tallies), short)
    return Picture(chart, _place(shown), _fate_heads(), _rows(names, [_fate(tally) for tally in tallies]))


def _hours(shown: Overview) -> Picture:
    tallies = shown.hours_of_day
    names = [f"{hour:02}:00" for hour in range(24)]
    labels = [f"{hour:02}" for hour in range(24)]
    chart = charts.stacked(_fates(tallies), labels, _titles(names, tallies), short, every=3)
    rows = list(zip(names, [_fate(tally) for tally in tallies], strict=True))
    return Picture(chart, _("Hour"), _fate_heads(), rows)


def _codes(shown: Overview) -> Picture:
    tallies = [slot.tally for slot in shown.slots]
    names = [_name(shown.period, slot) for slot in shown.slots]
    series = [
        Series("approved", [tally.approved for tally in tallies]),
        Series("issued", [max(0, tally.issued - tally.approved) for tally in tallies]),
    ]
    cells = [(number(tally.issued), number(tally.approved), percent(tally.conversion)) for tally in tallies]
    titles = [
        _(
            "%(when)s: %(approved)s of %(issued)s codes entered, %(share)s",
            when=name,
            approved=approved,
            issued=issued,
            share=share,
        )
        for name, (issued, approved, share) in zip(names, cells, strict=True)
    ]
    chart = charts.stacked(series, _labels(shown), titles, short)
    return Picture(chart, _place(shown), (_("Issued"), _("Approved"), _("Conversion")), _rows(names, cells))


def _delays(shown: Overview) -> Picture:
    delays = [slot.delay for slot in shown.slots]
    names = [_name(shown.period, slot) for slot in shown.slots]
    series = [
        Series("p95", [delay.p95.total_seconds() if delay.p95 else None for delay in delays]),
        Series("p50", [delay.p50.total_seconds() if delay.p50 else None for delay in delays]),
    ]
    cells = [(maybe_duration(delay.p50), maybe_duration(delay.p95)) for delay in delays]
    titles = [
        _("%(when)s: median %(half)s, 95th percentile %(most)s", when=name, half=half, most=most)
        for name, (half, most) in zip(names, cells, strict=True)
    ]
    chart = charts.lines(series, _labels(shown), titles, lambda seconds: f"{short(seconds)} s")
    return Picture(chart, _place(shown), (_("Median"), _("95th percentile")), _rows(names, cells))


def _fates(tallies: Sequence[Tally]) -> list[Series]:
    return [
        Series("delivered", [tally.of(MessageStatus.DELIVERED) for tally in tallies]),
        Series("sent", [tally.of(MessageStatus.SENT) for tally in tallies]),
        Series("open", [tally.waiting + tally.of(MessageStatus.CANCELED) for tally in tallies]),
        Series("lost", [tally.lost for tally in tallies]),
    ]


def _fate_heads() -> tuple[str, ...]:
    return (
        _("Messages"),
        _("Delivered"),
        _("Sent, no report"),
        _("Undelivered"),
        _("Failed"),
        _("Expired"),
        _("Waiting"),
        _("Canceled"),
    )


def _fate(tally: Tally) -> list[str]:
    ended = [number(tally.of(status)) for status in ENDED]
    return [number(tally.all), *ended, number(tally.waiting), number(tally.of(MessageStatus.CANCELED))]


def _titles(names: Sequence[str], tallies: Sequence[Tally]) -> list[str]:
    return [
        _(
            "%(when)s: %(all)s messages, %(lost)s lost",
            when=name,
            all=number(tally.all),
            lost=number(tally.lost),
        )
        for name, tally in zip(names, tallies, strict=True)
    ]


def _rows(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    return list(zip(names, cells, strict=True))[::-1]


def _place(shown: Overview) -> str:
    return _("Hour") if shown.period is Period.DAY else _("Day")


def _name(period: Period, slot: Slot) -> str:
    """Return the full name of an hour or a day."""
    if period is Period.DAY:
        return f"{format_skeleton('MMMEd', slot.begin, locale=locale())}, {slot.begin:%H}:00"
    return format_date(slot.begin, "medium", locale())


def _labels(shown: Overview) -> list[str]:
    if shown.period is Period.DAY:
        return [f"{slot.begin:%H}" for slot in shown.slots]
    skeleton = "E" if shown.period is Period.WEEK else "MMMd"
    return [format_skeleton(skeleton, slot.begin, locale=locale()) for slot in shown.slots]
