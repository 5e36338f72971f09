"""The console's navigation, in order; pages whose view does not exist are left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request
from flask_babel import lazy_gettext
from flask_login import current_user

from cms.access.guard import may
from cms.errors.error_texts import role_name
from services.languages import locales


@dataclass(frozen=True, slots=True)
class Entry:
    """One link."""

    endpoint: str
    label: Any

    @property
    def is_shown(self) -> bool:
        """Tell whether the page exists and the person signed in may see it."""
        return self.endpoint in current_app.view_functions and may(self.endpoint)

    @property
    def is_current(self) -> bool:
        """Tell whether this page is shown, or the page shown belongs to it."""
        return request.endpoint == self.endpoint or request.path.startswith(self._path)

    @property
    def _path(self) -> str:
        rule = next(current_app.url_map.iter_rules(self.endpoint))
        return f"{rule.rule}/"


TAGS = {"zh": "zh-Hans"}
SECTIONS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        lazy_gettext("Traffic"),
        (
            Entry("cms.statistics", lazy_gettext("Overview")),
            Entry("cms.verifications", lazy_gettext("Verifications")),
            Entry("cms.messages", lazy_gettext("Messages")),
            Entry("cms.broadcasts", lazy_gettext("Broadcasts")),
            Entry("cms.suppressions", lazy_gettext("Suppression list")),
        ),
    ),
    (
        lazy_gettext("Setup"),
        (
            Entry("cms.templates", lazy_gettext("Templates")),
            Entry("cms.gateways", lazy_gettext("Gateways")),
            Entry("cms.limits", lazy_gettext("Limits")),
            Entry("cms.schedules", lazy_gettext("Schedules")),
            Entry("cms.api_keys", lazy_gettext("API keys")),
            Entry("cms.webhooks", lazy_gettext("Webhooks")),
            Entry("cms.hooks", lazy_gettext("Hooks")),
        ),
    ),
    (
        lazy_gettext("People"),
        (
            Entry("cms.show_account", lazy_gettext("Account")),
            Entry("cms.administrators", lazy_gettext("Administrators")),
            Entry("cms.audit", lazy_gettext("Audit")),
        ),
    ),
)


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


def language() -> str:
    """Return the language of the page."""
    return locales.of_request()


def language_tag() -> str:
    """Return the language tag for the markup: `zh` alone does not tell a browser which script."""
    return TAGS.get(language(), language())


def _who() -> Any:
    return current_user.session.administrator
