"""The banners that every page shows while something keeps messages from being sent."""

from collections.abc import Iterator
from dataclasses import dataclass

from babel.dates import format_datetime
from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from cms.frame.times import locale, zone
from domain.statuses import Channel
from services.gateways import alarms as service
from services.gateways.gateway_gaps import Gap, Off


@dataclass(frozen=True, slots=True)
class Banner:
    """One banner; `endpoint` is the page that helps, `kind` the colour."""

    text: str
    kind: str = "error"
    endpoint: str | None = None
    link: str = ""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.context_processor(lambda: {"alarms": banners})


def banners() -> list[Banner]:
    """Return the banners of this moment, the most urgent first."""
    return list(_banners(service.look()))


def gap_text(gap: Gap) -> str:
    """Return what no gateway serves and why, as a sentence."""
    is_sms = gap.channel is Channel.SMS
    if not gap.off:
        if is_sms:
            return _("No gateway is configured for SMS to this destination.")
        return _("No gateway is configured for e-mail.")
    if gap.only:
        return _("All gateways for SMS to %(countries)s are switched off.", countries=", ".join(gap.only))
    if gap.but:
        return _(
            "All gateways for SMS to countries other than %(countries)s are switched off.",
            countries=", ".join(gap.but),
        )
    return _("All SMS gateways are switched off.") if is_sms else _("All e-mail gateways are switched off.")


def off_text(off: Off) -> str:
    """Return who switched a gateway off, and when."""
    at = format_datetime(off.at, "medium", tzinfo=zone(), locale=locale())
    return _("“%(name)s” was switched off by %(who)s, %(time)s.", name=off.name, who=_who(off), time=at)


def _banners(seen: service.Alarms) -> Iterator[Banner]:
    if not seen.has_worker:
        yield Banner(_("No worker is running, so nothing is sent. Start one: celery -A tasks.celery worker"))
    if not seen.has_gateway:
        yield Banner(
            _("No gateway is configured, so nothing can be sent."),
            endpoint="cms.gateways",
            link=_("Open the gateways"),
        )
    for gap in seen.gaps:
        text = _(
            "%(gap)s %(who)s Messages wait, and expire at their deadline.",
            gap=gap_text(gap),
            who=off_text(gap.off[0]),
        )
        yield Banner(text, endpoint="cms.gateways", link=_("Open the gateways"))
    if seen.closed_prefixes:
        text = ngettext(
            "The pumping guard refuses codes to %(num)s prefix.",
            "The pumping guard refuses codes to %(num)s prefixes.",
            seen.closed_prefixes,
        )
        yield Banner(text, "info", "cms.pumping", _("Open the guard"))


def _who(off: Off) -> str:
    return _("the command line") if off.by == "command line" else off.by
