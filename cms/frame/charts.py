"""Charts as plain SVG: x is a percentage of the width, y is in pixels, so that text is never stretched."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

PLOT = 180
"""Height of the plot, in pixels."""
TOP = 10
BOTTOM = 26
SECOND_LINE = 15
MOST_STEPS = 5
MOST_LABELS = 12
GAP = 1.5
"""The card's ground between two parts of a bar, in pixels: next to it each colour has a contrast of 3:1."""
THINNEST = 1.0
FEW = 7
"""Number of labels that fit on a phone."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `kind` is its CSS class."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """One x position: stacked bars and their tip, a line each for its name, its values and its flags."""

    left: float
    title: str
    bars: list[Bar]
    is_so_far: bool = False
    """Whether its time is not over yet: its bars are hatched."""
    mark: float | None = None
    """Where its bars would end if they were those of the time before."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two neighbouring points; both ends are the same for a point without neighbours."""

    kind: str
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def is_dot(self) -> bool:
        """Tell whether it is a single point."""
        return (self.x1, self.y1) == (self.x2, self.y2)


@dataclass(frozen=True, slots=True)
class Label:
    """One or two lines below the chart; minor ones are hidden on a phone. `anchor`: what of it is at `x`."""

    x: float
    text: str
    is_minor: bool
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line and its value."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws."""

    ticks: list[Tick]
    labels: list[Label]
    columns: list[Column]
    lines: list[Line]
    slot: float
    """The width of one x position, in percent."""
    bar: float
    flags: Sequence[float] = ()
    """The x positions of flags, in percent."""
    ground: int = TOP + PLOT

    @property
    def height(self) -> int:
        """Return the height with the labels."""
        has_two_lines = any("\n" in label.text for label in self.labels)
        return self.ground + BOTTOM + (SECOND_LINE if has_two_lines else 0)


@dataclass(frozen=True, slots=True)
class Series:
    """Values from left to right; None leaves a gap. `kind` is their CSS class."""

    kind: str
    values: Sequence[float | None]


def stacked(
    series: Sequence[Series],
    labels: Sequence[str],
    titles: Sequence[str],
    tick: Callable[[float], str],
    *,
    every: int | None = None,
    is_so_far: bool = False,
    marks: Sequence[int] = (),
) -> Chart:
    """Return a stacked bar chart of counts.

    `every`: a label at each of so many positions from the first; None counts back from the newest.
    `is_so_far`: the time of the last position is not over yet. `marks`: sums to compare with.
    """
    sums = [
        sum(value or 0 for value in column) for column in zip(*(one.values for one in series), strict=True)
    ]
    scale = scale_of(max((*sums, *marks), default=0), is_count=True)
    top = scale[-1]
    columns = []
    for place, title in enumerate(titles):
        bars, base = [], 0.0
        for one in series:
            value = one.values[place] or 0
            if value:
                height = PLOT * value / top - (GAP if base else 0)
                bars.append(Bar(one.kind, _y(base + value, top), round(max(height, THINNEST), 2)))
            base += value
        is_under_way = is_so_far and place == len(titles) - 1
        mark = _y(marks[place], top) if marks else None
        columns.append(Column(_left(place, len(titles)), title, bars, is_under_way, mark))
    return _chart(scale, _labels(labels, every), columns, [], tick)


def lines(
    series: Sequence[Series], labels: Sequence[str], titles: Sequence[str], tick: Callable[[float], str]
) -> Chart:
    """Return a line chart with one line per series."""
    scale = scale_of(max((value for one in series for value in one.values if value is not None), default=0))
    top = scale[-1]
    columns = [Column(_left(place, len(titles)), title, []) for place, title in enumerate(titles)]
    drawn = [line for one in series for line in _segments(one, top)]
    return _chart(scale, _labels(labels), columns, drawn, tick)


def flagged(chart: Chart, places: Iterable[int]) -> Chart:
    """Return a chart with flags at some of its x positions."""
    middles = [round(place * chart.slot + chart.slot / 2, 4) for place in sorted(set(places))]
    return replace(chart, flags=middles)


def scale_of(largest: float, *, is_count: bool = False) -> list[float]:
    """Return the axis values from zero up to the first that covers `largest`, in round steps; whole for a count."""
    wanted = max(largest, 1e-9) / MOST_STEPS
    power = 10.0 ** math.floor(math.log10(wanted))
    steps = [nice * power * more for more in (1, 10) for nice in (1, 2, 2.5, 5, 10)]
    fitting = [step for step in steps if step >= wanted * 0.9999]
    step = next((step for step in fitting if step.is_integer()), 1.0) if is_count else fitting[0]
    count = max(1, math.ceil(largest / step * 0.9999))
    return [round(step * place, 10) for place in range(count + 1)] if largest > 0 else [0, 1]


def _segments(series: Series, top: float) -> list[Line]:
    count = len(series.values)
    points = [
        None if value is None else (_left(place, count) + 50 / count, _y(value, top))
        for place, value in enumerate(series.values)
    ]
    found = []
    for place, point in enumerate(points):
        following = points[place + 1] if place + 1 < count else None
        before = points[place - 1] if place else None
        if point and following:
            found.append(Line(series.kind, *point, *following))
        elif point and not before:
            found.append(Line(series.kind, *point, *point))
    return found


def _chart(
    scale: Sequence[float],
    labels: list[Label],
    columns: list[Column],
    lines: list[Line],
    tick: Callable[[float], str],
) -> Chart:
    count = len(columns)
    ticks = [Tick(_y(value, scale[-1]), tick(value)) for value in scale]
    bar = 100 / count * (0.44 if count <= FEW else 0.72)
    return Chart(ticks, labels, columns, lines, round(100 / count, 4), round(bar, 4))


def _labels(texts: Sequence[str], every: int | None = None) -> list[Label]:
    """Choose the labelled x positions, counted back from the newest unless told; a phone shows every second one."""
    count = len(texts)
    begin = 0 if every else count - 1
    every = every or next(
        step for step in (1, 2, 3, 4, 6, 9, 14, 21, 31, count) if count <= step * MOST_LABELS
    )
    on_a_phone = every if count <= FEW else 2 * every
    return [
        _label(text, place, count, is_minor=(begin - place) % on_a_phone != 0)
        for place, text in enumerate(texts)
        if (begin - place) % every == 0
    ]


def _label(text: str, place: int, count: int, *, is_minor: bool) -> Label:
    """Return a label below its position; the first and last of many are wider than that, so they end at the edge."""
    if count > MOST_LABELS and place == count - 1:
        return Label(100, text, is_minor, "end")
    if count > MOST_LABELS and place == 0:
        return Label(0, text, is_minor, "start")
    return Label(round(_left(place, count) + 50 / count, 4), text, is_minor)


def _left(place: int, count: int) -> float:
    return round(place * 100 / count, 4)


def _y(value: float, top: float) -> float:
    return round(TOP + PLOT * (1 - value / top), 2)
