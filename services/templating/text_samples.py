"""Sample values for a text: realistic ones for the service's own templates, for a notice what the user typed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app

from domain.destinations import mask
from domain.statuses import Channel
from domain.template_keys import CODE, CODE_LINK, TextKey
from services.languages import locales
from services.templating.given import GIVEN, OWN_TEMPLATES, code_params
from services.templating.text_sources import shipped

DIGITS = "0123456789"
MAIL, PHONE = "kim@example.org", "+4915112345678"


def known(key: TextKey) -> frozenset[str] | None:
    """Return the names that a text may use; None where callers bring the values, so that any name is allowed."""
    if key.name not in OWN_TEMPLATES:
        return None
    files = [shipped(TextKey(key.name, channel, locales.LOCALES[0])) for channel in Channel]
    return frozenset({"service"}).union(*(file.version().variables for file in files if file))


def values(key: TextKey, names: Iterable[str], typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a value for each name: ours, else the typed one, else the name itself."""
    ours = _ours(key)
    return {name: ours.get(name, (typed or {}).get(name) or name) for name in names}


def to_type(key: TextKey, names: Iterable[str]) -> list[str]:
    """Return the names for which we have no value, so that the user types one."""
    return sorted(set(names) - _ours(key).keys())


def _ours(key: TextKey) -> dict[str, Any]:
    settings = current_app.config
    given = {"service": settings["SERVICE_NAME"], "unsubscribe_url": ""}
    assert given.keys() == GIVEN
    if key.name not in OWN_TEMPLATES:
        link = f"{settings['PUBLIC_URL'] or 'https://example.org'}/unsubscribe/…"
        return given | ({"unsubscribe_url": link} if key.channel is Channel.EMAIL else {})
    if key.name in (CODE, CODE_LINK):
        life = timedelta(seconds=settings["CODE_TTL_SECONDS"])
        code = code_params(DIGITS[: settings["CODE_LENGTH"]], life, settings["SERVICE_NAME"])
        return code if key.name == CODE else {**code, "link": "https://login.example.org/verify?token=…"}
    when = locales.moment(datetime.now(UTC), None, key.locale)
    if key.name == "invitation":
        link = f"{settings['PUBLIC_URL'] or 'https://example.org'}/cms/invitation/…"
        return given | {"inviter": MAIL, "link": link, "until": when}
    return given | {"when": when, "new": mask(PHONE if key.name == "phone_changed" else MAIL)}
