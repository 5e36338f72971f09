"""The list of verifications: filtered, paged, and for operators with its destinations in full."""

from typing import Any

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.traffic import traffic_filters as filters
from cms.traffic.list_pages import ListPage, with_chosen
from cms.traffic.traffic_filters import Chosen
from domain.roles import Role
from services.keys import owners
from services.traffic import bulk_cancels, disclosures, seen_names, verification_lists
from services.traffic.verification_lists import VerificationPage


def _values(chosen: Chosen) -> dict[str, Any]:
    purposes = {name: name for name in seen_names.everything().purposes}
    return {
        "may_cancel": bulk_cancels.fits(filters.of_verifications(chosen)),
        "keys": with_chosen(owners.keys(), chosen.args.get("key")),
        "purposes": with_chosen(purposes, chosen.args.get("purpose")),
    }


PAGE = ListPage(
    "cms.verifications",
    "cms/traffic/verifications.html",
    filters.VERIFICATION_FIELDS,
    VerificationPage((), None, None),
    lambda: filters.VERIFICATION_STATUSES,
    lambda chosen: verification_lists.tally(filters.of_verifications(chosen)),
    lambda chosen, cursor: verification_lists.newer(filters.of_verifications(chosen), cursor),
    _values,
)


@console.get("/verifications")
def verifications() -> Answer:
    """List verifications, newest first."""
    return PAGE.show(
        lambda chosen, cursor: verification_lists.page(filters.of_verifications(chosen), cursor=cursor)
    )


@console.get("/verifications/newer")
def newer_verifications() -> dict[str, str]:
    """Tell how many verifications are newer than those of a page."""
    return PAGE.tell_newer()


@console.post("/verifications/search")
@needs(Role.VIEWER)
def search_verifications() -> Answer:
    """Search the list of verifications."""
    return PAGE.search()


@console.post("/verifications/destinations")
@needs(Role.OPERATOR)
def show_verification_destinations() -> Answer:
    """Show one page of the list with its destinations in full."""
    return PAGE.show(
        lambda chosen, cursor: disclosures.verifications(
            filters.of_verifications(chosen), cursor, by=actor()
        ),
        is_unmasked=True,
    )
