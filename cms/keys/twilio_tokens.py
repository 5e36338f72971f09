"""Credentials for a Twilio SDK, shown only in the response that creates them."""

import secrets

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.keys.api_keys import is_repeated
from domain.errors import Conflict
from domain.roles import Role
from services.keys import api_keys
from services.keys import twilio_tokens as service


@console.get("/api-keys/<key_id>/twilio")
@needs(Role.OWNER, password=True)
def confirm_twilio_token(key_id: str) -> str:
    """Ask for confirmation."""
    key = api_keys.get(key_id)
    return render_template(
        "cms/frame/confirm.html",
        title=_("Create a Twilio token for the key of %(name)s?", name=key.name),
        text=_("A program with a Twilio SDK signs in with it. Older tokens stop working after 24 hours."),
        action=_("Create the token"),
        tone="primary",
        fields={"form": secrets.token_hex(8)},
        back=url_for("cms.api_key", key_id=key_id),
    )


@console.post("/api-keys/<key_id>/twilio")
@needs(Role.OWNER, password=True)
def make_twilio_token(key_id: str) -> Answer:
    """Create the token and show it once."""
    page = url_for("cms.api_key", key_id=key_id)
    if is_repeated():
        flash(_("The token was already created and shown."), "info")
        return redirect(page, 303)
    try:
        view, credentials = service.give(key_id, by=actor())
    except Conflict:
        flash(_("A revoked key can't get a new secret."), "error")
        return redirect(page, 303)
    return render_template(
        "cms/frame/secret.html",
        title=_("Twilio credentials of %(name)s", name=view.name),
        text=_("Copy them now: the token is shown only once."),
        label=_("Settings for the program"),
        secret="\n".join(credentials.lines),
        rows=3,
        back=page,
    )
