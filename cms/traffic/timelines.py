"""The timeline of a message in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from cms.frame.alarms import off_text
from cms.frame.times import duration
from domain.owners import COMMAND
from services.alarms.wording import gap_text
from services.traffic.message_details import Event, Happening, MessageDetails

TITLES = {
    Happening.QUEUED: lazy_gettext("Accepted"),
    Happening.PLANNED: lazy_gettext("Scheduled for"),
    Happening.LOST: lazy_gettext("No answer recorded"),
    Happening.DUE: lazy_gettext("Due, and waiting for a worker"),
    Happening.HELD_BACK: lazy_gettext("Held back: its broadcast is paused"),
    Happening.SENDING: lazy_gettext("Picked up by a worker"),
    Happening.DELIVERED: lazy_gettext("Delivered"),
    Happening.UNDELIVERED: lazy_gettext("Undelivered"),
    Happening.FAILED: lazy_gettext("Failed"),
    Happening.EXPIRED: lazy_gettext("Expired"),
    Happening.CANCELED: lazy_gettext("Canceled"),
}
ANSWERS = {
    "refused": lazy_gettext("refused it permanently"),
    "temporary": lazy_gettext("returned a temporary error"),
    "unknown": lazy_gettext("gave no clear answer"),
    "wrong_gateway": lazy_gettext("can't deliver it"),
    "gateway_at_fault": lazy_gettext("refused us, not the message"),
    "rate_limited": lazy_gettext("reported a rate limit"),
}
KINDS = {
    Happening.SENT: "good",
    Happening.DELIVERED: "good",
    Happening.UNDELIVERED: "bad",
    Happening.FAILED: "bad",
    Happening.EXPIRED: "bad",
    Happening.SENDING: "busy",
    Happening.SCHEDULED: "busy",
    Happening.PLANNED: "busy",
    Happening.DUE: "busy",
    Happening.NO_GATEWAY: "bad",
    Happening.ASKED: "warn",
    Happening.LOST: "warn",
}

LONGEST_NOTE = 60
"""Characters of an answer that is not folded."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a timeline; `kind` is its colour."""

    title: str
    at: datetime | None
    kind: str
    notes: tuple[str, ...]
    after: str = ""
    """How long after the step before."""
    answer: str | None = None
    """What a gateway or carrier said, where it is longer than a note."""
    link: str | None = None
    """The id of the message that it is about, in the timeline of a verification."""


def steps(shown: MessageDetails) -> list[Step]:
    """Return the timeline of a message."""
    found, last = [], None
    for event in shown.timeline:
        found.append(_step(event, shown.timeline, last))
        last = event.at or last
    return found


def sender_name(owner: str) -> str:
    """Return who sent a message: the name of an API key, the console, or another program's task."""
    if owner in ("session", "sign_in"):
        return _("this console")
    if owner == COMMAND:
        return _("the command line")
    return _("a task of another program") if owner == "task" else owner


def _step(event: Event, timeline: Sequence[Event], last: datetime | None) -> Step:
    return Step(
        _title(event, timeline),
        event.at,
        KINDS.get(event.what, ""),
        tuple(_notes(event)),
        after=gap(event.at, last),
        answer=event.reason if _is_long(event) else None,
    )


def gap(at: datetime | None, last: datetime | None) -> str:
    """Return how long after another moment one was; nothing below a millisecond."""
    if at is None or last is None or at - last < timedelta(milliseconds=1):
        return ""
    return f"+{_length(at - last)}"


def _title(event: Event, timeline: Sequence[Event]) -> str:
    if event.what is Happening.ASKED:
        answer = ANSWERS.get(event.answer or "", event.answer)
        if event.gateway is None:
            return _("No gateway was available")
        return _("%(gateway)s %(answer)s", gateway=event.gateway, answer=answer)
    if event.gap is not None:
        return gap_text(event.gap)
    if event.what is Happening.SENT:
        return _("%(gateway)s accepted it", gateway=event.gateway or "?")
    if event.what is Happening.SCHEDULED:
        return _("Next try") if any(one.number for one in timeline) else _("Waiting for a worker")
    return str(TITLES[event.what])


def _notes(event: Event) -> list[str]:
    found = []
    if event.number is not None:
        found.append(_("try %(number)s", number=event.number))
    if event.took_ms:
        found.append(_("after %(time)s", time=_length(timedelta(milliseconds=event.took_ms))))
    if event.gap is not None:
        found += [off_text(one) for one in event.gap.off]
    if event.what in (Happening.DELIVERED, Happening.UNDELIVERED):
        found.append(_("the carrier's delivery report"))
    if event.what is Happening.SENT and event.reason:
        found.append(_("reference %(reference)s", reference=event.reason))
    elif event.reason and not _is_long(event):
        found.append(event.reason)
    elif event.what is Happening.EXPIRED and not event.reason:
        found.append(_("it could not be sent by its deadline"))
    elif event.what is Happening.LOST:
        found.append(_("the worker stopped before it could record an answer, or the record was deleted"))
    return found


def _is_long(event: Event) -> bool:
    return event.what is not Happening.SENT and len(event.reason or "") > LONGEST_NOTE


def _length(length: timedelta) -> str:
    milliseconds = round(length / timedelta(milliseconds=1))
    return f"{milliseconds} ms" if milliseconds < 1000 else duration(length)
