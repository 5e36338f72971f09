"""The banners that every page shows while something keeps messages from being sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from babel.dates import format_datetime
from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from cms.access.guard import may
from cms.frame.times import locale, zone
from domain.statuses import Channel
from services.gateways import alarms as service
from services.gateways.gateway_gaps import Gap, Off
from services.webhooks import endpoints


class Subject(StrEnum):
    """What a banner is about; the strip in the side bar shows the state of each."""

    SMS = "sms"
    EMAIL = "email"
    WORKERS = "workers"
    CLOCK = "clock"
    WEBHOOKS = "webhooks"


SUBJECTS = {
    Subject.SMS: (lazy_gettext("SMS"), "cms.gateways"),
    Subject.EMAIL: (lazy_gettext("E-mail"), "cms.gateways"),
    Subject.WORKERS: (lazy_gettext("Workers"), "cms.home"),
    Subject.CLOCK: (lazy_gettext("Clock"), "cms.schedules"),
    Subject.WEBHOOKS: (lazy_gettext("Webhooks"), "cms.webhooks"),
}
"""The names in the strip, and where each leads."""


@dataclass(frozen=True, slots=True)
class Banner:
    """One banner; `endpoint` is the page that helps, `kind` the colour."""

    text: str
    subjects: Sequence[Subject]
    kind: str = "error"
    endpoint: str | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """One light of the strip; `kind` is `good`, `info` or `error`."""

    label: str
    endpoint: str
    kind: str


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.context_processor(lambda: {"alarms": banners, "states": states, "needs": needs})


def banners() -> list[Banner]:
    """Return the banners of this page, the most urgent first."""
    if "banners" not in g:
        g.banners = [*_banners(_seen()), *_given_up(_count_given_up())]
    found: list[Banner] = g.banners
    return found


def needs(endpoint: str) -> int:
    """Return how many things on a page of the navigation need somebody."""
    if endpoint == "cms.pumping":
        return _seen().closed_prefixes
    return _count_given_up() if endpoint == "cms.webhooks" else 0


def _seen() -> service.Alarms:
    if "alarms" not in g:
        g.alarms = service.look()
    found: service.Alarms = g.alarms
    return found


def _count_given_up() -> int:
    if "given_up" not in g:
        g.given_up = endpoints.count_given_up() if may("cms.switch_webhook_on") else 0
    found: int = g.given_up
    return found


def states() -> list[State]:
    """Return the lights of the strip: each as bad as the worst banner about it."""
    kinds = {subject: {one.kind for one in banners() if subject in one.subjects} for subject in Subject}
    return [
        State(
            str(label), endpoint, next((kind for kind in ("error", "info") if kind in kinds[subject]), "good")
        )
        for subject, (label, endpoint) in SUBJECTS.items()
    ]


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
        text = _("No worker is running, so nothing is sent. Start one: celery -A tasks.celery worker")
        yield Banner(text, [Subject.WORKERS])
    if not seen.broker_answers:
        text = _(
            "The broker does not answer. Messages are sent up to a second later; schedules and other tasks wait."
        )
        yield Banner(text, [Subject.WORKERS, Subject.CLOCK])
    if not seen.has_clock:
        text = _("No clock is running, so no schedule runs by itself. Start one: celery -A tasks.celery beat")
        yield Banner(text, [Subject.CLOCK], endpoint="cms.schedules", link=_("Open the schedules"))
    if not seen.has_gateway:
        may_add = may("cms.choose_gateway_type")
        yield Banner(
            _("No gateway is configured, so nothing can be sent."),
            [Subject.SMS, Subject.EMAIL],
            endpoint="cms.choose_gateway_type" if may_add else "cms.gateways",
            link=_("Add a gateway") if may_add else _("Open the gateways"),
        )
    for gap in seen.gaps:
        text = _(
            "%(gap)s %(who)s Messages wait, and expire at their deadline.",
            gap=gap_text(gap),
            who=off_text(gap.off[0]),
        )
        yield Banner(text, [Subject(gap.channel)], endpoint="cms.gateways", link=_("Open the gateways"))
    for channel in seen.failing:
        text = _failing_text(channel)
        yield Banner(text, [Subject(channel)], endpoint="cms.gateways", link=_("Open the gateways"))
    if seen.closed_prefixes:
        text = ngettext(
            "The pumping guard refuses codes to %(num)s prefix.",
            "The pumping guard refuses codes to %(num)s prefixes.",
            seen.closed_prefixes,
        )
        yield Banner(text, [Subject.SMS], "info", "cms.pumping", _("Open the guard"))


def _given_up(count: int) -> Iterator[Banner]:
    """Yield the banner about endpoints that their own answers switched off; nobody else would notice."""
    if count:
        text = ngettext(
            "%(num)s webhook takes no events any more, so it was switched off. Its program misses what happens.",
            "%(num)s webhooks take no events any more, so they were switched off. Their programs miss what happens.",
            count,
        )
        yield Banner(text, [Subject.WEBHOOKS], endpoint="cms.webhooks", link=_("Open the webhooks"))


def _failing_text(channel: Channel) -> str:
    if channel is Channel.SMS:
        return _(
            "All SMS gateways fail. Each is tried again every 15 seconds; messages wait until their deadline."
        )
    return _(
        "All e-mail gateways fail. Each is tried again every 15 seconds; messages wait until their deadline."
    )


def _who(off: Off) -> str:
    return _("the command line") if off.by == "command line" else off.by
