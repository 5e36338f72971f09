"""Broadcasts: list, progress, pause, resume, cancel."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.traffic import timelines
from cms.traffic import traffic_filters as filters
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from domain.statuses import BroadcastStatus
from services.keys import owners
from services.messaging import broadcasts as service
from services.messaging.broadcast_views import BroadcastView
from services.traffic import broadcast_lists, broadcast_texts
from services.traffic.broadcast_texts import BroadcastText

STATUSES = {
    BroadcastStatus.SCHEDULED: lazy_gettext("Scheduled"),
    BroadcastStatus.SENDING: lazy_gettext("Being sent"),
    BroadcastStatus.PAUSED: lazy_gettext("Paused"),
    BroadcastStatus.DONE: lazy_gettext("Done"),
    BroadcastStatus.CANCELED: lazy_gettext("Canceled"),
}
ENDED = (BroadcastStatus.DONE, BroadcastStatus.CANCELED)


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second, and how long the rest takes at this rate."""

    rate: float
    left: timedelta


@console.get("/broadcasts")
def broadcasts() -> Answer:
    """List broadcasts, newest first."""
    cursor = request.args.get("cursor") or None
    try:
        found = broadcast_lists.page(cursor=cursor)
    except InvalidInput:
        return redirect(url_for("cms.broadcasts"), 303)
    return render_template(
        "cms/messaging/broadcasts.html",
        found=found,
        cursor=cursor,
        statuses=STATUSES,
        channels=filters.CHANNELS,
        sender_name=timelines.sender_name,
    )


@console.get("/broadcasts/<broadcast_id>")
def broadcast(broadcast_id: str) -> str:
    """Show one broadcast."""
    return _page(broadcast_id)


@console.post("/broadcasts/<broadcast_id>/text")
@needs(Role.OPERATOR)
def show_broadcast_text(broadcast_id: str) -> str:
    """Show one broadcast with its own text."""
    text = broadcast_texts.own(broadcast_id, by=actor())
    if text is None:
        flash(_("Its text is no longer kept."), "info")
    return _page(broadcast_id, text)


def _page(broadcast_id: str, text: BroadcastText | None = None) -> str:
    shown = broadcast_lists.get(broadcast_id)
    return render_template(
        "cms/messaging/broadcast.html",
        details=shown,
        broadcast=shown.listed.view,
        said=text or broadcast_texts.of_template(broadcast_id),
        pace=_pace(shown.listed.view, datetime.now(UTC)),
        is_to_come=shown.listed.view.send_at > datetime.now(UTC),
        is_ended=shown.listed.view.status in ENDED,
        statuses=STATUSES,
        message_statuses=filters.MESSAGE_STATUSES,
        channels=filters.CHANNELS,
        sender_name=timelines.sender_name(shown.listed.owner),
    )


def _pace(view: BroadcastView, now: datetime) -> Pace | None:
    """Return how fast a broadcast goes, on average since its start; None while that says nothing."""
    seconds = (now - view.send_at).total_seconds()
    if view.status is not BroadcastStatus.SENDING or not view.settled or seconds < 1:
        return None
    rate = view.settled / seconds
    return Pace(round(rate, 1), timedelta(seconds=(view.accepted - view.settled) / rate))


@console.post("/broadcasts/<broadcast_id>/pause")
@needs(Role.OPERATOR)
def pause_broadcast(broadcast_id: str) -> Response:
    """Pause a broadcast: no more of its messages are started."""

    def work() -> str:
        service.pause(broadcast_id, owners.of_broadcast(broadcast_id), by=actor())
        return _("Paused. Messages already with a worker are still sent.")

    return _done(broadcast_id, work)


@console.post("/broadcasts/<broadcast_id>/resume")
@needs(Role.OPERATOR)
def resume_broadcast(broadcast_id: str) -> Response:
    """Resume a broadcast with the remaining messages."""

    def work() -> str:
        service.resume(broadcast_id, owners.of_broadcast(broadcast_id), by=actor())
        return _("Resumed. Its deadline is extended by the length of the pause.")

    return _done(broadcast_id, work)


@console.get("/broadcasts/<broadcast_id>/cancel")
@needs(Role.OPERATOR)
def confirm_broadcast_cancel(broadcast_id: str) -> Answer:
    """Ask for confirmation."""
    shown = broadcast_lists.get(broadcast_id).listed.view
    back = url_for("cms.broadcast", broadcast_id=broadcast_id)
    if shown.status in ENDED:
        return redirect(back, 303)
    return render_template(
        "cms/frame/confirm.html",
        title=_("Cancel this broadcast?"),
        text=_(
            "Messages that no worker has picked up are never sent. This can't be undone; to keep them, pause "
            "the broadcast. What was sent stays sent."
        ),
        action=_("Cancel the broadcast"),
        stay=_("Back"),
        back=back,
    )


@console.post("/broadcasts/<broadcast_id>/cancel")
@needs(Role.OPERATOR)
def cancel_broadcast(broadcast_id: str) -> Response:
    """Cancel the messages that no worker has picked up."""

    def work() -> str:
        service.cancel(broadcast_id, owners.of_broadcast(broadcast_id), by=actor())
        return _("Canceled. Messages that no worker had picked up will not be sent.")

    return _done(broadcast_id, work)


def _done(broadcast_id: str, work: Callable[[], str]) -> Response:
    try:
        flash(work(), "success")
    except Conflict:
        flash(_("Too late: the broadcast has already ended."), "error")
    return redirect(url_for("cms.broadcast", broadcast_id=broadcast_id), 303)
