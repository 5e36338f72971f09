"""Hooks: the list, a page each with the configuration to paste, adding, switching off, removing."""

import secrets
from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.hooks.hook_texts import NAMES, errors_of
from cms.keys.api_keys import is_repeated
from domain import hooks as rules
from domain.errors import InvalidInput
from domain.hooks import SECRET_IS_THEIRS, HookType
from domain.roles import Role
from services.hooks import hooks as service
from services.hooks.hook_views import url


@console.get("/hooks")
@needs(Role.OWNER)
def hooks() -> str:
    """List all hooks, newest first."""
    return render_template("cms/hooks/hooks.html", hooks=service.list_all(), names=NAMES)


@console.get("/hooks/new")
@needs(Role.OWNER, password=True)
def new_hook() -> str:
    """Show the empty form, or the input from before the password was requested."""
    return _form(drafts.take(), {})


@console.post("/hooks/new")
@needs(Role.OWNER, password=True)
def add_hook() -> Answer:
    """Add a hook and show its secret once."""
    if is_repeated():
        flash(_("This hook was already added. Rotate its secret if you did not copy it."), "info")
        return redirect(url_for("cms.hooks"), 303)
    form = request.form
    try:
        view, secret = service.add(
            form.get("type", ""),
            form.get("name", ""),
            channel=form.get("channel") or None,
            destinations=form.get("to", "").splitlines(),
            secret=form.get("secret") or None,
            by=actor(),
        )
    except InvalidInput as error:
        return _form(form, errors_of(error)), 422
    return secret_page(
        secret, _("The secret of %(name)s", name=view.name), url_for("cms.hook", hook_id=view.id)
    )


@console.get("/hooks/<hook_id>")
@needs(Role.OWNER)
def hook(hook_id: str) -> str:
    """Show one hook."""
    return page(hook_id)


@console.post("/hooks/<hook_id>/off")
@needs(Role.OWNER)
def switch_hook_off(hook_id: str) -> Response:
    """Refuse its posts."""
    view = service.switch(hook_id, is_on=False, by=actor())
    flash(_("“%(name)s” refuses posts from now on.", name=view.name), "success")
    return redirect(url_for("cms.hook", hook_id=hook_id), 303)


@console.post("/hooks/<hook_id>/on")
@needs(Role.OWNER)
def switch_hook_on(hook_id: str) -> Response:
    """Take its posts again."""
    view = service.switch(hook_id, is_on=True, by=actor())
    flash(_("“%(name)s” takes posts again.", name=view.name), "success")
    return redirect(url_for("cms.hook", hook_id=hook_id), 303)


@console.get("/hooks/<hook_id>/remove")
@needs(Role.OWNER, password=True)
def confirm_hook_removal(hook_id: str) -> str:
    """Ask for confirmation."""
    return render_template(
        "cms/frame/confirm.html",
        title=_("Remove %(name)s?", name=service.get(hook_id).name),
        text=_("The server's next post is refused, permanently. What it has sent stays in the lists."),
        action=_("Remove"),
        back=url_for("cms.hook", hook_id=hook_id),
    )


@console.post("/hooks/<hook_id>/remove")
@needs(Role.OWNER, password=True)
def remove_hook(hook_id: str) -> Response:
    """Remove a hook permanently."""
    view = service.remove(hook_id, by=actor())
    flash(_("“%(name)s” is removed.", name=view.name), "success")
    return redirect(url_for("cms.hooks"), 303)


def page(hook_id: str, **more: object) -> str:
    """Return the page of a hook, with what came of a test."""
    shown = service.get(hook_id)
    return render_template(
        "cms/hooks/hook.html",
        hook=shown,
        names=NAMES,
        url=url(hook_id, request.host_url),
        is_theirs=shown.type in SECRET_IS_THEIRS,
        **more,
    )


def secret_page(secret: str, title: str, back: str) -> str:
    """Show a secret once."""
    text = _("Copy it now: it is shown only once. The next page says where it goes.")
    return render_template(
        "cms/frame/secret.html", title=title, text=text, label=_("Secret"), secret=secret, back=back
    )


def _form(typed: MultiDict[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "cms/hooks/hook_form.html",
        typed=typed,
        errors=errors,
        types=[(type.value, NAMES[type]) for type in HookType],
        form=secrets.token_hex(8),
        longest_name=rules.LONGEST_NAME,
    )
