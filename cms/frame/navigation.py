"""The console's navigation, in order; pages whose view does not exist are left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request
from flask_babel import lazy_gettext
from flask_login import current_user

from cms.access.guard import may
from cms.errors.error_texts import role_name
from services.languages import locales


@dataclass(frozen=True, slots=True)
class Entry:
    """One link; `icon` is the id of its drawing in `static/icons.svg`."""

    endpoint: str
    label: Any
    icon: str

    @property
    def is_shown(self) -> bool:
        """Tell whether the page exists and the person signed in may see it."""
        return self.endpoint in current_app.view_functions and may(self.endpoint)

    @property
    def path(self) -> str:
        """Return the address of the page."""
        return next(current_app.url_map.iter_rules(self.endpoint)).rule

    @property
    def is_current(self) -> bool:
        """Tell whether this page is shown, or the page shown belongs to it."""
        return self is _current()


TAGS = {"zh": "zh-Hans"}
SECTIONS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        lazy_gettext("Monitor"),
        (
            Entry("cms.home", lazy_gettext("Overview"), "overview"),
            Entry("cms.messages", lazy_gettext("Messages"), "messages"),
            Entry("cms.verifications", lazy_gettext("Verifications"), "verifications"),
            Entry("cms.broadcasts", lazy_gettext("Broadcasts"), "broadcasts"),
        ),
    ),
    (
        lazy_gettext("Content"),
        (
            Entry("cms.templates", lazy_gettext("Templates"), "templates"),
            Entry("cms.brand", lazy_gettext("Brand"), "brand"),
            Entry("cms.suppressions", lazy_gettext("Suppression list"), "suppressions"),
        ),
    ),
    (
        lazy_gettext("Delivery"),
        (
            Entry("cms.gateways", lazy_gettext("Gateways"), "gateways"),
            Entry("cms.fallback", lazy_gettext("Fallback"), "fallback"),
            Entry("cms.limits", lazy_gettext("Limits"), "limits"),
            Entry("cms.pumping", lazy_gettext("Fraud"), "fraud"),
        ),
    ),
    (
        lazy_gettext("Developers"),
        (
            Entry("cms.api_keys", lazy_gettext("API keys"), "keys"),
            Entry("cms.webhooks", lazy_gettext("Webhooks"), "webhooks"),
            Entry("cms.hooks", lazy_gettext("Hooks"), "hooks"),
            Entry("cms.test_numbers", lazy_gettext("Test numbers"), "tests"),
            Entry("api_docs.page", lazy_gettext("API documentation"), "docs"),
        ),
    ),
    (
        lazy_gettext("System"),
        (
            Entry("cms.schedules", lazy_gettext("Schedules"), "schedules"),
            Entry("cms.administrators", lazy_gettext("Administrators"), "people"),
            Entry("cms.audit", lazy_gettext("Audit"), "audit"),
        ),
    ),
)
"""By what somebody does: look, write, deliver, build, run."""


HOME = SECTIONS[0][1][0]
"""The only entry to which no page below its address belongs: that would be all of them."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.context_processor(_context)


def _context() -> dict[str, Callable[..., Any]]:
    """Return functions, not values: an error page must not query the database for who is signed in."""
    return {
        "navigation": sections,
        "who": _who,
        "language": language,
        "language_tag": language_tag,
        "may": may,
        "role_name": role_name,
    }


def sections() -> list[tuple[Any, list[Entry]]]:
    """Return the sections with the pages that the person signed in may see."""
    shown = [(title, [entry for entry in entries if entry.is_shown]) for title, entries in SECTIONS]
    return [(title, entries) for title, entries in shown if entries]


def _current() -> Entry | None:
    """Return the entry of this page; every entry of the menus asks."""
    if "entry" not in g:
        g.entry = _entry()
    found: Entry | None = g.entry
    return found


def _entry() -> Entry | None:
    """Return the entry of the page shown, or the one with the longest address above it."""
    entries = [entry for _title, entries in SECTIONS for entry in entries if entry.is_shown]
    for entry in entries:
        if entry.endpoint == request.endpoint:
            return entry
    above = [entry for entry in entries if entry is not HOME and request.path.startswith(f"{entry.path}/")]
    return max(above, key=lambda entry: len(entry.path), default=None)


def language() -> str:
    """Return the language of the page."""
    return locales.of_request()


def language_tag() -> str:
    """Return the language tag for the markup: `zh` alone does not tell a browser which script."""
    return TAGS.get(language(), language())


def _who() -> Any:
    return current_user.session.administrator
