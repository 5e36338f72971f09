"""Flags on the time axis of the overview: what people changed that may explain a step in the figures."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cms.access.guard import may
from cms.audit.labels import LABELS
from domain.actions import Action
from services.audit import trail
from services.figures.spans import Span

FLAGGED = (
    *(Action.GATEWAY_SWITCHED_OFF, Action.GATEWAY_SWITCHED_ON, Action.GATEWAY_WEIGHT_SET),
    *(Action.TEMPLATE_PUBLISHED, Action.TEMPLATE_WITHDRAWN),
    *(Action.PREFIX_OPENED, Action.SAFE_PREFIX_ADDED, Action.SAFE_PREFIX_REMOVED),
    *(Action.FALLBACK_SET, Action.FALLBACK_REMOVED),
)


@dataclass(frozen=True, slots=True)
class Flag:
    """One change, and the number of the hour or day in which it was made."""

    at: datetime
    place: int
    title: Any
    subject: str


def of(span: Span) -> list[Flag]:
    """Return the changes of a span, the newest first; none for people who may not read the audit."""
    if not may("cms.audit"):
        return []
    return [
        Flag(entry.at, bisect_right(span.begins, entry.at) - 1, LABELS[Action(entry.action)], entry.subject)
        for entry in trail.between(span.since, span.until, FLAGGED)
    ]
