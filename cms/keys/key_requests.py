"""What a key called: its log of requests, and how many of today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.access.guard import console, needs
from cms.errors.error_texts import Answer
from cms.frame import times
from cms.frame.charts import Chart
from cms.frame.courses import course
from domain.errors import InvalidInput
from domain.roles import Role
from services.keys import api_keys
from services.request_log import request_lists
from services.request_log.request_lists import Usage


@dataclass(frozen=True, slots=True)
class Course:
    """The last 24 hours of a key, as small bars and in numbers."""

    chart: Chart
    calls: int
    errors: int


@console.get("/api-keys/<key_id>/requests")
@needs(Role.OWNER)
def key_requests(key_id: str) -> Answer:
    """List a key's requests, newest first: all, only errors, or those with one request id."""
    key = api_keys.get(key_id)
    errors_only, request_id = "errors" in request.args, request.args.get("request") or None
    cursor = request.args.get("cursor") or None
    try:
        found = request_lists.page(key_id, errors_only=errors_only, request_id=request_id, cursor=cursor)
    except InvalidInput:
        flash(_("The link to this page of the list is broken. This is the first page."), "info")
        return redirect(url_for("cms.key_requests", key_id=key_id), 303)
    filters = {"errors": "1" if errors_only else None, "request": request_id}
    return render_template(
        "cms/keys/key_requests.html",
        key=key,
        found=found,
        today=today().get(key_id, Usage()),
        chosen={name: value for name, value in filters.items() if value},
        cursor=cursor,
        days=current_app.config["REQUEST_LOG_DAYS"],
    )


def today() -> Mapping[str, Usage]:
    """Return the requests of each key since the reader's midnight, or the last full hour before it."""
    zone = times.zone()
    midnight = datetime.combine(datetime.now(zone).date(), time.min, zone)
    return request_lists.usage(midnight.astimezone(UTC).replace(minute=0))


def courses() -> Mapping[str, Course]:
    """Return the last 24 hours of each key that called."""
    return {
        key: Course(
            course([one.calls - one.errors for one in hours], [one.errors for one in hours]),
            sum(one.calls for one in hours),
            sum(one.errors for one in hours),
        )
        for key, hours in request_lists.last_day(datetime.now(UTC)).items()
    }
