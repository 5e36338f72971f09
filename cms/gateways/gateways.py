"""The gateways: their channels, their health, and the switches that need no restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor, signed_in
from cms.access.paths import own_path
from cms.errors.error_texts import Answer, gateway_test_text, status_and_headers
from cms.figures import overview_pictures
from cms.frame.charts import Chart
from cms.frame.times import zone
from cms.traffic import timelines
from cms.traffic.traffic_filters import MESSAGE_STATUSES
from domain.actions import Action
from domain.errors import Conflict, InvalidInput, LastGateway, LimitExceeded
from domain.roles import Role
from services.audit import trail
from services.figures import overview, spans
from services.figures.spans import Period
from services.figures.tallies import Tally
from services.gateways import gateway_days, gateway_figures, gateway_list, gateway_shares
from services.gateways import gateway_switches as service
from services.gateways.gateway_figures import ErrorFigure
from services.test_sends import gateway_tests
from services.traffic import message_details

ERRORS = {
    "temporary": lazy_gettext("Temporary: a retry may work"),
    "unknown": lazy_gettext("No clear answer: it may have arrived"),
    "wrong_gateway": lazy_gettext("Not through this gateway: no balance, template or country"),
    "gateway_at_fault": lazy_gettext("The gateway's own fault: credentials, relay, balance or address"),
    "rate_limited": lazy_gettext("Rate limit of the provider"),
    "refused": lazy_gettext("Refused: the message itself is invalid"),
}
"""Names of the kinds of gateway errors."""

CHANGES = {
    Action.GATEWAY_ADDED: lazy_gettext("added"),
    Action.GATEWAY_EDITED: lazy_gettext("settings"),
    Action.GATEWAY_SWITCHED_OFF: lazy_gettext("switched off"),
    Action.GATEWAY_SWITCHED_ON: lazy_gettext("switched on"),
}


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours of a gateway: their course, and what it is in numbers."""

    course: Chart
    total: Tally

    @classmethod
    def of(cls, tallies: Sequence[Tally]) -> "Day":
        """Return the day of these hours."""
        return cls(overview_pictures.course(tallies), sum(tallies, Tally()))


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """An error of the last day, and how often it came within the last hour."""

    of_day: ErrorFigure
    of_hour: int


@console.get("/gateways")
def gateways() -> str:
    """List all gateways of this installation."""
    shown = gateway_list.everything()
    return render_template(
        "cms/gateways/gateways.html",
        gateways=shown,
        unused=gateway_list.unused(),
        divisions=gateway_shares.divisions(),
        is_unknown=any(gateway.is_left_alone is None for gateway in shown),
        channels={gateway.channel for gateway in shown},
        days={name: Day.of(tallies) for name, tallies in gateway_days.by_hour(datetime.now(UTC)).items()},
    )


@console.get("/gateways/<name>")
def gateway(name: str) -> str:
    """Show one gateway with its health and switches."""
    return _page(name)


@console.get("/gateways/<name>/off")
@needs(Role.OPERATOR)
def confirm_gateway_off(name: str) -> str:
    """Explain what switching it off means, and ask for confirmation."""
    return _confirmation(name)


@console.post("/gateways/<name>/off")
@needs(Role.OPERATOR)
def switch_gateway_off(name: str) -> Answer:
    """Switch it off; ask again if it has meanwhile become the last one."""
    try:
        service.switch_off(name, is_meant="is_last" in request.form, by=actor())
    except LastGateway:
        return _confirmation(name), 409
    flash(_("“%(name)s” is switched off. Workers follow within two seconds.", name=name), "success")
    return _back_to(name)


@console.post("/gateways/<name>/on")
@needs(Role.OPERATOR)
def switch_gateway_on(name: str) -> Response:
    """Switch a gateway on."""
    service.switch_on(name, by=actor())
    flash(_("“%(name)s” is switched on. Workers follow within two seconds.", name=name), "success")
    return _back_to(name)


@console.post("/gateways/<name>/weight")
@needs(Role.OPERATOR)
def set_gateway_weight(name: str) -> Answer:
    """Set a gateway's weight."""
    typed = request.form.get("weight", "").strip()
    try:
        service.set_weight(name, _number(typed) if typed else None, by=actor())
    except InvalidInput:
        text = _("Enter a whole number from 0 to %(most)s.", most=service.HEAVIEST)
        return _page(name, typed=typed, weight_error=text), 422
    flash(_("The weight is saved. Workers follow within two seconds."), "success")
    return _back_to(name)


