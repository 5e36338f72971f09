"""The list of messages: filtered, paged, and for operators with its destinations in full."""

from typing import Any

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.traffic import traffic_filters as filters
from cms.traffic.list_pages import ListPage
from cms.traffic.traffic_filters import Chosen
from domain.roles import Role
from domain.statuses import Channel
from services.templating import published
from services.traffic import bulk_acts, disclosures, gateway_names, message_lists
from services.traffic.message_lists import MessagePage


def _values(chosen: Chosen) -> dict[str, Any]:
    return {
        "statuses": filters.status_choices(),
        "acts": bulk_acts.fitting(filters.of_messages(chosen)),
        "templates": _with(sorted(set().union(*map(published.names, Channel))), chosen.args.get("template")),
        "gateways": _with(gateway_names.everything(), chosen.args.get("gateway")),
    }


def _with(known: list[str], chosen: str | None) -> list[tuple[str, str]]:
    """Return choices with their texts, including the chosen one where it is no longer known."""
    every = known if chosen is None or chosen in known else [*known, chosen]
    return [(name, name) for name in every]


PAGE = ListPage(
    "cms.messages",
    "cms/traffic/messages.html",
    filters.MESSAGE_FIELDS,
    MessagePage((), None, None),
    _values,
)


@console.get("/messages")
def messages() -> Answer:
    """List messages, newest first."""
    return PAGE.show(lambda chosen, cursor: message_lists.page(filters.of_messages(chosen), cursor=cursor))


@console.post("/messages/search")
@needs(Role.VIEWER)
def search_messages() -> Answer:
    """Search the list of messages."""
    return PAGE.search()


@console.post("/messages/destinations")
@needs(Role.OPERATOR)
def show_message_destinations() -> Answer:
    """Show one page of the list with its destinations in full."""
    return PAGE.show(
        lambda chosen, cursor: disclosures.messages(filters.of_messages(chosen), cursor, by=actor()),
        is_unmasked=True,
    )
