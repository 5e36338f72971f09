"""The lists as CSV, streamed; masked unless somebody says otherwise. The audit tells of each."""

from collections.abc import Iterator

from flask import Response, render_template, request, stream_with_context

from cms import traffic_filters as filters
from cms.guard import console, needs
from cms.identity import actor
from domain.roles import Role
from services.messaging import disclosures


@console.get("/messages/export")
@needs(Role.OPERATOR)
def confirm_message_export() -> str:
    """Ask what the file shall hold."""
    return _form("messages", filters.MESSAGE_FIELDS, filters.status_choices())


@console.post("/messages/export")
@needs(Role.OPERATOR)
def export_messages() -> Response:
    """Give the file."""
    chosen = filters.of_messages(filters.from_address(filters.MESSAGE_FIELDS))
    return _file("messages", disclosures.export_messages(chosen, unmasked=_is_unmasked(), by=actor()))


@console.get("/verifications/export")
@needs(Role.OPERATOR)
def confirm_verification_export() -> str:
    """Ask what the file shall hold."""
    return _form("verifications", filters.VERIFICATION_FIELDS, filters.VERIFICATION_STATUSES)


@console.post("/verifications/export")
@needs(Role.OPERATOR)
def export_verifications() -> Response:
    """Give the file."""
    chosen = filters.of_verifications(filters.from_address(filters.VERIFICATION_FIELDS))
    return _file(
        "verifications", disclosures.export_verifications(chosen, unmasked=_is_unmasked(), by=actor())
    )


def _form(of: str, fields: tuple[str, ...], statuses: object) -> str:
    chosen = filters.from_address(fields)
    return render_template(
        "cms/export.html", of=of, chosen=chosen, statuses=statuses, channels=filters.CHANNELS
    )


def _is_unmasked() -> bool:
    return request.form.get("destinations") == "full"


def _file(name: str, lines: Iterator[str]) -> Response:
    return Response(
        stream_with_context(lines),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"},
    )
