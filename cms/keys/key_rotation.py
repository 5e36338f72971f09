"""A new secret for an API key, and the end of the old one."""

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.keys.api_keys import is_repeated, secret_page
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from services.keys import api_keys
from services.keys import key_rotation as service

OVERLAPS = {
    "0": (lazy_gettext("Not at all"), lazy_gettext("it has leaked: it stops working at once")),
    "1h": (lazy_gettext("1 hour"), lazy_gettext("you change the program right after this")),
    "24h": (lazy_gettext("24 hours"), lazy_gettext("the program gets the new secret today")),
    "7d": (lazy_gettext("7 days"), lazy_gettext("somebody else has to change the program")),
}


@console.get("/api-keys/<key_id>/rotate")
@needs(Role.OWNER, password=True)
def confirm_rotation(key_id: str) -> str:
    """Ask how long the old secret keeps working."""
    return _form(key_id, drafts.take().get("overlap", service.USUAL))


@console.post("/api-keys/<key_id>/rotate")
@needs(Role.OWNER, password=True)
def rotate_key(key_id: str) -> Answer:
    """Create the new secret and show it once."""
    page = url_for("cms.api_key", key_id=key_id)
    if is_repeated():
        flash(_("The new secret was already created and shown."), "info")
        return redirect(page, 303)
    try:
        view, key = service.rotate(key_id, request.form.get("overlap", ""), by=actor())
    except InvalidInput:
        return _form(key_id, service.USUAL, error=_("Choose one of these.")), 422
    except Conflict:
        flash(_("A revoked key can't get a new secret."), "error")
        return redirect(page, 303)
    return secret_page(key, _("The new secret of %(name)s", name=view.name), page)


@console.post("/api-keys/<key_id>/secrets/<int:secret_id>/end")
@needs(Role.OWNER, password=True)
def end_secret(key_id: str, secret_id: int) -> Response:
    """End an old secret early."""
    service.end_early(key_id, secret_id, by=actor())
    flash(_("The old secret is ended."), "success")
    return redirect(url_for("cms.api_key", key_id=key_id), 303)


def _form(key_id: str, chosen: str, error: str | None = None) -> str:
    return render_template(
        "cms/keys/key_rotation.html",
        key=api_keys.get(key_id),
        overlaps=OVERLAPS,
        chosen=chosen,
        error=error,
        form=secrets.token_hex(8),
    )
