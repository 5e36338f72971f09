"""The statuses of a list as tabs, each with its number of rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from cms.frame.numbers import number
from cms.traffic.filter_values import FAILED, UNSUCCESSFUL
from cms.traffic.traffic_filters import Chosen
from domain.statuses import MessageStatus
from services.traffic.listing import Tally
from services.traffic.message_lists import PLANNED


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab; `value` None is all statuses, `count` ends with a plus where older rows were not counted."""

    value: str | None
    label: Any
    count: str
    is_current: bool


def tabs(chosen: Chosen, labels: Mapping[str, Any], tally: Tally) -> list[Tab]:
    """Return the tabs that have rows, the chosen one, and those whose rows may be too old to be counted."""
    counts, current = _summed(tally.counts), chosen.args.get("status")
    found = [_tab(None, _("All"), sum(tally.counts.values()), tally, is_current=current is None)]
    for value, label in labels.items():
        if counts.get(value) or value == current or tally.is_least:
            found.append(_tab(value, label, counts.get(value, 0), tally, is_current=value == current))
    return found


def _summed(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts with those of the words that stand for several statuses."""
    queued, planned = counts.get(MessageStatus.QUEUED, 0), counts.get(PLANNED, 0)
    lost = sum(counts.get(status, 0) for status in FAILED)
    return {**counts, MessageStatus.QUEUED: queued + planned, UNSUCCESSFUL: lost}


def _tab(value: str | None, label: Any, count: int, tally: Tally, *, is_current: bool) -> Tab:
    return Tab(value, label, f"{number(count)}+" if tally.is_least else number(count), is_current)
