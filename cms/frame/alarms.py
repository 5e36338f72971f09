"""The banners that every page shows while something keeps messages from being sent."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from babel.dates import format_datetime
from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from cms.access.guard import may
from cms.frame.times import locale, zone
from domain.alarms import Kind
from domain.statuses import Channel
from services.alarms import conditions, wording
from services.alarms.conditions import Alarm, Closures
from services.gateways.gateway_gaps import Detour, Off
from services.scheduling import schedule_views
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
        return next((one.about.count for one in _seen() if isinstance(one.about, Closures)), 0)
    if endpoint == "cms.schedules":
        return schedule_views.count_failing()
    return _count_given_up() if endpoint == "cms.webhooks" else 0


def _seen() -> list[Alarm]:
    if "alarms" not in g:
        g.alarms = conditions.look()
    found: list[Alarm] = g.alarms
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


def off_text(off: Off) -> str:
    """Return who switched a gateway off, and when."""
    return wording.off_text(off, _moment)


def _banners(alarms: Iterable[Alarm]) -> Iterator[Banner]:
    for alarm in alarms:
        if not alarm.is_implied and (banner := _banner(alarm)):
            yield banner


def _banner(alarm: Alarm) -> Banner | None:
    """Return the banner of an alarm; none for a gateway that fails while others take its messages."""
    text = wording.text(alarm, _moment)
    match alarm:
        case Alarm(kind=Kind.NO_WORKER | Kind.LANE_UNTAKEN):
            return Banner(text, [Subject.WORKERS])
        case Alarm(kind=Kind.BROKER_AWAY):
            return Banner(text, [Subject.WORKERS, Subject.CLOCK])
        case Alarm(kind=Kind.NO_CLOCK):
            return Banner(text, [Subject.CLOCK], endpoint="cms.schedules", link=_("Open the schedules"))
        case Alarm(kind=Kind.NO_GATEWAY):
            may_add = may("cms.choose_gateway_type")
            return Banner(
                text,
                [Subject.SMS, Subject.EMAIL],
                endpoint="cms.choose_gateway_type" if may_add else "cms.gateways",
                link=_("Add a gateway") if may_add else _("Open the gateways"),
            )
        case Alarm(kind=Kind.SWITCHED_OFF | Kind.ALL_FAIL):
            return _of_gateways(text, Channel(alarm.subject))
        case Alarm(about=Detour() as detour):
            return _of_gateways(text, detour.channel) if detour.gap else None
        case Alarm(kind=Kind.PREFIXES_CLOSED):
            return Banner(text, [Subject.SMS], "info", "cms.pumping", _("Open the guard"))
        case _:
            kind = "error" if alarm.kind is Kind.BUDGET_USED else "info"
            return Banner(text, [Subject.SMS], kind, "cms.pumping", _("Open the guard"))


def _of_gateways(text: str, channel: Channel) -> Banner:
    return Banner(text, [Subject(channel)], endpoint="cms.gateways", link=_("Open the gateways"))


def _moment(at: datetime) -> str:
    return str(format_datetime(at, "medium", tzinfo=zone(), locale=locale()))


def _given_up(count: int) -> Iterator[Banner]:
    """Yield the banner about endpoints that their own answers switched off; nobody else would notice."""
    if count:
        text = ngettext(
            "%(num)s webhook takes no events any more, so it was switched off. Its program misses what happens.",
            "%(num)s webhooks take no events any more, so they were switched off. Their programs miss what happens.",
            count,
        )
        yield Banner(text, [Subject.WEBHOOKS], endpoint="cms.webhooks", link=_("Open the webhooks"))
