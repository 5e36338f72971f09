"""The overview: what was sent, how it went, and the state of workers and gateways."""

from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext

from cms.access.guard import console
from cms.figures import overview_pictures
from cms.frame.times import zone
from domain.statuses import Channel
from services.figures import overview, right_now
from services.figures.overview import Period
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


@console.get("/statistics")
def statistics() -> str:
    """Show the figures of a period and the current state."""
    period = _chosen(Period, "period")
    channel = _chosen(Channel, "channel")
    unknown = [
        f"{name}={request.args[name]}"
        for name, found in (("period", period), ("channel", channel))
        if request.args.get(name) and found is None
    ]
    shown = overview.of(period or Period.WEEK, channel, zone())
    return render_template(
        "cms/figures/overview.html",
        shown=shown,
        pictures=overview_pictures.of(shown),
        now=right_now.look(),
        refused=sum(limits_list.today().by_limit.values()),
        is_new=not overview.has_traffic(),
        gateways=gateway_list.everything(),
        period=period or Period.WEEK,
        unknown=unknown,
        channel=channel,
        periods=PERIODS,
        channels=CHANNELS,
    )


def _chosen(kind: Any, name: str) -> Any:
    """Return the choice in the URL, or None if it is unknown."""
    try:
        return kind(request.args.get(name, ""))
    except ValueError:
        return None
