"""What an API key has of its own: the name in its texts, the form of its codes, its language."""

from collections.abc import Mapping
from types import MappingProxyType

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.keys.api_keys import SETTINGS
from domain import profiles
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from services.keys import api_keys as service
from services.keys.key_views import KeyView


@console.get("/api-keys/<key_id>/settings")
@needs(Role.OWNER, password=True)
def edit_key_settings(key_id: str) -> str:
    """Show the key's settings, or the input from before the password was requested."""
    key = service.get(key_id)
    start = MultiDict([(name, str(value)) for name, value in key.settings.items()])
    return _form(drafts.take() or start, {}, key)


@console.post("/api-keys/<key_id>/settings")
@needs(Role.OWNER, password=True)
def save_key_settings(key_id: str) -> Answer:
    """Replace the key's settings."""
    key = service.get(key_id)
    given = {name: request.form.get(name) for name in profiles.NAMES}
    try:
        service.configure(key_id, given, by=actor())
    except (InvalidInput, Conflict) as error:
        texts = errors_of(error) if isinstance(error, InvalidInput) else {}
        status, headers = error_texts.status_and_headers(error)
        return _form(request.form, texts, key), status, headers
    flash(_("Saved. It applies from the next call on."), "success")
    return _back(key_id)


def _back(key_id: str) -> Response:
    return redirect(url_for("cms.api_key", key_id=key_id), 303)


def errors_of(error: InvalidInput, more: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the error text for each wrong field; `more` has those of fields that a key does not have."""
    line = _("Use one line of up to %(length)s characters.", length=profiles.LONGEST_SERVICE_NAME)
    texts = {
        "service_name": line,
        "sender": line,
        "locale": _("Enter a language tag, such as en or zh-CN."),
        **more,
    }
    for name, (lowest, highest) in profiles.NUMBERS.items():
        texts[name] = _("Enter a number from %(lowest)s to %(highest)s.", lowest=lowest, highest=highest)
    return {problem.field: texts[problem.field] for problem in error.problems}


def _form(typed: MultiDict[str, str], errors: Mapping[str, str], key: KeyView) -> str:
    return render_template(
        "cms/keys/key_settings.html",
        key=key,
        typed=typed,
        errors=errors,
        usual=profiles.of_installation(current_app.config),
        labels=SETTINGS,
        numbers=profiles.NUMBERS,
        longest_name=profiles.LONGEST_SERVICE_NAME,
        default_locale=current_app.config["DEFAULT_LOCALE"],
    )