@console.post("/gateways/<name>/test")
@needs(Role.OPERATOR)
def test_gateway(name: str) -> Answer:
    """Send a test to one's own or any other destination."""
    to = request.form.get("to", "").strip()
    try:
        gateway_tests.send(signed_in(), name, to, by=actor())
    except (Conflict, InvalidInput, LimitExceeded) as error:
        channel = gateway_list.one(name).channel
        page = _page(name, test_to=to, test_error=gateway_test_text(error, channel))
        return page, *status_and_headers(error)
    return redirect(own_path(request.form.get("next")) or url_for("cms.gateway", name=name) + "#test", 303)


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


def _page(
    name: str,
    *,
    typed: str | None = None,
    weight_error: str | None = None,
    test_to: str | None = None,
    test_error: str | None = None,
) -> str:
    shown = gateway_list.one(name)
    own = gateway_tests.own_destination(signed_in(), shown.channel)
    test = gateway_tests.newest(service.named(name))
    now = datetime.now(UTC)
    errors = gateway_figures.of_day()
    day = overview.of(spans.of_period(Period.DAY, zone(), now), None, now, gateway=name)
    return render_template(
        "cms/gateways/gateway.html",
        gateway=shown,
        change=_last_change(name),
        error_names=ERRORS,
        errors=_lines(errors.errors.get(name, ()), shown.figures.errors),
        is_cut=errors.is_cut,
        day=day,
        pictures=overview_pictures.of(day, []),
        reports_to=gateway_list.reports_to(name, request.host_url),
        statuses=MESSAGE_STATUSES,
        test=test,
        steps=timelines.steps(message_details.get(test.id)) if test else [],
        test_to=own or "" if test_to is None else test_to,
        heaviest=service.HEAVIEST,
        typed=typed,
        weight_error=weight_error,
        test_error=test_error,
    )


def _lines(of_day: Sequence[ErrorFigure], of_hour: Sequence[ErrorFigure]) -> list[ErrorLine]:
    """Return the errors of a day; those of the hour are counted more often, so a new one may be in them alone."""
    hour = {(one.answer, one.reason): one for one in of_hour}
    day = {(one.answer, one.reason): one for one in of_day}
    both = {
        kind: max(hour.get(kind), day.get(kind), key=lambda one: one.count if one else 0)
        for kind in [*day, *hour]
    }
    return [ErrorLine(one, hour[kind].count if kind in hour else 0) for kind, one in both.items() if one]


def _last_change(name: str) -> str | None:
    """Return what was changed last, from the audit."""
    entry = trail.newest(name, [*CHANGES, Action.GATEWAY_WEIGHT_SET])
    if entry is None:
        return None
    if entry.action in CHANGES:
        return str(CHANGES[Action(entry.action)])
    before, after = entry.before.get("weight"), entry.after.get("weight")
    return _("weight %(before)s → %(after)s", before=before, after=after)


def _confirmation(name: str) -> str:
    is_last = service.is_last(name)
    return render_template(
        "cms/frame/confirm.html",
        title=_("Switch “%(name)s” off?", name=name),
        text=last_text(name)
        if is_last
        else _("Other gateways take its messages. You can switch it on again at any time."),
        fields={"is_last": "1"} if is_last else {},
        action=_("Switch off"),
        back=url_for("cms.gateway", name=name),
    )


def last_text(name: str) -> str:
    """Return what happens to messages that no other gateway takes."""
    countries = gateway_list.one(name).countries
    if countries:
        return _(
            "No other working gateway serves all of its countries (%(countries)s). Messages to these countries "
            "wait, and expire at their deadline: codes within minutes. People will not get their codes.",
            countries=", ".join(countries),
        )
    return _(
        "It is the last working gateway of its channel. All its messages wait, and expire at their deadline: codes "
        "within minutes. People will not get their codes until you switch one on."
    )


def _back_to(name: str) -> Response:
    return redirect(url_for("cms.gateway", name=name), 303)
