"""The charts of the overview, each with a table of the same figures."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from babel.dates import format_date, format_skeleton
from flask_babel import gettext as _

from cms.figures.overview_flags import Flag
from cms.frame import charts, courses
from cms.frame.charts import Chart, Series
from cms.frame.numbers import number, percent, short
from cms.frame.times import locale, maybe_duration
from domain.statuses import MessageStatus
from services.figures.overview import Overview, Slot
from services.figures.tallies import Tally

ENDED = (
    MessageStatus.DELIVERED,
    MessageStatus.SENT,
    MessageStatus.UNDELIVERED,
    MessageStatus.FAILED,
    MessageStatus.EXPIRED,
)
"""In the order of the columns of the table."""


DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, and a table with one row per x position, newest first."""

    chart: Chart
    place: str
    heads: Sequence[str]
    rows: list[tuple[str, Sequence[str]]]


def of(shown: Overview, flags: Sequence[Flag]) -> dict[str, Picture]:
    """Return the charts by name; a single day needs no second chart by hour."""
    found = {name: _flagged(make(shown), flags) for name, make in OVER_TIME.items()}
    if not shown.span.is_by_hour:
        found["hours"] = _hours(shown)
    return found


def of_refusals(shown: Overview, counts: Sequence[int]) -> Picture:
    """Return the chart of what limits refused; `counts` has a number for each hour or day."""
    names, head = _names(shown), _("Refused")
    tips = _tips(names, ([(head, number(count))] for count in counts))
    series = [Series("open", counts)]
    chart = charts.stacked(series, _labels(shown), tips, short, is_so_far=not shown.span.is_over)
    return Picture(chart, _place(shown), (head,), _rows(names, [(number(count),) for count in counts]))


def course(tallies: Sequence[Tally]) -> Chart:
    """Return the messages of some hours as bars without axes: those that a gateway accepted, and the lost ones."""
    return courses.course([tally.all - tally.lost for tally in tallies], [tally.lost for tally in tallies])


def _messages(shown: Overview) -> Picture:
    tallies = [slot.tally for slot in shown.slots]
    names = _names(shown)
    earlier, head = shown.earlier if any(shown.earlier) else [], _("Time before")
    told = [number(count) for count in earlier]
    tips = _tips(names, map(_fate_lines, tallies))
    cells = [_fate(tally) for tally in tallies]
    if earlier:
        tips = [f"{tip}\n{head}: {count}" for tip, count in zip(tips, told, strict=True)]
        cells = [[*row, count] for row, count in zip(cells, told, strict=True)]
    is_so_far = not shown.span.is_over
    chart = charts.stacked(_fates(tallies), _labels(shown), tips, short, is_so_far=is_so_far, marks=earlier)
    heads = [*_fate_heads(), *([head] if earlier else [])]
    return Picture(chart, _place(shown), heads, _rows(names, cells))


def _hours(shown: Overview) -> Picture:
    tallies = shown.hours_of_day
    names = [f"{hour:02}:00" for hour in range(24)]
    labels = [f"{hour:02}" for hour in range(24)]
    chart = charts.stacked(_fates(tallies), labels, _tips(names, map(_fate_lines, tallies)), short, every=3)
    rows = list(zip(names, [_fate(tally) for tally in tallies], strict=True))
    return Picture(chart, _("Hour"), _fate_heads(), rows)


def _codes(shown: Overview) -> Picture:
    tallies = [slot.tally for slot in shown.slots]
    names = _names(shown)
    series = [
        Series("approved", [tally.approved for tally in tallies]),
        Series("issued", [_not_entered(tally) for tally in tallies]),
        Series("open", [tally.pending for tally in tallies]),
    ]
    cells = [
        (number(tally.issued), number(tally.approved), number(tally.pending), percent(tally.conversion))
        for tally in tallies
    ]
    tips = _tips(names, map(_code_lines, tallies))
    chart = charts.stacked(series, _labels(shown), tips, short, is_so_far=not shown.span.is_over)
    heads = (_("Issued"), _("Approved"), _("Still open"), _("Conversion"))
    return Picture(chart, _place(shown), heads, _rows(names, cells))


