"""API keys. A key is shown only in the response that creates it."""

import re
import secrets
from collections.abc import Mapping

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.frame.addresses import own_address
from cms.keys import key_requests
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from services.keys import api_keys as service
from services.keys import twilio_tokens
from services.keys.key_owners import USUAL_SCOPES, Scope
from services.keys.key_views import KeyView
from services.request_log import request_lists

FORM = "key_form"
"""Session field with the id of the last submitted form, so that a reload does not create a second key."""
SCOPES = {
    Scope.VERIFICATIONS: (lazy_gettext("Verifications"), lazy_gettext("send and check codes")),
    Scope.MESSAGES: (lazy_gettext("Messages"), lazy_gettext("send notices and broadcasts")),
    Scope.READ: (lazy_gettext("Read"), lazy_gettext("see what this key has sent, and the statistics")),
    Scope.WEBHOOKS: (lazy_gettext("Webhooks"), lazy_gettext("get events of what this key does")),
    Scope.OWN_CODES: (lazy_gettext("Own codes"), lazy_gettext("send codes that the program made itself")),
}
NEWEST_CALLS = 20
SETTINGS = {
    "service_name": lazy_gettext("Name in its texts"),
    "sender": lazy_gettext("Sender"),
    "locale": lazy_gettext("Language"),
    "code_length": lazy_gettext("Digits of a code"),
    "code_ttl_seconds": lazy_gettext("Life of a code, in seconds"),
    "code_attempts": lazy_gettext("Attempts at a code"),
}
"""What a key may have of its own."""


@console.get("/api-keys")
@needs(Role.OWNER)
def api_keys() -> str:
    """List all keys, active ones first."""
    keys = sorted(service.list_all(), key=lambda key: key.revoked_at is not None)
    return render_template(
        "cms/keys/api_keys.html",
        keys=keys,
        scopes=SCOPES,
        today=key_requests.today(),
        courses=key_requests.courses(),
    )


@console.get("/api-keys/new")
@needs(Role.OWNER, password=True)
def new_key() -> str:
    """Show the empty form, or the input from before the password was requested."""
    start = MultiDict([("scopes", scope.value) for scope in USUAL_SCOPES])
    return _form(drafts.take() or start, {})


@console.post("/api-keys/new")
@needs(Role.OWNER, password=True)
def add_key() -> Answer:
    """Create a key and show it once."""
    if is_repeated():
        flash(_("This key was already created and shown. Revoke it if you did not copy it."), "info")
        return redirect(url_for("cms.api_keys"), 303)
    try:
        view, key = service.create(
            request.form.get("name", ""),
            is_test="test" in request.form,
            scopes=request.form.getlist("scopes"),
            networks=_networks(),
            by=actor(),
        )
    except InvalidInput as error:
        return _form(request.form, error_texts.key_texts(error)), 422
    return secret_page(
        key, _("The key of %(name)s", name=view.name), url_for("cms.api_keys"), page="cms/keys/new_key.html"
    )


@console.get("/api-keys/<key_id>")
@needs(Role.OWNER)
def api_key(key_id: str) -> str:
    """Show one key with its secrets."""
    return render_template(
        "cms/keys/api_key.html",
        key=service.get(key_id),
        scopes=SCOPES,
        today=key_requests.today().get(key_id),
        newest=request_lists.page(key_id, limit=NEWEST_CALLS).requests,
        own_settings=SETTINGS,
        account_sid=twilio_tokens.account_sid(key_id),
        service_sid=twilio_tokens.service_sid(key_id),
    )


@console.get("/api-keys/<key_id>/edit")
@needs(Role.OWNER, password=True)
def edit_key(key_id: str) -> str:
    """Show the key's scopes and networks, or the input from before the password was requested."""
    key = service.get(key_id)
    start = MultiDict([("networks", "\n".join(key.networks)), *(("scopes", scope) for scope in key.scopes)])
    return _form(drafts.take() or start, {}, key)


@console.post("/api-keys/<key_id>/edit")
@needs(Role.OWNER, password=True)
def save_key(key_id: str) -> Answer:
    """Change the key's scopes and networks."""
    key = service.get(key_id)
    try:
        service.edit(key_id, scopes=request.form.getlist("scopes"), networks=_networks(), by=actor())
    except (InvalidInput, Conflict) as error:
        texts = error_texts.key_texts(error) if isinstance(error, InvalidInput) else {}
        status, headers = error_texts.status_and_headers(error)
        return _form(request.form, texts, key), status, headers
    flash(_("Saved. It applies from the next call on."), "success")
    return redirect(url_for("cms.api_key", key_id=key_id), 303)


@console.get("/api-keys/<key_id>/revoke")
@needs(Role.OWNER, password=True)
def confirm_revocation(key_id: str) -> str:
    """Ask for confirmation."""
    return render_template(
        "cms/frame/confirm.html",
        title=_("Revoke the key of %(name)s?", name=service.get(key_id).name),
        text=_("It stops working within two seconds, permanently. A new key can't see what this one sent."),
        action=_("Revoke"),
        back=url_for("cms.api_key", key_id=key_id),
    )


@console.post("/api-keys/<key_id>/revoke")
@needs(Role.OWNER, password=True)
def revoke_key(key_id: str) -> Response:
    """Revoke a key permanently."""
    view = service.revoke(key_id, by=actor())
    flash(_("The key of %(name)s is revoked.", name=view.name), "success")
    return redirect(url_for("cms.api_keys"), 303)


def is_repeated() -> bool:
    """Tell whether this form was submitted before, and remember it: a reload must not create another secret."""
    form = request.form.get("form", "")
    repeated = bool(form) and session.get(FORM) == form
    session[FORM] = form
    return repeated


def secret_page(key: str, title: str, back: str, *, page: str = "cms/frame/secret.html") -> str:
    """Show a key once."""
    text = _("Copy it now: it is shown only once. We keep no copy, so a lost key can't be recovered.")
    return render_template(
        page,
        title=title,
        text=text,
        label=_("API key"),
        secret=key,
        back=back,
        address=own_address(),
    )


def _networks() -> list[str]:
    return re.split(r"[\s,;]+", request.form.get("networks", ""))


def _form(typed: MultiDict[str, str], errors: Mapping[str, str], key: KeyView | None = None) -> str:
    return render_template(
        "cms/keys/api_key_form.html",
        key=key,
        typed=typed,
        errors=errors,
        scopes=SCOPES,
        form=secrets.token_hex(8),
        longest_name=service.LONGEST_NAME,
    )
