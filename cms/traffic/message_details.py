"""One message: its timeline, and the actions of operators."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors import error_texts
from cms.traffic import timelines
from cms.traffic import traffic_filters as filters
from domain.errors import SendcodeError
from domain.roles import Role
from domain.statuses import MessageStatus
from services.keys import owners
from services.messaging import messages as service
from services.traffic import disclosures, message_details, said
from services.traffic.message_details import OPEN, MessageDetails
from services.traffic.said import Said


@console.get("/messages/<message_id>")
def message(message_id: str) -> str:
    """Show one message."""
    return _page(message_details.get(message_id))


@console.post("/messages/<message_id>/destination")
@needs(Role.OPERATOR)
def show_message_destination(message_id: str) -> str:
    """Show one message with its destination in full."""
    return _page(disclosures.message(message_id, by=actor()), is_unmasked=True)


@console.post("/messages/<message_id>/text")
@needs(Role.OPERATOR)
def show_message_text(message_id: str) -> str:
    """Show one message with the text of its notice."""
    text = said.notice(message_id, by=actor())
    if text is None:
        flash(_("Its text is no longer kept."), "info")
    return _page(message_details.get(message_id), text=text)


@console.post("/messages/<message_id>/resend")
@needs(Role.OPERATOR)
def resend_message(message_id: str) -> Response:
    """Send its content again as a new message."""

    def work() -> str:
        sent = service.resend(message_id, owners.of_message(message_id), by=actor())
        flash(_("Queued again as this new message."), "success")
        return sent.id

    return _done(message_id, work)


@console.post("/messages/<message_id>/cancel")
@needs(Role.OPERATOR)
def cancel_message(message_id: str) -> Response:
    """Cancel a message."""

    def work() -> str:
        service.cancel(message_id, owners.of_message(message_id), by=actor())
        flash(_("Canceled. It will not be sent."), "success")
        return message_id

    return _done(message_id, work)


def _done(message_id: str, work: Callable[[], str]) -> Response:
    try:
        shown = work()
    except SendcodeError as error:
        text = error_texts.not_changed_text(error)
        if text is None:
            raise
        flash(text, "error")
        shown = message_id
    return redirect(url_for("cms.message", message_id=shown), 303)


def _page(shown: MessageDetails, *, is_unmasked: bool = False, text: Said | None = None) -> str:
    return render_template(
        "cms/traffic/message.html",
        message=shown,
        is_unmasked=is_unmasked,
        is_code=shown.verification_id is not None,
        said=text or said.of_code(shown.id),
        can_cancel=shown.verification_id is None and shown.status is MessageStatus.QUEUED,
        can_resend=shown.verification_id is None and shown.status not in OPEN,
        steps=timelines.steps(shown),
        statuses=filters.MESSAGE_STATUSES,
        channels=filters.CHANNELS,
        sender_name=timelines.sender_name(shown.asked.name),
    )
