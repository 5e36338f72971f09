"""The keys of the programs that call the API. A key is shown in the answer that makes it, and never again."""

import secrets
from collections.abc import Mapping

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms import drafts, messages
from cms.guard import console, needs
from cms.identity import actor
from cms.messages import Answer
from domain.errors import InvalidInput
from domain.roles import Role
from services import api_keys as service
from services.api_keys import Scope

FORM = "key_form"
"""Where the cookie keeps which form was answered last, so that a reload of its answer makes no second key."""
SCOPES = {
    Scope.VERIFICATIONS: (lazy_gettext("Verifications"), lazy_gettext("send and check codes")),
    Scope.MESSAGES: (lazy_gettext("Messages"), lazy_gettext("send notices and broadcasts")),
    Scope.READ: (lazy_gettext("Read"), lazy_gettext("see what this key has sent, and the statistics")),
}


@console.get("/api-keys")
@needs(Role.OWNER)
def api_keys() -> str:
    """List all keys, those that work first."""
    keys = sorted(service.list_all(), key=lambda key: key.revoked_at is not None)
    return render_template("cms/api_keys.html", keys=keys, scopes=SCOPES)


@console.get("/api-keys/new")
@needs(Role.OWNER, password=True)
def new_key() -> str:
    """Show the empty form, or what was typed before the password was asked for."""
    start = MultiDict([("scopes", scope.value) for scope in Scope])
    return _form(drafts.take() or start, {})


@console.post("/api-keys/new")
@needs(Role.OWNER, password=True)
def add_key() -> Answer:
    """Make a key and show it, this once."""
    form = request.form.get("form", "")
    if form and session.get(FORM) == form:
        flash(
            _("This key was made already, and was shown that once. Revoke it if you did not copy it."), "info"
        )
        return redirect(url_for("cms.api_keys"), 303)
    try:
        view, key = service.create(
            request.form.get("name", ""),
            is_test="test" in request.form,
            scopes=request.form.getlist("scopes"),
            by=actor(),
        )
    except InvalidInput as error:
        return _form(request.form, messages.key_texts(error)), 422
    session[FORM] = form
    return render_template(
        "cms/secret.html",
        title=_("The key of %(name)s", name=view.name),
        text=_(
            "Copy it now: it is shown only this once. We keep no copy, so a lost key can't be found again."
        ),
        label=_("API key"),
        secret=key,
        back=url_for("cms.api_keys"),
    )


@console.get("/api-keys/<key_id>/revoke")
@needs(Role.OWNER, password=True)
def confirm_revocation(key_id: str) -> str:
    """Ask whether it is meant."""
    return render_template(
        "cms/confirm.html",
        title=_("Revoke the key of %(name)s?", name=service.get(key_id).name),
        text=_(
            "Whoever uses it is refused within two seconds, for good. A new key does not see what this one sent."
        ),
        action=_("Revoke"),
        back=url_for("cms.api_keys"),
    )


@console.post("/api-keys/<key_id>/revoke")
@needs(Role.OWNER, password=True)
def revoke_key(key_id: str) -> Response:
    """End a key for good."""
    view = service.revoke(key_id, by=actor())
    flash(_("The key of %(name)s is revoked.", name=view.name), "success")
    return redirect(url_for("cms.api_keys"), 303)


def _form(typed: MultiDict[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "cms/api_key_form.html",
        typed=typed,
        errors=errors,
        scopes=SCOPES,
        form=secrets.token_hex(8),
        longest_name=service.LONGEST_NAME,
    )
