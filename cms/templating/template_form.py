"""The editor of a text with its preview, and the form that starts a new text."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from cms.access import incoming
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.templating import mail_frames, text_faults, typed_texts
from cms.templating.templates import SAMPLE, look, parsed, samples, shared
from domain import template_keys
from domain.bound_codes import host_of
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from domain.statuses import Channel
from domain.template_keys import CODE, TextKey
from services.languages.locales import LOCALES
from services.templating import siblings, template_views, text_checks, text_previews, text_samples, titles
from services.templating import templates as service
from services.templating.given import OWN_TEMPLATES
from services.templating.template_views import TextView
from services.templating.text_checks import BadText
from services.templating.text_previews import differences
from services.templating.text_providers import takers
from services.templating.text_rules import FILTERS
from services.templating.text_sources import Source

CONDITION = '{{ "1 minute" if minutes|int == 1 else "some minutes" }}'
"""A sample condition to copy."""


@console.get("/templates/new")
@needs(Role.OPERATOR)
def new_template() -> Answer:
    """Ask which text to write, then open its editor; nothing is saved yet."""
    typed, errors = request.args, {}
    if "name" in typed:
        try:
            key = template_keys.check(
                typed["name"].strip(),
                typed.get("channel", ""),
                typed.get("locale", "").strip(),
                typed.get("purpose", "").strip(),
            )
            return redirect(url_for("cms.edit_template", key=key), 303)
        except InvalidInput as error:
            errors = text_faults.key_texts(error)
    return render_template(
        "cms/templating/template_new.html",
        typed=typed,
        errors=errors,
        names=sorted({group.name for group in template_views.everything()}),
        channels=list(Channel),
        locales=LOCALES,
    )


@console.get("/templates/<key>/edit")
@needs(Role.OPERATOR)
def edit_template(key: str) -> str:
    """Show the editor with the draft, the published text, or the fallback text, whichever comes first."""
    view = template_views.text(parsed(key))
    return _page(view, typed_texts.typed(view, _start(view)), {})


@console.post("/templates/<key>/edit")
@needs(Role.OPERATOR)
def save_template(key: str) -> Answer:
    """Save a new version; the page that follows shows it and can publish it."""
    view = template_views.text(parsed(key))
    source, faults = typed_texts.read(view.key, request.form)
    try:
        if faults:
            raise BadText(*faults, *text_checks.faults(view.key, service.tidy(view.key, source)))
        base = incoming.number("base") or 0
        comment, title = request.form.get("comment", ""), titles.checked(request.form.get("title", ""))
        number = service.save(view.key, source, base=base, by=actor(), comment=comment)
        if "title" in request.form:
            titles.give(view.key.name, title, by=actor())
    except BadText as error:
        return _page(view, request.form, text_faults.texts(error)), 422
    except InvalidInput:
        told = _("This is too long: at most %(most)s characters. Shorten it.", most=titles.LONGEST)
        return _page(view, request.form, {"title": told}), 422
    except Conflict:
        return _overtaken(view.key, request.form), 409
    flash(_("Saved as version %(number)s. It is sent once it is published.", number=number), "success")
    return redirect(url_for("cms.template_version", key=view.key, number=number), 303)


def _start(view: TextView) -> Source:
    """Return what editing starts from; a mail that has no text yet is written in Markdown."""
    found = template_views.starting_point(view)
    is_new_mail = view.key.channel is Channel.EMAIL and not found.text
    return replace(found, is_markdown=True) if is_new_mail else found


def _overtaken(key: TextKey, form: MultiDict[str, str]) -> str:
    """Show the form again after somebody else has saved; saving once more adds a version and loses none."""
    view, typed = template_views.text(key), MultiDict(form)
    typed["base"] = str(view.newest)
    text = _(
        "Somebody else has saved version %(number)s since you opened this text. Look at it. To save yours as the next "
        "version, press Save draft once more.",
        number=view.newest,
    )
    return _page(view, typed, {"": text})


@console.post("/templates/<key>/preview")
@needs(Role.OPERATOR)
def preview_template(key: str) -> str:
    """Show the editor with a preview; nothing is saved."""
    view = template_views.text(parsed(key))
    source, faults = typed_texts.read(view.key, request.form)
    found = faults + text_checks.faults(view.key, service.tidy(view.key, source))
    return _page(view, request.form, text_faults.texts(BadText(*found)))


@console.post("/templates/<key>/preview/mail")
@needs(Role.OPERATOR)
def preview_mail(key: str) -> Response:
    """Return the HTML of the typed text for the preview frame."""
    view = template_views.text(parsed(key))
    source = service.tidy(view.key, typed_texts.read(view.key, request.form)[0])
    is_fit = not text_checks.faults(view.key, source)
    preview = look(view.key, source, samples(request.form)) if is_fit else None
    return mail_frames.answer(preview.said.html if preview else None, request.form.get("scheme", ""))


def _page(view: TextView, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    key = view.key
    read, unread = typed_texts.read(key, typed)
    source = service.tidy(key, read)
    found = unread + text_checks.faults(key, source)
    is_fit = not text_checks.faults(key, source)
    languages = siblings.everywhere(key)
    return render_template(
        "cms/templating/template_form.html",
        view=view,
        typed=typed,
        errors=errors,
        faults=text_faults.texts(BadText(*found)) if found else {},
        is_begun=any(typed.get(part, "").strip() for part in ("text", "subject", "html")),
        look=look(key, source, samples(typed)) if is_fit else None,
        is_fit=is_fit,
        values=text_previews.values(key, source, samples(typed)) if is_fit else {},
        differences=_differences(view, source) if is_fit else {},
        variables=[f"{{{{ {name} }}}}" for name in sorted(text_samples.known(key) or ())],
        insertable=[f"{{{{ {name} }}}}" for name in siblings.names(key, languages)],
        others=[one for one in languages if one.key.locale != key.locale],
        syntax=_syntax() if key.channel is Channel.EMAIL else (),
        has_title=key.name not in OWN_TEMPLATES,
        longest_title=titles.LONGEST,
        longest_comment=text_checks.LONGEST_COMMENT,
        filters=FILTERS,
        condition=CONDITION,
        takers=takers(typed_texts.named(typed)) if key.channel is Channel.SMS else [],
        own_host=host_of(current_app.config["PUBLIC_URL"]),
        sample=SAMPLE,
        is_code=key.name == CODE,
        longest_subject=text_checks.LONGEST_SUBJECT,
        **shared(view),
    )


def _syntax() -> list[tuple[str, str]]:
    """Return what the author of a mail needs of Markdown, each with its meaning."""
    return [
        ("# …", _("a heading")),
        ("**…**", _("bold")),
        ("- …", _("an item of a list")),
        ("[…](https://…)", _("a link; the address may be a value such as {{ link }}")),
        ("**[…](https://…)**", _("alone in a paragraph: a button")),
        ("`{{ code }}`", _("alone in a paragraph: large, to be copied")),
        ("> …", _("a quotation")),
        ("---", _("a line")),
    ]


def _differences(view: TextView, source: Source) -> dict[str, list[Any]]:
    return differences(view.published.source, source) if view.published else {}
