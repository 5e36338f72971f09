"""The overview: what was sent, how it went, and the state of workers and gateways."""

from datetime import UTC, date, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from cms.access.guard import console
from cms.figures import get_going, overview_flags, overview_pictures, overview_tiles
from cms.frame.times import zone
from domain.statuses import Channel
from services.figures import losses, overview, right_now, spans
from services.figures.spans import MOST_DAYS, Period, Span
from services.gateways import gateway_list
from services.limits import limits_list

PERIODS = {
    Period.DAY: lazy_gettext("24 hours"),
    Period.WEEK: lazy_gettext("7 days"),
    Period.MONTH: lazy_gettext("30 days"),
    Period.QUARTER: lazy_gettext("90 days"),
}
CHANNELS = {
    None: lazy_gettext("All"),
    Channel.SMS: lazy_gettext("SMS"),
    Channel.EMAIL: lazy_gettext("E-mail"),
}
FIELDS = ("period", "channel", "since", "until")


@console.get("/")
@console.get("")
def home() -> str:
    """Show the figures of a period and the current state."""
    now, channel = datetime.now(UTC), _chosen(Channel, "channel")
    days, chosen = _days(now), _chosen(Period, "period")
    period = None if days else chosen or Period.WEEK
    span = spans.of_days(*days, zone(), now) if days else spans.of_period(period or Period.WEEK, zone(), now)
    known = {"period": chosen, "channel": channel, **dict.fromkeys(("since", "until"), days)}
    shown = overview.of(span, channel, now)
    links, flags = _links(span, channel), overview_flags.of(span)
    refusals, is_of_all = limits_list.refusals_in(span)
    has_refusals = channel is None and any(refusals)
    return render_template(
        "cms/figures/overview.html",
        shown=shown,
        tiles=overview_tiles.of(shown, links),
        links=links,
        losses=losses.of(span, channel),
        pictures=overview_pictures.of(shown, flags),
        flags=flags,
        now=right_now.look(),
        refused=sum(limits_list.today().by_limit.values()),
        refusals=overview_pictures.of_refusals(shown, refusals) if has_refusals else None,
        refusals_of_all=is_of_all,
        going=None if overview.has_traffic() else get_going.look(),
        gateways=gateway_list.everything(),
        period=period,
        days=days,
        unknown=[
            f"{name}={request.args[name]}" for name in FIELDS if request.args.get(name) and not known[name]
        ],
        channel=channel,
        periods=PERIODS,
        channels=CHANNELS,
    )


@console.get("/statistics")
def statistics() -> Response:
    """Redirect from the address that the overview had before."""
    return redirect(url_for("cms.home", **request.args))  # type: ignore[arg-type]


def _chosen(kind: Any, name: str) -> Any:
    """Return the choice in the URL, or None if it is unknown."""
    try:
        return kind(request.args.get(name, ""))
    except ValueError:
        return None


def _days(now: datetime) -> tuple[date, date] | None:
    """Return the first and last day in the URL, one of them alone as one day; None where they make no range."""
    texts = [request.args.get(name) or request.args.get(other) for name, other in (FIELDS[2:], FIELDS[:1:-1])]
    try:
        first, last = (date.fromisoformat(text or "") for text in texts)
    except ValueError:
        return None
    is_range = date(2000, 1, 1) <= first <= last and first <= now.astimezone(zone()).date()
    return (first, last) if is_range and (last - first).days < MOST_DAYS else None


def _links(span: Span, channel: Channel | None) -> dict[str, str]:
    """Return the arguments of the lists' addresses for the same time and channel."""
    found = {} if channel is None else {"channel": channel.value}
    first, last = span.days
    if span.is_by_hour and not span.is_over:
        return {**found, "since": f"{span.since:%Y-%m-%dT%H:%M}"}
    return {**found, "since": first.isoformat(), **({"until": last.isoformat()} if span.is_over else {})}
