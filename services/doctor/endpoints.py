"""Endpoints of programs: does any of them not take its events?"""

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from services.doctor.findings import Finding, ok, warn
from services.webhooks import endpoints


def check_webhooks() -> Iterator[Finding]:
    """Report the endpoints that fail or were switched off by themselves; nothing where there are none."""
    try:
        shown = endpoints.list_all()
    except SQLAlchemyError:
        return  # the line of the database says why
    failing = [one for one in shown if one.enabled and one.failing_since]
    given_up = [one for one in shown if one.gave_up]
    for one in failing:
        since = one.failing_since.isoformat(timespec="minutes") if one.failing_since else ""
        yield warn(
            "webhooks", f"{one.host} has taken no event since {since}: flask webhooks deliveries {one.id}"
        )
    for one in given_up:
        yield warn(
            "webhooks", f"{one.host} was switched off ({one.disabled_reason}): flask webhooks enable {one.id}"
        )
    if shown and not failing and not given_up:
        yield ok("webhooks", f"{len(shown)}, all take their events")