def _delays(shown: Overview) -> Picture:
    delays = [slot.delay for slot in shown.slots]
    names = _names(shown)
    series = [
        Series("p95", [delay.p95.total_seconds() if delay.p95 else None for delay in delays]),
        Series("p50", [delay.p50.total_seconds() if delay.p50 else None for delay in delays]),
    ]
    heads = (_("Median"), _("95th percentile"))
    cells = [(maybe_duration(delay.p50), maybe_duration(delay.p95)) for delay in delays]
    tips = _tips(names, (zip(heads, texts, strict=True) for texts in cells))
    chart = charts.lines(series, _labels(shown), tips, lambda seconds: f"{short(seconds)} s")
    return Picture(chart, _place(shown), heads, _rows(names, cells))


OVER_TIME = {"messages": _messages, "codes": _codes, "delays": _delays}


def _flagged(picture: Picture, flags: Sequence[Flag]) -> Picture:
    """Return a picture with flags, whose tips tell what was changed."""
    told: defaultdict[int, list[str]] = defaultdict(list)
    for flag in flags:
        told[flag.place].append(f"⚑ {flag.title}: {flag.subject}")
    columns = [
        replace(column, title="\n".join((column.title, *told.get(place, ()))))
        for place, column in enumerate(picture.chart.columns)
    ]
    return replace(picture, chart=charts.flagged(replace(picture.chart, columns=columns), told))


def _tips(names: Sequence[str], lines: Iterable[Iterable[tuple[str, str]]]) -> list[str]:
    """Return for each position its name, and below it each series with its value."""
    return [
        "\n".join((name, *(f"{label}: {value}" for label, value in values)))
        for name, values in zip(names, lines, strict=True)
    ]


def _fate_lines(tally: Tally) -> Iterator[tuple[str, str]]:
    yield _("Messages"), number(tally.all)
    if tally.all:
        yield _("Delivered"), _share(tally.of(MessageStatus.DELIVERED), tally.all)
        yield _("Sent, no report"), _share(tally.of(MessageStatus.SENT), tally.all)
        yield _("Waiting or canceled"), _share(tally.waiting + tally.of(MessageStatus.CANCELED), tally.all)
        yield _("Lost"), _share(tally.lost, tally.all)


def _code_lines(tally: Tally) -> Iterator[tuple[str, str]]:
    yield _("Issued"), number(tally.issued)
    if tally.issued:
        yield _("Approved"), _share(tally.approved, tally.issued)
        yield _("Not entered"), _share(_not_entered(tally), tally.issued)
        yield _("Still open"), _share(tally.pending, tally.issued)


def _share(part: int, whole: int) -> str:
    return f"{number(part)} · {percent(part / whole)}"


def _not_entered(tally: Tally) -> int:
    return max(0, tally.issued - tally.approved - tally.pending)


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


def _rows(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    return list(zip(names, cells, strict=True))[::-1]


def _place(shown: Overview) -> str:
    return _("Hour") if shown.span.is_by_hour else _("Day")


def _names(shown: Overview) -> list[str]:
    """Return the names of all hours or days; the last one says so where it is not over."""
    names = [_name(shown, slot) for slot in shown.slots]
    if not shown.span.is_over:
        names[-1] = _("%(time)s, so far", time=names[-1])
    return names


def _name(shown: Overview, slot: Slot) -> str:
    """Return the full name of an hour or a day."""
    if shown.span.is_by_hour:
        return f"{format_skeleton('MMMEd', slot.begin, locale=locale())}, {slot.begin:%H}:00"
    return format_date(slot.begin, "medium", locale())


def _labels(shown: Overview) -> list[str]:
    if shown.span.is_by_hour:
        return [f"{slot.begin:%H}" for slot in shown.slots]
    if len(shown.slots) <= DAYS_OF_A_WEEK:
        return [
            f"{format_skeleton('E', slot.begin, locale=locale())}\n{slot.begin.day}" for slot in shown.slots
        ]
    return [format_skeleton("MMMd", slot.begin, locale=locale()) for slot in shown.slots]
