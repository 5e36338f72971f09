"""The lists as streamed CSV, masked unless full destinations are requested. The audit records each export."""

from collections.abc import Iterator

from flask import Response, render_template, request, stream_with_context
from flask_babel import gettext as _
from flask_babel import ngettext

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.frame.numbers import number
from cms.traffic import traffic_filters as filters
from cms.traffic.traffic_filters import Chosen
from domain.roles import Role
from services.traffic import disclosures, message_lists, verification_lists
from services.traffic.listing import Count


@console.get("/messages/export")
@needs(Role.OPERATOR)
def confirm_message_export() -> str:
    """Ask what the file should contain."""
    chosen = filters.from_address(filters.MESSAGE_FIELDS)
    rows = message_lists.count(filters.of_messages(chosen))
    return _form("messages", chosen, rows, filters.status_choices())


@console.post("/messages/export")
@needs(Role.OPERATOR)
def export_messages() -> Response:
    """Return the file."""
    chosen = filters.of_messages(filters.from_address(filters.MESSAGE_FIELDS))
    return _file("messages", disclosures.export_messages(chosen, unmasked=_is_unmasked(), by=actor()))


@console.get("/verifications/export")
@needs(Role.OPERATOR)
def confirm_verification_export() -> str:
    """Ask what the file should contain."""
    chosen = filters.from_address(filters.VERIFICATION_FIELDS)
    rows = verification_lists.count(filters.of_verifications(chosen))
    return _form("verifications", chosen, rows, filters.VERIFICATION_STATUSES)


@console.post("/verifications/export")
@needs(Role.OPERATOR)
def export_verifications() -> Response:
    """Return the file."""
    chosen = filters.of_verifications(filters.from_address(filters.VERIFICATION_FIELDS))
    return _file(
        "verifications", disclosures.export_verifications(chosen, unmasked=_is_unmasked(), by=actor())
    )


def _form(of: str, chosen: Chosen, rows: Count, statuses: object) -> str:
    return render_template(
        "cms/traffic/export.html",
        of=of,
        chosen=chosen,
        rows_text=_rows_text(rows),
        statuses=statuses,
        channels=filters.CHANNELS,
        texts=filters.texts(chosen),
    )


def _rows_text(rows: Count) -> str:
    """Return how many rows the file would have now; its size is unknown because it is streamed."""
    if rows.is_least:
        return _(
            "The file has at least %(number)s rows. Older ones are included, but not counted here.",
            number=number(rows.number),
        )
    return ngettext(
        "The file has %(number)s row.",
        "The file has %(number)s rows.",
        rows.number,
        number=number(rows.number),
    )


def _is_unmasked() -> bool:
    return request.form.get("destinations") == "full"


def _file(name: str, lines: Iterator[str]) -> Response:
    return Response(
        stream_with_context(lines),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"},
    )
