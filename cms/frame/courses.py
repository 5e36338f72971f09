"""The course of a figure without axes: as small bars, or as a line."""

from collections.abc import Sequence

from cms.frame import charts
from cms.frame.charts import Chart, Series

SPARK = 24
"""Height of a course without axes; its width is 100, stretched to that of its place."""
Spark = list[str]
"""The points of its polylines; a gap divides two."""


def course(good: Sequence[int], bad: Sequence[int]) -> Chart:
    """Return the numbers of some hours as bars without axes: what went well, and what did not."""
    nameless = [""] * len(good)
    return charts.stacked([Series("sent", good), Series("lost", bad)], nameless, nameless, str)


def spark(values: Sequence[float | None], low: float) -> Spark:
    """Return the course of a figure without axes, on a scale from `low` to the largest value."""
    high = max((value for value in values if value is not None), default=low)
    reach, step = (high - low) or 1.0, 100 / max(1, len(values) - 1)
    runs: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{place * step:.4g},{SPARK * (1 - (value - low) / reach):.4g}")
    return [" ".join(run if len(run) > 1 else 2 * run) for run in runs if run]
