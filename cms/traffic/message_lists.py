"""The list of messages: filtered, paged, and for operators with its destinations in full."""

from typing import Any

from flask_babel import gettext as _

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.frame.numbers import country
from cms.traffic import traffic_filters as filters
from cms.traffic.list_pages import ListPage, with_chosen
from cms.traffic.traffic_filters import Chosen
from domain.roles import Role
from domain.statuses import Channel
from services.keys import owners
from services.templating import published
from services.traffic import bulk_acts, disclosures, gateway_names, message_lists, seen_names
from services.traffic.message_lists import NO_CODE, MessagePage


def _values(chosen: Chosen) -> dict[str, Any]:
    args, seen = chosen.args, seen_names.everything()
    purposes = {NO_CODE: _("notices, no code"), **{name: name for name in seen.purposes}}
    templates = sorted(set().union(*map(published.names, Channel)))
    return {
        "acts": bulk_acts.fitting(filters.of_messages(chosen)),
        "templates": with_chosen({name: name for name in templates}, args.get("template")),
        "gateways": with_chosen({name: name for name in gateway_names.everything()}, args.get("gateway")),
        "keys": with_chosen(owners.keys(), args.get("key")),
        "purposes": with_chosen(purposes, args.get("purpose")),
        "countries": with_chosen({code: country(code) for code in seen.countries}, args.get("country")),
    }


PAGE = ListPage(
    "cms.messages",
    "cms/traffic/messages.html",
    filters.MESSAGE_FIELDS,
    MessagePage((), None, None),
    filters.status_choices,
    lambda chosen: message_lists.tally(filters.of_messages(chosen)),
    lambda chosen, cursor: message_lists.newer(filters.of_messages(chosen), cursor),
    _values,
)


@console.get("/messages")
def messages() -> Answer:
    """List messages, newest first."""
    return PAGE.show(lambda chosen, cursor: message_lists.page(filters.of_messages(chosen), cursor=cursor))


@console.get("/messages/newer")
def newer_messages() -> dict[str, str]:
    """Tell how many messages are newer than those of a page."""
    return PAGE.tell_newer()


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
