"""The texts of messages with their current, earlier and draft versions: publish, go back, test."""

from collections.abc import Mapping
from typing import Any

from babel import Locale, UnknownLocaleError
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from jinja2 import TemplateError
from werkzeug.wrappers import Response as Answered

from cms.access.guard import console, may, needs
from cms.access.identity import actor, signed_in
from cms.errors import error_texts
from cms.frame.navigation import language
from cms.templating import mail_frames, titles
from domain import template_keys
from domain.destinations import mask
from domain.errors import InvalidDestination, InvalidInput, LimitExceeded, NotFound
from domain.roles import Role
from domain.statuses import Channel
from domain.template_keys import TextKey
from services.people import administrators
from services.templating import template_views, text_previews, usage
from services.templating import templates as service
from services.templating.template_views import Group, TextView, VersionView
from services.templating.text_previews import Preview
from services.templating.text_sources import Source
from services.test_sends import template_tests

SAMPLE = "sample-"
"""Prefix of the names of fields with sample values."""


@console.get("/templates")
def templates() -> str:
    """List all texts."""
    everything, wanted = template_views.everything(), request.args.get("locale") or language()
    chosen = {name: request.args.get(name, "") for name in ("channel", "locale")}
    tags = dict.fromkeys(text.key.locale for group in everything for text in group.texts)
    return render_template(
        "cms/templating/templates.html",
        groups=[group for group in everything if _is_chosen(group, chosen)],
        wanted=wanted,
        used=usage.lately(),
        title_of=titles.titled(),
        chosen=chosen,
        locales=list(tags),
        channels=list(Channel),
        language_name=language_name,
    )


def _is_chosen(group: Group, chosen: Mapping[str, str]) -> bool:
    has_locale = not chosen["locale"] or any(text.key.locale == chosen["locale"] for text in group.texts)
    return has_locale and chosen["channel"] in ("", group.channel)


@console.get("/templates/<key>")
def template(key: str) -> str:
    """Show one text: the current version, the draft, and all versions."""
    view = known(key)
    return render_template(
        "cms/templating/template.html",
        view=view,
        looks={one.number: look(view.key, one.source) for one in (view.published, view.draft) if one},
        **shared(view),
    )


@console.get("/templates/<key>/versions/<int:number>")
def template_version(key: str, number: int) -> str:
    """Show one version and its differences from the published one."""
    view = known(key)
    shown = view.version(number)
    return render_template(
        "cms/templating/template_version.html",
        view=view,
        shown=shown,
        look=look(view.key, shown.source),
        compared=changes(view, shown),
        **shared(view),
    )


@console.get("/templates/<key>/versions/<int:number>/mail")
def template_mail(key: str, number: int) -> Response:
    """Give the HTML of a version, for the frame that shows it."""
    view = known(key)
    preview = look(view.key, view.version(number).source)
    return mail_frames.answer(preview.said.html if preview else None, request.args.get("scheme", ""))


@console.post("/templates/<key>/versions/<int:number>/publish")
@needs(Role.OPERATOR)
def publish_template(key: str, number: int) -> Answered:
    """Publish a version for new messages."""
    view = known(key)
    if number == service.SHIPPED:
        view.version(number)
        service.withdraw(view.key, by=actor())
        flash(_("The default text is used again."), "success")
    else:
        service.publish(view.key, number, by=actor())
        flash(_("Version %(number)s is published. New messages get it.", number=number), "success")
    return back_to(view.key)


@console.get("/templates/<key>/withdraw")
@needs(Role.OPERATOR)
def confirm_withdrawal(key: str) -> str:
    """Ask for confirmation."""
    view = known(key)
    has_default = view.versions[-1].is_shipped
    return render_template(
        "cms/frame/confirm.html",
        title=_("Back to the default text?") if has_default else _("Withdraw this text?"),
        text=_(
            "New messages use the text that comes with the service. All versions are kept, and messages already "
            "on their way keep theirs."
        )
        if has_default
        else _(
            "New messages use the next text in the fallback chain, if there is one. All versions are kept, and "
            "messages already on their way keep theirs."
        ),
        action=_("Back to the default") if has_default else _("Withdraw"),
        back=url_for("cms.template", key=view.key),
    )


@console.post("/templates/<key>/withdraw")
@needs(Role.OPERATOR)
def withdraw_template(key: str) -> Answered:
    """Withdraw the published version."""
    view = known(key)
    service.withdraw(view.key, by=actor())
    flash(_("Withdrawn. The versions are kept."), "success")
    return back_to(view.key)


@console.post("/templates/<key>/versions/<int:number>/test")
@needs(Role.OPERATOR)
def test_template(key: str, number: int) -> Answered:
    """Send a version to the person signed in."""
    view = known(key)
    try:
        to = template_tests.send(
            signed_in(), view.key, view.version(number), samples(request.form), by=actor()
        )
    except (InvalidDestination, LimitExceeded) as error:
        flash(error_texts.destination_text(error, view.key.channel), "error")
    except TemplateError:
        flash(_("This version can't be filled in with these values."), "error")
    else:
        flash(_("A test is on its way to %(to)s.", to=to), "success")
    return redirect(url_for("cms.template_version", key=view.key, number=number), 303)


def parsed(key: str) -> TextKey:
    """Return the key in a URL. Raises NotFound."""
    try:
        found = template_keys.parse(key)
    except InvalidInput as error:
        raise NotFound("no such text") from error
    if str(found) != key:
        raise NotFound("each text has exactly one address")
    return found


def known(key: str) -> TextView:
    """Return a text that has a version or a default. Raises NotFound."""
    view = template_views.text(parsed(key))
    if not view.versions:
        raise NotFound("no such text")
    return view


def back_to(key: TextKey) -> Answered:
    """Redirect to the page of a text."""
    return redirect(url_for("cms.template", key=key), 303)


def look(key: TextKey, source: Source, typed: Mapping[str, str] | None = None) -> Preview | None:
    """Return the rendered text, or None if it can't be rendered with these values."""
    try:
        return text_previews.preview(key, source, typed)
    except TemplateError:
        return None


def changes(view: TextView, shown: VersionView) -> dict[str, list[text_previews.Line]]:
    """Return the differences between a version and the published one."""
    published = view.published
    if published is None or published.number == shown.number:
        return {}
    return text_previews.differences(published.source, shown.source)


def samples(form: Mapping[str, str]) -> dict[str, str]:
    """Return the sample values of a form."""
    return {name.removeprefix(SAMPLE): form[name][:2000] for name in form if name.startswith(SAMPLE)}


def shared(view: TextView) -> dict[str, Any]:
    """Return the values that all pages of a text need."""
    own = template_tests.own_destination(signed_in(), view.key.channel)
    people = {one.id: one.email for one in administrators.everyone()}
    return {
        "language_name": language_name,
        "title_of": titles.titled(),
        "own": mask(own) if own else None,
        "who_saved": lambda person: (
            _colleague(people[person]) if person in people else _("a former administrator")
        ),
    }


def _colleague(email: str) -> str:
    """Return a colleague's address, masked for people who may not read it in the audit either."""
    return email if may("cms.audit") else mask(email)


def language_name(tag: str) -> str:
    """Return the name of a locale in the reader's language; unknown tags are returned unchanged."""
    try:
        name: str | None = Locale.parse(tag, sep="-").get_display_name(language())
    except (ValueError, UnknownLocaleError):
        return tag
    return f"{name[:1].upper()}{name[1:]}" if name else tag
