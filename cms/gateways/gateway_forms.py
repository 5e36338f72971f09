"""Add gateways, change their settings, remove them; secrets can be entered and never read."""

import secrets
from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.gateways import gateway_texts as texts
from cms.gateways.gateways import last_text
from cms.keys.api_keys import is_repeated
from domain.errors import InvalidInput
from domain.roles import Role
from domain.statuses import Channel
from services.gateways import gateway_list, gateway_switches
from services.roster import editing as service
from services.roster.entered import FORM, Entry


@console.get("/gateways/new/type")
@needs(Role.OWNER)
def choose_gateway_type() -> str:
    """List all types and presets by channel, with a line about each."""
    return render_template(
        "cms/gateways/gateway_types.html",
        forms={channel: texts.choices(service.forms_of(channel)) for channel in Channel},
    )


@console.get("/gateways/new/type/<channel>/<kind>")
@needs(Role.OWNER, password=True)
def new_gateway(channel: str, kind: str) -> str:
    """Show the empty form of a type."""
    form = service.form_for(kind, channel)
    has_others = any(one.channel == channel for one in gateway_list.everything())
    start = MultiDict([("use_tls", "on")] if kind == "smtp" else [("name", kind)] if form.is_preset else [])
    if not has_others:
        start["is_on"] = "1"
    return _page(form, start, {})


@console.post("/gateways/new/type/<channel>/<kind>")
@needs(Role.OWNER, password=True)
def add_gateway(channel: str, kind: str) -> Answer:
    """Add a gateway."""
    form, typed = service.form_for(kind, channel), request.form
    if is_repeated():
        flash(_("This gateway was already added."), "info")
        return redirect(url_for("cms.gateways"), 303)
    name = typed.get("name", "").strip()
    try:
        service.add(form, name, typed, is_on="is_on" in typed, by=actor())
    except InvalidInput as error:
        return _page(form, typed, texts.errors_of(error)), 422
    flash(_("“%(name)s” is added. Workers follow within two seconds: send a test.", name=name), "success")
    return redirect(url_for("cms.gateway", name=name) + "#test", 303)


@console.get("/gateways/<name>/settings")
@needs(Role.OWNER, password=True)
def edit_gateway(name: str) -> str:
    """Show the settings of a gateway without its secrets."""
    entry = service.entry_of(name)
    return _page(service.stored_form(name), MultiDict(entry.texts), {}, name=name, entry=entry)


@console.post("/gateways/<name>/settings")
@needs(Role.OWNER, password=True)
def save_gateway(name: str) -> Answer:
    """Change the settings of a gateway; an empty secret stays."""
    try:
        service.change(name, request.form, by=actor())
    except InvalidInput as error:
        form, entry = service.stored_form(name), service.entry_of(name)
        return _page(form, request.form, texts.errors_of(error), name=name, entry=entry), 422
    flash(_("Saved. Workers follow within two seconds."), "success")
    return redirect(_home_of(name), 303)


@console.get("/gateways/<name>/remove")
@needs(Role.OWNER, password=True)
def confirm_gateway_removal(name: str) -> str:
    """Ask for confirmation, and say what becomes of its messages."""
    service.stored_form(name)
    is_used = gateway_list.is_used(name)
    is_last = is_used and gateway_switches.is_last(name)
    return render_template(
        "cms/frame/confirm.html",
        title=_("Remove “%(name)s”?", name=name),
        text=last_text(name)
        if is_last
        else _("Its settings are erased, its secrets too. What it has sent stays in the lists."),
        action=_("Remove"),
        back=_home_of(name),
    )


@console.post("/gateways/<name>/remove")
@needs(Role.OWNER, password=True)
def remove_gateway(name: str) -> Response:
    """Remove a gateway with its secrets."""
    service.remove(name, by=actor())
    flash(_("“%(name)s” is removed. Workers follow within two seconds.", name=name), "success")
    return redirect(url_for("cms.gateways"), 303)


def _home_of(name: str) -> str:
    return url_for("cms.gateway", name=name) if gateway_list.is_used(name) else url_for("cms.gateways")


def _page(
    form: service.Form,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    name: str | None = None,
    entry: Entry | None = None,
) -> str:
    """Return the form. What was typed into secret fields is never sent back."""
    hidden = entry.hidden if entry else frozenset()
    return render_template(
        "cms/gateways/gateway_form.html",
        gateway=name,
        kind=form,
        company=texts.company(form),
        label=texts.label,
        hint=texts.hint,
        name_hint=str(texts.HINTS["name"]),
        shown={
            one.name: typed.get(one.name, "") for one in form.fields if not one.hides(typed.get(one.name))
        },
        typed=typed,
        hidden=hidden,
        errors=errors,
        fault=errors.get(FORM),
        form=secrets.token_hex(8),
    )
