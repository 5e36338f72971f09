"""Pages of the console found by their names, in the reader's language or in English."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import force_locale, lazy_gettext

from cms.access.guard import may
from cms.frame.navigation import SECTIONS

OTHERS: tuple[tuple[str, Any], ...] = (
    ("cms.show_account", lazy_gettext("Account")),
    ("cms.get_going", lazy_gettext("Get going")),
    ("cms.new_message", lazy_gettext("Send one message")),
    ("cms.new_broadcast", lazy_gettext("New broadcast")),
    ("cms.new_template", lazy_gettext("New text")),
    ("cms.new_key", lazy_gettext("Add a key")),
)
"""Pages that the menu does not lead to."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page: its name and its address."""

    name: str
    address: str


def named(text: str) -> Iterator[FoundPage]:
    """Yield the pages with `text` in their names that the person signed in may see."""
    sought = text.strip().casefold()
    menu = [
        (entry.endpoint, entry.label) for _title, entries in SECTIONS for entry in entries if entry.is_shown
    ]
    for endpoint, label in (*menu, *(other for other in OTHERS if may(other[0]))):
        if sought and any(sought in name.casefold() for name in (str(label), _english(label))):
            yield FoundPage(str(label), url_for(endpoint))


def _english(label: Any) -> str:
    with force_locale("en"):
        return str(label)
