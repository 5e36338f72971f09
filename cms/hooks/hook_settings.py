"""What a hook has of its own: whose text is sent, the name in our texts, the life of codes, the language, the link."""

from collections.abc import Mapping

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.keys.key_settings import errors_of
from domain import profiles
from domain.errors import InvalidInput
from domain.hooks import LONGEST_URL, HookType, Wording
from domain.roles import Role
from services.hooks import hooks as service
from services.hooks.hook_views import HookView

WORDINGS = {
    Wording.OURS: lazy_gettext("ours, with the server's code"),
    Wording.THEIRS: lazy_gettext("the server's, where it has one"),
}


def names_of(hook: HookView) -> tuple[str, ...]:
    """Return the settings that the page offers for a hook, in their order."""
    if hook.type is HookType.ALERTMANAGER:
        return ("service_name", "sender", "locale")
    link = ("verify_url",) if hook.type is HookType.SUPABASE else ()
    return ("text", "service_name", "sender", "locale", "code_ttl_seconds", *link)


@console.get("/hooks/<hook_id>/settings")
@needs(Role.OWNER, password=True)
def edit_hook_settings(hook_id: str) -> str:
    """Show the hook's settings, or the input from before the password was requested."""
    hook = service.get(hook_id)
    start = MultiDict([(name, str(value)) for name, value in hook.settings.items()])
    return _form(drafts.take() or start, {}, hook)


@console.post("/hooks/<hook_id>/settings")
@needs(Role.OWNER, password=True)
def save_hook_settings(hook_id: str) -> Answer:
    """Replace what the page shows; other settings of the hook stay."""
    hook = service.get(hook_id)
    given = {name: request.form.get(name) for name in names_of(hook)}
    try:
        service.configure(hook_id, {**hook.settings, **given}, by=actor())
    except InvalidInput as error:
        own = {
            "text": _("Choose one of these."),
            "verify_url": _("Enter a URL that begins with https:// or http://."),
        }
        return _form(request.form, errors_of(error, own), hook), 422
    flash(_("Saved. It applies from the next post on."), "success")
    return redirect(url_for("cms.hook", hook_id=hook_id), 303)


def _form(typed: MultiDict[str, str], errors: Mapping[str, str], hook: HookView) -> str:
    return render_template(
        "cms/hooks/hook_settings.html",
        hook=hook,
        names=names_of(hook),
        typed=typed,
        errors=errors,
        usual=profiles.of_installation(current_app.config),
        ttl=profiles.NUMBERS["code_ttl_seconds"],
        wordings=WORDINGS,
        longest_name=profiles.LONGEST_SERVICE_NAME,
        longest_url=LONGEST_URL,
        default_locale=current_app.config["DEFAULT_LOCALE"],
    )
