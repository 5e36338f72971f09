"""Send one message: choose a text, fill it in, look at it, send it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.access.guard import console, needs
from cms.access.identity import actor, signed_in
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.messaging import send_faults, what_to_send
from domain.errors import InvalidInput, LimitExceeded
from domain.owners import Owner, of_administrator
from domain.roles import Role
from services.messaging import messages as service
from services.messaging import previews
from services.messaging.messages import Request

VALUE = "value-"
"""Prefix of the names of fields with values."""


@console.get("/messages/new")
@needs(Role.OPERATOR)
def new_message() -> Answer:
    """Show the form of a template, which has a field for each of its values."""
    try:
        what_to_send.parse(_what())
    except InvalidInput:
        return redirect(url_for("cms.new_message"), 303)
    return _page()


@console.post("/messages/new/preview")
@needs(Role.OPERATOR)
def preview_message() -> Answer:
    """Show what the recipient would read, and keep nothing."""
    try:
        wanted = _typed()
        return _page(look=previews.of_message(wanted, _owner()))
    except InvalidInput as error:
        return _page(error=error), 422


@console.post("/messages/new")
@needs(Role.OPERATOR)
def send_message() -> Answer:
    """Send it."""
    try:
        sent = service.send(_typed(), _owner(), by=actor())
    except (InvalidInput, LimitExceeded) as error:
        return _page(error=error), *error_texts.status_and_headers(error)
    flash(_("The message is on its way."), "success")
    return redirect(url_for("cms.message", message_id=sent.id), 303)


def _what() -> str:
    return request.values.get("what") or what_to_send.FIRST


def _typed() -> Request:
    channel, template = what_to_send.parse(_what())
    values = {
        name.removeprefix(VALUE): value
        for name, value in request.form.items()
        if name.startswith(VALUE) and value
    }
    to = request.form.get("to", "")
    if template is not None:
        return Request(channel, to, template=template, params=values)
    subject, text = what_to_send.own_text(request.form, channel)
    return Request(channel, to, subject=subject, text=text)


def _owner() -> Owner:
    return of_administrator(signed_in().administrator.id)


def _page(*, look: previews.Preview | None = None, error: InvalidInput | LimitExceeded | None = None) -> str:
    try:
        channel, template = what_to_send.parse(_what())
    except InvalidInput:
        channel, template = what_to_send.parse(what_to_send.FIRST)
    values: dict[str, Any] = dict(request.form)
    return render_template(
        "cms/messaging/message_form.html",
        what=f"{channel.value}/{template or ''}",
        choices=what_to_send.choices(),
        channel=channel,
        template=template,
        names=previews.needed(channel, template) if template else [],
        prefix=VALUE,
        typed=values,
        look=look,
        errors=send_faults.message_texts(error, channel) if error else {},
    )
