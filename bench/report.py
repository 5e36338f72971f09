"""Figures with their bounds, and the report of a run."""

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One figure: its value and its bound (`>=` or `<=`); None where there is no bound."""

    row: str
    counts: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    seen: str = ""

    @property
    def bound(self) -> str:
        """The bound as text."""
        if self.at_least is not None:
            return f">= {_number(self.at_least)}"
        return f"<= {_number(self.at_most)}" if self.at_most is not None else ""

    @property
    def holds(self) -> str:
        """`yes` or `NO`; empty without a bound."""
        if self.at_least is not None:
            return "yes" if self.value >= self.at_least else "NO"
        if self.at_most is not None:
            return "yes" if self.value <= self.at_most else "NO"
        return ""

    @property
    def shown(self) -> str:
        """The value with its unit."""
        return f"{_number(self.value)} {self.unit}".strip()


@dataclass(frozen=True)
class Skipped:
    """A row that could not be measured here, and why."""

    row: str
    why: str


def median(values: Iterable[float]) -> float:
    """Return the median; for five runs it is a measured value."""
    return statistics.median(values)


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(results: Iterable[Figure | Skipped]) -> str:
    """Return the results as a Markdown table."""
    lines = ["| figure | counts | measured | must be | holds |", "|---|---|---|---|---|"]
    for one in results:
        if isinstance(one, Skipped):
            lines.append(f"| {one.row} | | skipped: {one.why} | | |")
        else:
            seen = f" ({one.seen})" if one.seen else ""
            lines.append(f"| {one.row} | {one.counts} | {one.shown}{seen} | {one.bound} | {one.holds} |")
    return "\n".join(lines)


def write_json(path: Path, machine: str, results: Iterable[Figure | Skipped]) -> None:
    """Write the results as JSON."""
    path.write_text(json.dumps({"machine": machine, "results": [asdict(one) for one in results]}, indent=2))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
