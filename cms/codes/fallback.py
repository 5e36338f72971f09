"""The fallback of each purpose: the order of the other channels, and how long each waits."""

from collections.abc import Iterator, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.traffic.traffic_filters import CHANNELS
from domain.errors import InvalidInput
from domain.fallback import DEFAULT_SECONDS, FIELD, LONGEST_SECONDS, MOST_STEPS, SHORTEST_SECONDS
from domain.roles import Role
from domain.statuses import Channel
from services.codes import default_chains as service

PLACES = range(1, min(MOST_STEPS, len(Channel)) + 1)
"""Of the form: a channel is in a chain once."""
NO_NUMBER = 0


@console.get("/fallback")
def fallback() -> str:
    """Show the fallback of all purposes, and a form, filled with that of one purpose where it is named."""
    purpose = request.args.get("purpose", "")
    return _page(_typed(purpose) if purpose else MultiDict())


@console.post("/fallback")
@needs(Role.OWNER)
def set_fallback() -> Answer:
    """Set the fallback of a purpose."""
    purpose = request.form.get("purpose", "").strip()
    try:
        service.put(purpose, list(_links(request.form)), by=actor())
    except InvalidInput as error:
        return _page(request.form, {one.field: _texts()[one.field] for one in error.problems}), 422
    flash(
        _("The fallback of %(purpose)s is set. It holds for codes from now on.", purpose=purpose), "success"
    )
    return redirect(url_for("cms.fallback"), 303)


@console.post("/fallback/remove")
@needs(Role.OWNER)
def remove_fallback() -> Response:
    """Remove the fallback of a purpose."""
    purpose = request.form.get("purpose", "")
    service.remove(purpose, by=actor())
    flash(_("The fallback of %(purpose)s is removed.", purpose=purpose), "success")
    return redirect(url_for("cms.fallback"), 303)


def _typed(purpose: str) -> Mapping[str, str]:
    """Return the fields of the form for the fallback that a purpose has."""
    typed = {"purpose": purpose}
    for place, (channel, seconds) in enumerate(service.of(purpose).items(), 1):
        typed |= {f"channel_{place}": channel.value, f"seconds_{place}": str(seconds)}
    return typed


def _links(typed: Mapping[str, str]) -> Iterator[tuple[Channel, int]]:
    """Yield the channels that were chosen, with their seconds; a place without a channel is left out."""
    for place in PLACES:
        channel = typed.get(f"channel_{place}", "")
        if channel in CHANNELS:
            yield Channel(channel), _seconds(typed.get(f"seconds_{place}", ""))


def _seconds(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else NO_NUMBER


def _texts() -> Mapping[str, str]:
    return {
        "purpose": _("Write 1 to 64 lowercase letters, digits and . _ -"),
        FIELD: _(
            "Choose one or more channels, each once, and %(shortest)s to %(longest)s seconds for each.",
            shortest=SHORTEST_SECONDS,
            longest=LONGEST_SECONDS,
        ),
    }


def _page(typed: Mapping[str, str], errors: Mapping[str, str] | None = None) -> str:
    return render_template(
        "cms/codes/fallback.html",
        chains=service.everything(),
        channels=CHANNELS,
        places=PLACES,
        default_seconds=DEFAULT_SECONDS,
        shortest_seconds=SHORTEST_SECONDS,
        longest_seconds=LONGEST_SECONDS,
        typed=typed,
        errors=errors or {},
    )
