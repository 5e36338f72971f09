"""One endpoint with what was delivered to it; the switch, a test, and replays."""

from datetime import UTC, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from domain.statuses import DeliveryStatus
from services.keys import owners
from services.webhooks import deliveries as service
from services.webhooks import endpoints
from services.webhooks.deliveries import Page, Range

STATUSES = {
    DeliveryStatus.WAITING: (lazy_gettext("Waiting"), "busy"),
    DeliveryStatus.SENDING: (lazy_gettext("Sending"), "busy"),
    DeliveryStatus.DELIVERED: (lazy_gettext("Delivered"), "good"),
    DeliveryStatus.FAILED: (lazy_gettext("Failed"), "bad"),
}
REASONS = {
    "asked": lazy_gettext("Switched off by a person or a program."),
    "gone": lazy_gettext("Switched off because it answered 410 (gone)."),
    "failing": lazy_gettext("Switched off after five days of nothing but failures."),
}
SINCE = {
    "1": lazy_gettext("the last hour"),
    "24": lazy_gettext("the last 24 hours"),
    "168": lazy_gettext("the last 7 days"),
}
"""Hours."""


@console.get("/webhooks/<webhook_id>")
def webhook(webhook_id: str) -> str:
    """Show one endpoint, and a page of what was delivered."""
    one = endpoints.get(webhook_id)
    status = next((one for one in DeliveryStatus if one == request.args.get("status")), None)
    try:
        page = service.page(webhook_id, status=status, cursor=request.args.get("cursor") or None)
    except InvalidInput:
        page = Page([], None)
    return render_template(
        "cms/webhooks/webhook.html",
        webhook=one,
        owner=owners.names([one.owner])[one.owner],
        page=page,
        chosen=status,
        statuses=STATUSES,
        reasons=REASONS,
        since=SINCE,
    )


@console.post("/webhooks/<webhook_id>/on")
@needs(Role.OPERATOR)
def switch_webhook_on(webhook_id: str) -> Response:
    """Switch an endpoint on."""
    endpoints.edit(webhook_id, enabled=True, by=actor())
    flash(_("The webhook is switched on."), "success")
    return _back(webhook_id)


@console.post("/webhooks/<webhook_id>/off")
@needs(Role.OPERATOR)
def switch_webhook_off(webhook_id: str) -> Response:
    """Switch an endpoint off."""
    endpoints.edit(webhook_id, enabled=False, by=actor())
    flash(_("The webhook is switched off. What was waiting for it can be sent again later."), "success")
    return _back(webhook_id)


@console.post("/webhooks/<webhook_id>/test")
@needs(Role.OPERATOR)
def test_webhook(webhook_id: str) -> Response:
    """Post a test event."""
    try:
        service.send_test(webhook_id, by=actor())
    except Conflict:
        _tell_it_is_off()
    else:
        flash(_("A test event is on its way. Reload the page to see the answer."), "success")
    return _back(webhook_id)


@console.post("/webhooks/<webhook_id>/replay")
@needs(Role.OPERATOR)
def replay_failed(webhook_id: str) -> Response:
    """Post again what failed in the last hours."""
    typed = request.form.get("hours", "")
    hours = int(typed) if typed in SINCE else 1
    chosen = Range(since=datetime.now(UTC) - timedelta(hours=hours), failed_only=True)
    return _replay(webhook_id, chosen)


@console.post("/webhooks/<webhook_id>/deliveries/<delivery_id>/replay")
@needs(Role.OPERATOR)
def replay_delivery(webhook_id: str, delivery_id: str) -> Response:
    """Post one event again."""
    return _replay(webhook_id, Range(delivery=delivery_id))


def _replay(webhook_id: str, chosen: Range) -> Response:
    try:
        count = service.replay(webhook_id, chosen, by=actor())
    except Conflict:
        _tell_it_is_off()
    else:
        told = ngettext("%(num)s event is sent again.", "%(num)s events are sent again.", count)
        flash(told, "success" if count else "info")
    return _back(webhook_id)


def _tell_it_is_off() -> None:
    flash(_("The webhook is switched off. Switch it on first."), "error")


def _back(webhook_id: str) -> Response:
    return redirect(url_for("cms.webhook", webhook_id=webhook_id), 303)
