"""Sample values for a text: realistic ones for the service's own templates, for a notice what the user typed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from babel.dates import format_timedelta
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from domain.destinations import mask
from domain.statuses import Channel
from domain.template_keys import CODE, CODE_LINK, TextKey
from services.languages import locales
from services.templating.given import GIVEN, OWN_TEMPLATES, code_params
from services.templating.text_sources import shipped

DIGITS = "0123456789"
LINK = "https://example.org/{name}"
LASTED = timedelta(minutes=14)
MAIL, PHONE = "kim@example.org", "+4915112345678"


def known(key: TextKey) -> frozenset[str] | None:
    """Return the names that a text may use; None where callers bring the values, so that any name is allowed."""
    if key.name not in OWN_TEMPLATES:
        return None
    files = [shipped(TextKey(key.name, channel, locales.LOCALES[0])) for channel in Channel]
    return frozenset({"service"}).union(*(file.version().variables for file in files if file))


def values(
    key: TextKey,
    names: Iterable[str],
    typed: Mapping[str, str] | None = None,
    links: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return a value for each name: the typed one, else ours, else the name itself, or an address for `links`."""
    ours, typed = _ours(key), typed or {}
    return {
        name: _as_ours(typed[name], ours.get(name))
        if name in typed
        else ours.get(name, LINK.format(name=name) if name in links else name)
        for name in names
    }


def _as_ours(typed: str, ours: object) -> object:
    """Return what was typed, a number where ours is one; ours where nothing was typed."""
    if ours and not typed.strip():
        return ours
    return int(typed) if isinstance(ours, int) and typed.isdecimal() else typed


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
    console = f"{settings['PUBLIC_URL'] or 'https://example.org'}/cms"
    if key.name == "invitation":
        return given | {"inviter": MAIL, "link": f"{console}/invitation/…", "until": when}
    if key.name == "prefix_closed":
        counts = {"prefix": PHONE[:-4], "country": "DE", "sends": "30", "approved": "0"}
        return given | counts | {"when": when, "until": when, "link": f"{console}/settings/pumping"}
    if key.name in ("alarm", "alarm_over"):
        times = {
            "when": when,
            "since": locales.moment(datetime.now(UTC) - LASTED, None, key.locale),
            "until": when,
        }
        return given | _alarm(key) | times | {"link": f"{console}/gateways"}
    if key.name == "second_step_changed":
        return given | {"when": when, "change": "app_added", "is_on": "yes"}
    return given | {"when": when, "new": mask(PHONE if key.name == "phone_changed" else MAIL)}


def _alarm(key: TextKey) -> dict[str, str]:
    """Return an alarm in the language of the text, in the words that a mail of it has."""
    with force_locale(locales.nearest_locale(key.locale, locales.LOCALES[0])):
        fails = _(
            "All SMS gateways fail. Each is tried again every 15 seconds; messages wait until their deadline."
        )
        title = _("All SMS gateways fail") if key.name == "alarm" else _("SMS gateways work again")
        length = format_timedelta(LASTED, locale=locales.of_dates(key.locale))
        return {"title": title, "text": fails, "length": length}
