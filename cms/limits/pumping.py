"""The pumping guard: closed prefixes and why, where codes are sent, and the safe list."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer, safe_prefix_texts
from domain.errors import InvalidInput
from domain.pumping import Rule
from domain.roles import Role
from services.limits import limits_list, safe_prefixes
from services.limits import pumping_list as service
from services.limits.hook_reports import Conversion


@console.get("/settings/pumping")
def pumping() -> str:
    """Show the state of the guard."""
    return _page()


@console.post("/settings/pumping/open")
@needs(Role.OPERATOR)
def open_prefix() -> Response:
    """Reopen a closed prefix."""
    prefix = request.form.get("prefix", "")
    service.open_prefix(prefix, by=actor())
    flash(
        _("%(prefix)s is open again. All processes follow within two seconds.", prefix=f"{prefix}****"),
        "success",
    )
    return redirect(url_for("cms.pumping"), 303)


@console.post("/settings/pumping/safe")
@needs(Role.OPERATOR)
def add_safe_prefix() -> Answer:
    """Put a prefix or a number on the safe list."""
    try:
        safe_prefixes.add(request.form.get("prefix", ""), request.form.get("note", ""), by=actor())
    except InvalidInput as error:
        return _page(request.form, safe_prefix_texts(error)), 422
    flash(_("Added to the safe list. The guard follows within two seconds."), "success")
    return redirect(url_for("cms.pumping") + "#safe", 303)


@console.post("/settings/pumping/safe/<int:number>/remove")
@needs(Role.OPERATOR)
def remove_safe_prefix(number: int) -> Response:
    """Remove an entry from the safe list."""
    removed = safe_prefixes.remove(number, by=actor())
    flash(_("%(prefix)s is no longer on the safe list.", prefix=removed), "success")
    return redirect(url_for("cms.pumping") + "#safe", 303)


def _watched(rule: Rule) -> list[Conversion]:
    """Return the prefixes with the most codes of the hour, those nearest to being closed first."""
    return sorted(service.busiest(), key=lambda one: -rule.nearness(one.sends, one.approved))


def _page(typed: Mapping[str, str] = MultiDict(), errors: Mapping[str, str] | None = None) -> str:
    rule = service.rule()
    return render_template(
        "cms/limits/pumping.html",
        rule=rule,
        is_dry_run=limits_list.is_dry_run(),
        is_watched=service.is_watched(),
        closed=service.closed(),
        busiest=_watched(rule),
        held=limits_list.refused_prefixes(),
        countries=service.countries(),
        prefix_limit=limits_list.prefix_limit(),
        safe=safe_prefixes.everything(),
        longest_note=safe_prefixes.LONGEST_NOTE,
        typed=typed,
        errors=errors or {},
    )
