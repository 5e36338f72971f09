"""Times and pages as Twilio writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from flask import request

from twilio_api.door import url
from twilio_api.errors import ROOT
from twilio_api.forms import Fields

MOST_ON_A_PAGE = 50
LAST_PAGE = 1_000_000


def iso(at: datetime | None) -> str | None:
    """Return a time in whole seconds: the Python SDK leaves a time with fractions a text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def rfc2822(at: datetime | None) -> str | None:
    """Return a time as the older of Twilio's interfaces writes it."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0)) if at else None


@dataclass(frozen=True, slots=True)
class Place:
    """The page that a query asks for: `token` is the cursor of the page before."""

    number: int
    size: int
    token: str | None


def place(query: Fields) -> Place:
    """Return the page that is asked for; raises InvalidInput."""
    size = query.number("PageSize", MOST_ON_A_PAGE, MOST_ON_A_PAGE) or MOST_ON_A_PAGE
    return Place(query.number("Page", 0, LAST_PAGE), size, query.text("PageToken"))


def meta(key: str, here: Place, next_cursor: str | None) -> dict[str, Any]:
    """Return what Verify says of a page."""
    return {
        "page": here.number,
        "page_size": here.size,
        "first_page_url": url(_first(here)),
        "previous_page_url": None,
        "url": url(_path(here, here.number, here.token)),
        "next_page_url": url(_path(here, here.number + 1, next_cursor)) if next_cursor else None,
        "key": key,
    }


def uris(here: Place, count: int, next_cursor: str | None) -> dict[str, Any]:
    """Return what the older interface says of a page; the SDKs put its host before the addresses."""
    start = here.number * here.size
    return {
        "page": here.number,
        "page_size": here.size,
        "start": start,
        "end": start + max(0, count - 1),
        "first_page_uri": _first(here),
        "previous_page_uri": None,
        "uri": _path(here, here.number, here.token),
        "next_page_uri": _path(here, here.number + 1, next_cursor) if next_cursor else None,
    }


def _first(here: Place) -> str:
    return _path(here, 0, None)


def _path(here: Place, number: int, token: str | None) -> str:
    """Return the path of a page below `/twilio`, with the filters of this request."""
    kept: Mapping[str, str] = {
        name: value for name, value in request.args.items() if name not in ("Page", "PageSize", "PageToken")
    }
    wanted = {**kept, "PageSize": here.size, "Page": number, **({"PageToken": token} if token else {})}
    return f"{request.path.removeprefix(ROOT)}?{urlencode(wanted)}"
