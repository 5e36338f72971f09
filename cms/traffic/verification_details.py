"""One verification: its messages, and the actions of operators."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors import error_texts
from cms.traffic import attempt_steps, timelines
from cms.traffic import traffic_filters as filters
from domain.errors import SendcodeError
from domain.fallback import WAITING
from domain.roles import Role
from domain.statuses import Channel, VerificationStatus
from services.codes import next_steps
from services.codes import verifications as service
from services.keys import owners
from services.steps import StepView
from services.traffic import disclosures, verification_lists
from services.traffic.verification_lists import VerificationDetails


@console.get("/verifications/<verification_id>")
def verification(verification_id: str) -> str:
    """Show one verification."""
    return _page(verification_lists.get(verification_id))


@console.post("/verifications/<verification_id>/destination")
@needs(Role.OPERATOR)
def show_verification_destination(verification_id: str) -> str:
    """Show one verification with its destination in full."""
    return _page(disclosures.verification(verification_id, by=actor()), is_unmasked=True)


@console.post("/verifications/<verification_id>/resend")
@needs(Role.OPERATOR)
def resend_verification(verification_id: str) -> Response:
    """Send the same code again, within the limits of its destination."""

    def work() -> None:
        service.resend(verification_id, owners.of_verification(verification_id), by=actor())
        flash(_("The code is on its way again."), "success")

    return _done(verification_id, work)


@console.post("/verifications/<verification_id>/next-channel")
@needs(Role.OPERATOR)
def take_next_channel(verification_id: str) -> Response:
    """Send the same code the next way of its fallback, within the limits of that destination."""
    shown = verification_lists.get(verification_id)
    coming = _coming(shown)

    def work() -> None:
        next_steps.next_channel(verification_id, owners.of_verification(verification_id), by=actor())
        flash(_("The code is on its way by the next channel."), "success")

    return _done(verification_id, work, coming.channel if coming else shown.listed.channel)


@console.post("/verifications/<verification_id>/cancel")
@needs(Role.OPERATOR)
def cancel_verification(verification_id: str) -> Response:
    """Cancel a verification, so that its code no longer works."""

    def work() -> None:
        service.cancel(verification_id, owners.of_verification(verification_id), by=actor())
        flash(_("Canceled. Its code no longer works."), "success")

    return _done(verification_id, work)


def _done(verification_id: str, work: Callable[[], None], channel: str = Channel.SMS) -> Response:
    try:
        work()
    except SendcodeError as error:
        text = error_texts.not_changed_text(error, Channel(channel))
        if text is None:
            raise
        flash(text, "error")
    return redirect(url_for("cms.verification", verification_id=verification_id), 303)


def _coming(shown: VerificationDetails) -> StepView | None:
    """Return the step of the fallback that can be taken now."""
    return next((step for step in shown.steps if step.status == WAITING), None)


def _page(shown: VerificationDetails, *, is_unmasked: bool = False) -> str:
    return render_template(
        "cms/traffic/verification.html",
        shown=shown,
        verification=shown.listed,
        is_unmasked=is_unmasked,
        coming=_coming(shown),
        is_pending=shown.listed.status is VerificationStatus.PENDING,
        is_open=shown.listed.status in (VerificationStatus.PENDING, VerificationStatus.LOCKED),
        happened=attempt_steps.of(shown, filters.MESSAGE_STATUSES),
        statuses=filters.MESSAGE_STATUSES,
        step_statuses=filters.STEP_STATUSES,
        verification_statuses=filters.VERIFICATION_STATUSES,
        channels=filters.CHANNELS,
        sender_name=timelines.sender_name(shown.asked.name),
    )
