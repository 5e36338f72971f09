"""The endpoints that get events. A secret is shown only in the response that creates it."""

import secrets
from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.keys.api_keys import is_repeated
from cms.keys.key_rotation import OVERLAPS
from domain.errors import Conflict, InvalidInput
from domain.events import EventType
from domain.roles import Role
from services.keys import key_rotation, owners
from services.webhooks import endpoints as service
from services.webhooks.endpoint_views import LONGEST_DESCRIPTION, EndpointView

OFF_REASONS = {
    "gone": lazy_gettext("it answered 410"),
    "failing": lazy_gettext("it failed for five days"),
}


@console.get("/webhooks")
def webhooks() -> str:
    """List all endpoints."""
    shown = service.list_all()
    names = owners.names([one.owner for one in shown])
    return render_template(
        "cms/webhooks/webhooks.html",
        webhooks=shown,
        names=names,
        reasons=OFF_REASONS,
    )


@console.get("/webhooks/new")
@needs(Role.OWNER, password=True)
def new_webhook() -> str:
    """Show the empty form, or the input from before the password was requested."""
    return _form(drafts.take(), {})


@console.post("/webhooks/new")
@needs(Role.OWNER, password=True)
def add_webhook() -> Answer:
    """Create an endpoint and show its secret once."""
    if is_repeated():
        flash(_("This webhook was already created, and its secret shown."), "info")
        return redirect(url_for("cms.webhooks"), 303)
    try:
        made = service.create(
            request.form.get("url", ""),
            events=request.form.getlist("events"),
            description=request.form.get("description"),
            by=actor(),
        )
    except InvalidInput as error:
        return _form(request.form, _texts(error)), 422
    except Conflict:
        flash(_("There are too many webhooks. Remove one first."), "error")
        return redirect(url_for("cms.webhooks"), 303)
    return _secret_page(made.secret, made.endpoint)


@console.get("/webhooks/<webhook_id>/edit")
@needs(Role.OWNER, password=True)
def edit_webhook(webhook_id: str) -> str:
    """Show what can be changed, or the input from before the password was requested."""
    one = service.get(webhook_id)
    start = MultiDict([("url", one.url), ("description", one.description or "")])
    start.setlist("events", one.events or [])
    return _form(drafts.take() or start, {}, one)


@console.post("/webhooks/<webhook_id>/edit")
@needs(Role.OWNER, password=True)
def save_webhook(webhook_id: str) -> Answer:
    """Change an endpoint."""
    one = service.get(webhook_id)
    try:
        service.edit(
            webhook_id,
            url=request.form.get("url", ""),
            events=request.form.getlist("events"),
            description=request.form.get("description"),
            by=actor(),
        )
    except InvalidInput as error:
        return _form(request.form, _texts(error), one), 422
    flash(_("Saved. It applies to what happens from now on."), "success")
    return redirect(url_for("cms.webhook", webhook_id=webhook_id), 303)


@console.get("/webhooks/<webhook_id>/rotate")
@needs(Role.OWNER, password=True)
def confirm_webhook_rotation(webhook_id: str) -> str:
    """Ask how long events are signed with the old secret, too."""
    return _rotation(service.get(webhook_id), drafts.take().get("overlap", key_rotation.USUAL))


@console.post("/webhooks/<webhook_id>/rotate")
@needs(Role.OWNER, password=True)
def rotate_webhook(webhook_id: str) -> Answer:
    """Create the new secret and show it once."""
    if is_repeated():
        flash(_("The new secret was already created and shown."), "info")
        return redirect(url_for("cms.webhook", webhook_id=webhook_id), 303)
    overlap = key_rotation.OVERLAPS.get(request.form.get("overlap", ""))
    if overlap is None:
        error = _("Choose one of these.")
        return _rotation(service.get(webhook_id), key_rotation.USUAL, error=error), 422
    made = service.rotate(webhook_id, overlap=overlap, by=actor())
    return _secret_page(made.secret, made.endpoint)


@console.get("/webhooks/<webhook_id>/remove")
@needs(Role.OWNER, password=True)
def confirm_webhook_removal(webhook_id: str) -> str:
    """Ask for confirmation."""
    return render_template(
        "cms/frame/confirm.html",
        title=_("Remove the webhook to %(host)s?", host=service.get(webhook_id).host),
        text=_("It gets no more events, and the list of what it got is deleted."),
        action=_("Remove"),
        back=url_for("cms.webhook", webhook_id=webhook_id),
    )


@console.post("/webhooks/<webhook_id>/remove")
@needs(Role.OWNER, password=True)
def remove_webhook(webhook_id: str) -> Response:
    """Remove an endpoint."""
    service.remove(webhook_id, by=actor())
    flash(_("The webhook is removed."), "success")
    return redirect(url_for("cms.webhooks"), 303)


def _secret_page(secret: str, one: EndpointView) -> str:
    return render_template(
        "cms/frame/secret.html",
        title=_("The secret of the webhook to %(host)s", host=one.host),
        text=_("Copy it now: it is shown only once. The program needs it to check that an event is from us."),
        label=_("Signing secret"),
        secret=secret,
        back=url_for("cms.webhook", webhook_id=one.id),
    )


def _texts(error: InvalidInput) -> dict[str, str]:
    """Return what is wrong with each field."""
    texts = {
        "url": _(
            "Enter a URL that begins with https:// or http:// and leads to a public address, without a user name."
        ),
        "description": _("Use one line of at most %(most)s characters.", most=LONGEST_DESCRIPTION),
        "events": _("Choose some of these."),
    }
    return {problem.field: texts[problem.field] for problem in error.problems if problem.field in texts}


def _form(typed: MultiDict[str, str], errors: Mapping[str, str], one: EndpointView | None = None) -> str:
    return render_template(
        "cms/webhooks/webhook_form.html",
        webhook=one,
        typed=typed,
        errors=errors,
        types=list(EventType),
        form=secrets.token_hex(8),
        longest=LONGEST_DESCRIPTION,
    )


def _rotation(one: EndpointView, chosen: str, error: str | None = None) -> str:
    return render_template(
        "cms/webhooks/webhook_rotation.html",
        webhook=one,
        overlaps=OVERLAPS,
        chosen=chosen,
        error=error,
        form=secrets.token_hex(8),
    )
