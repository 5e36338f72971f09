"""The list of messages: narrowed, paged, and for operators with its destinations in full."""

from flask import redirect, render_template, request, url_for

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.traffic import traffic_filters as filters
from cms.traffic.traffic_filters import Chosen
from domain.errors import InvalidInput
from domain.roles import Role
from domain.statuses import Channel
from services.gateways import gateway_list
from services.templating import published
from services.traffic import bulk_acts, disclosures, message_lists
from services.traffic.message_lists import MessagePage


@console.get("/messages")
def messages() -> Answer:
    """List messages, newest first."""
    chosen = filters.from_address(filters.MESSAGE_FIELDS)
    if not chosen.is_readable:
        return _page(chosen, MessagePage((), None, None), error=filters.unreadable()), 422
    try:
        found = message_lists.page(filters.of_messages(chosen), cursor=_cursor())
    except InvalidInput:
        return redirect(url_for("cms.messages", **chosen.args), 303)
    return _page(chosen, found)


@console.post("/messages/search")
@needs(Role.VIEWER)
def search_messages() -> Answer:
    """Go to the list of what was typed: no destination may stand in an address, which ends up in access logs."""
    try:
        return redirect(url_for("cms.messages", **filters.to_address(filters.MESSAGE_FIELDS)), 303)
    except InvalidInput:
        chosen = filters.from_address(filters.MESSAGE_FIELDS)
        return _page(chosen, MessagePage((), None, None), error=filters.too_long()), 422


@console.post("/messages/destinations")
@needs(Role.OPERATOR)
def show_message_destinations() -> Answer:
    """Show one page of the list with its destinations in full."""
    chosen = filters.from_address(filters.MESSAGE_FIELDS)
    try:
        found = disclosures.messages(filters.of_messages(chosen), _cursor(), by=actor())
    except InvalidInput:
        return redirect(url_for("cms.messages", **chosen.args), 303)
    return _page(chosen, found, is_unmasked=True)


def _page(chosen: Chosen, found: MessagePage, *, is_unmasked: bool = False, error: str | None = None) -> str:
    return render_template(
        "cms/traffic/messages.html",
        chosen=chosen,
        found=found,
        cursor=_cursor(),
        is_unmasked=is_unmasked,
        error=error,
        channels=filters.CHANNELS,
        statuses=filters.status_choices(),
        acts=bulk_acts.fitting(filters.of_messages(chosen)),
        templates=_with(sorted(set().union(*map(published.names, Channel))), chosen.args.get("template")),
        gateways=_with([one.name for one in gateway_list.everything()], chosen.args.get("gateway")),
    )


def _with(known: list[str], chosen: str | None) -> list[tuple[str, str]]:
    """Return choices with their texts, also the chosen one where it is known no more."""
    every = known if chosen is None or chosen in known else [*known, chosen]
    return [(name, name) for name in every]


def _cursor() -> str | None:
    return request.args.get("cursor") or None
