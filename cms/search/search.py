"""The search over everything: leads to the one thing that it finds, else lists what it found, by kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext

from cms.access.guard import console, may, needs
from cms.errors.error_texts import Answer
from cms.search import pages
from cms.search.pages import FoundPage
from cms.traffic import traffic_filters as filters
from domain.destinations import mask
from domain.errors import InvalidInput
from domain.roles import Role
from services.search import finding
from services.search.hits import MOST, Hit, Kind
from services.traffic import search_terms

TYPED, KEPT = "typed", "q"


@dataclass(frozen=True, slots=True)
class Place:
    """Where things of a kind are shown: the view and the name of its argument, and the list of all."""

    title: Any
    endpoint: str
    argument: str
    list: str


PLACES = {
    Kind.MESSAGE: Place(lazy_gettext("Messages"), "cms.message", "message_id", "cms.messages"),
    Kind.VERIFICATION: Place(
        lazy_gettext("Verifications"), "cms.verification", "verification_id", "cms.verifications"
    ),
    Kind.BROADCAST: Place(lazy_gettext("Broadcasts"), "cms.broadcast", "broadcast_id", "cms.broadcasts"),
    Kind.SUPPRESSION: Place(
        lazy_gettext("Suppression list"), "cms.suppressions", "found", "cms.suppressions"
    ),
    Kind.TEMPLATE: Place(lazy_gettext("Templates"), "cms.template", "key", "cms.templates"),
    Kind.GATEWAY: Place(lazy_gettext("Gateways"), "cms.gateway", "name", "cms.gateways"),
    Kind.KEY: Place(lazy_gettext("API keys"), "cms.api_key", "key_id", "cms.api_keys"),
    Kind.REQUEST: Place(lazy_gettext("Request log"), "cms.key_requests", "request", "cms.api_keys"),
    Kind.WEBHOOK: Place(lazy_gettext("Webhooks"), "cms.webhook", "webhook_id", "cms.webhooks"),
    Kind.HOOK: Place(lazy_gettext("Hooks"), "cms.hook", "hook_id", "cms.hooks"),
    Kind.SCHEDULE: Place(lazy_gettext("Schedules"), "cms.schedule", "number", "cms.schedules"),
    Kind.PERSON: Place(lazy_gettext("Administrators"), "cms.administrator", "number", "cms.administrators"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind; `all` is the address of a list with all of them, None where these are all."""

    title: str
    kind: Kind
    hits: tuple[Hit, ...]
    all: str | None


@console.post("/search")
@needs(Role.VIEWER)
def search_everything() -> Answer:
    """Redirect to the results; the address, which ends up in access logs, has what was typed encrypted."""
    try:
        typed = request.form.get(TYPED, "").strip()
        return redirect(url_for("cms.search", q=search_terms.seal(typed) if typed else None), 303)
    except InvalidInput:
        return _page("", error=filters.too_long()), 422


@console.get("/search")
def search() -> Answer:
    """Redirect to the one thing that was found, or list what was found."""
    token = request.args.get(KEPT, "")
    try:
        text = search_terms.unseal(token) if token else ""
    except InvalidInput:
        return _page("", error=filters.unreadable()), 422
    hits = finding.find(text, [kind for kind, place in PLACES.items() if may(place.endpoint)])
    found = list(pages.named(text))
    if len(hits) + len(found) == 1:
        return redirect(found[0].address if found else _address(hits[0]), 303)
    return _page(text, tuple(_groups(hits, token)), found)


def _groups(hits: list[Hit], token: str) -> Iterator[Group]:
    for kind, place in PLACES.items():
        fitting = tuple(hit for hit in hits if hit.kind is kind)
        more = {KEPT: token} if kind in (Kind.MESSAGE, Kind.VERIFICATION) else {}
        if fitting:
            there = url_for(place.list, **more) if len(fitting) >= MOST else None
            yield Group(str(place.title), kind, fitting[: MOST - 1], there)


def _address(hit: Hit) -> str:
    place = PLACES[hit.kind]
    return url_for(
        place.endpoint, **{place.argument: hit.id}, **({"key_id": hit.of_key} if hit.of_key else {})
    )


def _page(
    text: str, groups: tuple[Group, ...] = (), found: list[FoundPage] | None = None, error: str | None = None
) -> str:
    return render_template(
        "cms/search/search.html",
        shown=mask(text) if search_terms.is_destination(text) else text,
        groups=groups,
        pages=found or [],
        error=error,
        address=_address,
        channels=filters.CHANNELS,
        message_statuses=filters.MESSAGE_STATUSES,
        verification_statuses=filters.VERIFICATION_STATUSES,
    )
