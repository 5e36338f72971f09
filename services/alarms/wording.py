"""Every alarm as a text, in the language of the reader: for banners and mails, and in English for the doctor."""

from collections.abc import Callable
from datetime import datetime

from flask_babel import format_decimal, get_locale, gettext, ngettext

from domain.alarms import Kind
from domain.statuses import Channel
from services.alarms.conditions import Alarm, Closures, Untaken
from services.gateways.gateway_gaps import Detour, Gap, Off
from services.limits.budget_use import Use
from services.limits.day_budget import ALL
from services.limits.send_limits import UNKNOWN

Moment = Callable[[datetime], str]
"""Formats a moment in the reader's language and time zone."""


def _(text: str, **values: str) -> str:
    return str(gettext(text, **values))


def title(alarm: Alarm) -> str:
    """Return what is wrong in a few words: the subject of a mail."""
    is_sms = alarm.subject == Channel.SMS
    match alarm.kind:
        case Kind.NO_WORKER:
            return _("No worker is running")
        case Kind.LANE_UNTAKEN:
            return _("A queue has no worker")
        case Kind.BROKER_AWAY:
            return _("The broker does not answer")
        case Kind.NO_CLOCK:
            return _("No clock is running")
        case Kind.NO_GATEWAY:
            return _("No gateway is configured")
        case Kind.SWITCHED_OFF:
            return _("SMS gateways are switched off") if is_sms else _("E-mail gateways are switched off")
        case Kind.ALL_FAIL:
            return _("All SMS gateways fail") if is_sms else _("All e-mail gateways fail")
        case Kind.GATEWAY_DOWN:
            return _("Gateway “%(name)s” is down", name=alarm.subject)
        case Kind.BUDGET_USED:
            return _("%(budget)s is used up", budget=_budget(alarm.subject))
        case Kind.BUDGET_NEARLY_USED:
            return _("%(budget)s is nearly used up", budget=_budget(alarm.subject))
        case Kind.PREFIXES_CLOSED:
            return _("The pumping guard has closed prefixes")


def over(kind: Kind, subject: str) -> str:
    """Return in a few words that something is well again."""
    is_sms = subject == Channel.SMS
    match kind:
        case Kind.NO_WORKER:
            return _("A worker is running again")
        case Kind.LANE_UNTAKEN:
            return _("Every queue has a worker again")
        case Kind.BROKER_AWAY:
            return _("The broker answers again")
        case Kind.NO_CLOCK:
            return _("A clock is running again")
        case Kind.SWITCHED_OFF:
            return (
                _("SMS gateways are switched on again")
                if is_sms
                else _("E-mail gateways are switched on again")
            )
        case Kind.ALL_FAIL:
            return _("SMS gateways work again") if is_sms else _("E-mail gateways work again")
        case Kind.GATEWAY_DOWN:
            return _("Gateway “%(name)s” works again", name=subject)
        case Kind.BUDGET_USED | Kind.BUDGET_NEARLY_USED:
            return _("%(budget)s has room again", budget=_budget(subject))
        case Kind.NO_GATEWAY | Kind.PREFIXES_CLOSED:
            raise AssertionError("nobody is told of its end")


def text(alarm: Alarm, moment: Moment) -> str:
    """Return what is wrong and what it means, in whole sentences."""
    match alarm:
        case Alarm(kind=Kind.NO_WORKER):
            return _("No worker is running, so nothing is sent. Start one: celery -A tasks.celery worker")
        case Alarm(about=Untaken() as untaken):
            return _(
                "No worker takes the messages of these queues: %(lanes)s. Start one:"
                " celery -A tasks.celery worker -Q %(names)s",
                lanes=", ".join(untaken.lanes),
                names=",".join(untaken.lanes),
            )
        case Alarm(kind=Kind.BROKER_AWAY):
            return _(
                "The broker does not answer. Messages are sent up to a second later; schedules and other tasks wait."
            )
        case Alarm(kind=Kind.NO_CLOCK):
            return _(
                "No clock is running, so no schedule runs by itself. Start one: celery -A tasks.celery beat"
            )
        case Alarm(kind=Kind.NO_GATEWAY):
            return _("No gateway is configured, so nothing can be sent.")
        case Alarm(about=Gap() as gap):
            return _(
                "%(gap)s %(who)s Messages wait, and expire at their deadline.",
                gap=gap_text(gap),
                who=off_text(gap.off[0], moment),
            )
        case Alarm(kind=Kind.ALL_FAIL):
            return _failing(Channel(alarm.subject))
        case Alarm(about=Detour() as detour):
            return _down(alarm.subject, detour)
        case Alarm(about=Use() as use):
            return _used(use)
        case Alarm(about=Closures() as closures):
            told = ngettext(
                "The pumping guard refuses codes to %(num)s prefix.",
                "The pumping guard refuses codes to %(num)s prefixes.",
                closures.count,
            )
            return str(told)
        case _:
            raise AssertionError(f"{alarm.kind} lacks what it is about")


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


def off_text(off: Off, moment: Moment) -> str:
    """Return who switched a gateway off, and when."""
    who = _("the command line") if off.by == "command line" else off.by
    return _("“%(name)s” was switched off by %(who)s, %(time)s.", name=off.name, who=who, time=moment(off.at))


def _failing(channel: Channel) -> str:
    if channel is Channel.SMS:
        return _(
            "All SMS gateways fail. Each is tried again every 15 seconds; messages wait until their deadline."
        )
    return _(
        "All e-mail gateways fail. Each is tried again every 15 seconds; messages wait until their deadline."
    )


def _down(name: str, detour: Detour) -> str:
    """Return what happens to the messages of a gateway that fails."""
    told = _("The gateway “%(name)s” fails. It is tried again every 15 seconds.", name=name)
    if detour.others:
        others = ", ".join(detour.others)
        told = _("%(told)s Its messages are sent through %(others)s.", told=told, others=others)
    gap = detour.gap
    if gap is None:
        return told
    if gap.only:
        countries = ", ".join(gap.only)
        return _(
            "%(told)s No other gateway takes messages to %(countries)s: they wait until their deadline.",
            told=told,
            countries=countries,
        )
    if gap.but:
        countries = ", ".join(gap.but)
        return _(
            "%(told)s No other gateway takes messages to countries other than %(countries)s: they wait until their"
            " deadline.",
            told=told,
            countries=countries,
        )
    return _("%(told)s No other gateway takes them: they wait until their deadline.", told=told)


def _used(use: Use) -> str:
    told = _(
        "%(budget)s: %(used)s of %(most)s segments are used.",
        budget=_budget(use.name),
        used=format_decimal(use.used),
        most=format_decimal(use.most),
    )
    setting = "SMS_SENDS_PER_DAY" if use.name == ALL else "COUNTRY_SENDS_PER_DAY"
    if use.used >= use.most:
        return _(
            "%(told)s SMS are refused until earlier ones are a day old or %(setting)s is raised.",
            told=told,
            setting=setting,
        )
    return _(
        "%(told)s When all are used, SMS are refused. %(setting)s sets the budget.",
        told=told,
        setting=setting,
    )


def _budget(name: str) -> str:
    if name == ALL:
        return _("The day's SMS budget")
    locale = get_locale()
    country = _("Unknown") if name == UNKNOWN else locale.territories.get(name, name) if locale else name
    return _("The day's SMS budget for %(country)s", country=country)
