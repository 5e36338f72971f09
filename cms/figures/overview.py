"""The overview: what was sent, what became of it, and who is there to send."""

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
    """Show the numbers of a period, and what is going on now."""
    period = _chosen(Period, "period") or Period.WEEK
    channel = _chosen(Channel, "channel")
    shown = overview.of(period, channel, zone())
    return render_template(
        "cms/figures/overview.html",
        shown=shown,
        pictures=overview_pictures.of(shown),
        now=right_now.look(),
        gateways=gateway_list.everything(),
        period=period,
        channel=channel,
        periods=PERIODS,
        channels=CHANNELS,
    )


def _chosen(kind: Any, name: str) -> Any:
    """Return what the address asks for; None where it is nothing we know."""
    try:
        return kind(request.args.get(name, ""))
    except ValueError:
        return None
