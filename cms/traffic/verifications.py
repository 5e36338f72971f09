"""Verifications: the list, one with its messages, and what an operator may do with it."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.traffic import timelines
from cms.traffic import traffic_filters as filters
from cms.traffic.traffic_filters import Chosen
from domain.errors import InvalidInput, SendcodeError
from domain.roles import Role
from domain.statuses import VerificationStatus
from services.codes import verifications as service
from services.keys import owners
from services.traffic import bulk_cancels, disclosures, verification_lists
from services.traffic.verification_lists import VerificationDetails, VerificationPage

NOTHING = VerificationPage((), None, None)


@console.get("/verifications")
def verifications() -> Answer:
    """List verifications, newest first."""
    chosen = filters.from_address(filters.VERIFICATION_FIELDS)
    if not chosen.is_readable:
        return _list(chosen, NOTHING, error=filters.unreadable()), 422
    try:
        found = verification_lists.page(filters.of_verifications(chosen), cursor=_cursor())
    except InvalidInput:
        return redirect(url_for("cms.verifications", **chosen.args), 303)
    return _list(chosen, found)


@console.post("/verifications/search")
@needs(Role.VIEWER)
def search_verifications() -> Answer:
    """Go to the list of what was typed: no destination may stand in an address, which ends up in access logs."""
    try:
        return redirect(url_for("cms.verifications", **filters.to_address(filters.VERIFICATION_FIELDS)), 303)
    except InvalidInput:
        chosen = filters.from_address(filters.VERIFICATION_FIELDS)
        return _list(chosen, NOTHING, error=filters.too_long()), 422


@console.post("/verifications/destinations")
@needs(Role.OPERATOR)
def show_verification_destinations() -> Answer:
    """Show one page of the list with its destinations in full."""
    chosen = filters.from_address(filters.VERIFICATION_FIELDS)
    try:
        found = disclosures.verifications(filters.of_verifications(chosen), _cursor(), by=actor())
    except InvalidInput:
        return redirect(url_for("cms.verifications", **chosen.args), 303)
    return _list(chosen, found, is_unmasked=True)


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
    """Send the same code once more, within the limits of its destination."""

    def work() -> None:
        service.resend(verification_id, owners.of_verification(verification_id), by=actor())
        flash(_("The code is on its way again."), "success")

    return _done(verification_id, work)


@console.post("/verifications/<verification_id>/cancel")
@needs(Role.OPERATOR)
def cancel_verification(verification_id: str) -> Response:
    """End it, so that its code is good for nothing."""

    def work() -> None:
        service.cancel(verification_id, owners.of_verification(verification_id), by=actor())
        flash(_("Canceled. Its code is good for nothing."), "success")

    return _done(verification_id, work)


def _done(verification_id: str, work: Callable[[], None]) -> Response:
    try:
        work()
    except SendcodeError as error:
        text = error_texts.resend_text(error)
        if text is None:
            raise
        flash(text, "error")
    return redirect(url_for("cms.verification", verification_id=verification_id), 303)


def _list(
    chosen: Chosen, found: VerificationPage, *, is_unmasked: bool = False, error: str | None = None
) -> str:
    return render_template(
        "cms/traffic/verifications.html",
        chosen=chosen,
        found=found,
        cursor=_cursor(),
        is_unmasked=is_unmasked,
        error=error,
        channels=filters.CHANNELS,
        statuses=filters.VERIFICATION_STATUSES,
        may_cancel=bulk_cancels.fits(filters.of_verifications(chosen)),
    )


def _page(shown: VerificationDetails, *, is_unmasked: bool = False) -> str:
    return render_template(
        "cms/traffic/verification.html",
        shown=shown,
        verification=shown.listed,
        is_unmasked=is_unmasked,
        is_pending=shown.listed.status is VerificationStatus.PENDING,
        is_open=shown.listed.status in (VerificationStatus.PENDING, VerificationStatus.LOCKED),
        statuses=filters.MESSAGE_STATUSES,
        verification_statuses=filters.VERIFICATION_STATUSES,
        channels=filters.CHANNELS,
        sender_name=timelines.sender_name(shown.owner),
    )


def _cursor() -> str | None:
    return request.args.get("cursor") or None
