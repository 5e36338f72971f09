"""A new secret for a hook."""

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.hooks.hook_texts import errors_of
from cms.hooks.hooks import secret_page
from cms.keys.api_keys import is_repeated
from domain.errors import InvalidInput
from domain.hooks import SECRET_IS_THEIRS
from domain.roles import Role
from services.hooks import hooks as service


@console.get("/hooks/<hook_id>/rotate")
@needs(Role.OWNER, password=True)
def confirm_hook_rotation(hook_id: str) -> str:
    """Explain what happens to the old secret, and offer to paste one of the server's own."""
    return _form(hook_id)


@console.post("/hooks/<hook_id>/rotate")
@needs(Role.OWNER, password=True)
def rotate_hook(hook_id: str) -> Answer:
    """Make the new secret and show it once."""
    page = url_for("cms.hook", hook_id=hook_id)
    if is_repeated():
        flash(_("The new secret was already created and shown."), "info")
        return redirect(page, 303)
    given = request.form.get("secret") or None
    try:
        view, secret = service.rotate(hook_id, secret=given, by=actor())
    except InvalidInput as error:
        return _form(hook_id, errors_of(error).get("secret")), 422
    if given:
        flash(_("Saved. The old secret works for 24 hours more."), "success")
        return redirect(page, 303)
    return secret_page(secret, _("The new secret of %(name)s", name=view.name), page)


def _form(hook_id: str, error: str | None = None) -> str:
    shown = service.get(hook_id)
    return render_template(
        "cms/hooks/hook_rotation.html",
        hook=shown,
        is_theirs=shown.type in SECRET_IS_THEIRS,
        error=error,
        form=secrets.token_hex(8),
    )
