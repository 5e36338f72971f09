"""A new broadcast: what to send, then the file with its recipients, its columns and its bad rows."""

from typing import Any

from flask import Flask, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answered

from cms.access import uploads
from cms.access.guard import console, needs
from cms.access.identity import signed_in
from cms.errors.error_texts import Answer
from cms.messaging import draft_pages, send_faults, what_to_send
from domain.errors import InvalidInput
from domain.roles import Role
from domain.sheets import TO, BadFile, BadRow
from domain.statuses import Channel
from services.sheets import draft_files, drafts
from services.sheets.drafts import NewDraft

EXAMPLES = {Channel.SMS: "+8613800138000", Channel.EMAIL: "kim@example.org"}
CSV = {"mimetype": "text/csv"}


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    uploads.open_path(app, "/cms/broadcasts/drafts")


@console.get("/broadcasts/new")
@needs(Role.OPERATOR)
def new_broadcast() -> str:
    """Show the form of what to send, and the drafts that are not sent yet."""
    return _new({})


@console.post("/broadcasts/new")
@needs(Role.OPERATOR)
def add_draft() -> Answer:
    """Keep what to send, and ask for the file."""
    form, channel = request.form, Channel.SMS
    try:
        channel, template = what_to_send.parse(form.get("what", ""))
        made = drafts.create(_draft(form.get("name", ""), channel, template), signed_in().administrator.id)
    except InvalidInput as error:
        return _new(send_faults.message_texts(error, channel)), 422
    return redirect(url_for("cms.broadcast_draft", draft_id=made), 303)


def _draft(name: str, channel: Channel, template: str | None) -> NewDraft:
    if template is not None:
        return NewDraft(name, channel, template)
    subject, text = what_to_send.own_text(request.form, channel)
    return NewDraft(name, channel, subject=subject, text=text)


def _new(errors: dict[str, str]) -> str:
    return render_template(
        "cms/messaging/broadcast_form.html",
        errors=errors,
        typed=request.form,
        choices=what_to_send.choices(),
        first=what_to_send.FIRST,
        drafts=drafts.mine(signed_in().administrator.id),
        longest_name=drafts.LONGEST_NAME,
    )


@console.get("/broadcasts/drafts/<draft_id>")
@needs(Role.OPERATOR)
def broadcast_draft(draft_id: str) -> Answer:
    """Show the next step of a draft; one that was sent is a broadcast."""
    return draft_pages.show(draft_id)


@console.get("/broadcasts/drafts/<draft_id>/example")
@needs(Role.OPERATOR)
def example_list(draft_id: str) -> Response:
    """Give a file with the columns that the text needs."""
    draft = draft_pages.mine(draft_id)
    needed = sorted(draft.content.needed)
    lines = [[TO, *needed], [EXAMPLES[draft.content.channel], *needed]]
    text = "".join(",".join(cells) + "\r\n" for cells in lines)
    return Response(text, headers=_as_file("example.csv"), **CSV)


@console.post("/broadcasts/drafts/<draft_id>/file")
@needs(Role.OPERATOR)
@uploads.takes_file
def upload_list(draft_id: str) -> Answer:
    """Take the file and check its rows."""
    draft, file = draft_pages.mine(draft_id), request.files.get("file")
    if file is None or not file.filename:
        return draft_pages.show(draft_id, file_error=_("Choose a file.")), 422
    try:
        draft_files.upload(draft, file.stream, file.filename)
    except BadFile as error:
        return draft_pages.show(draft_id, file_error=send_faults.file_text(error)), 422
    return _to(draft_id)


@console.post("/broadcasts/drafts/<draft_id>/columns")
@needs(Role.OPERATOR)
def match_columns(draft_id: str) -> Answer:
    """Take each value from a chosen column, and check the rows again."""
    draft = draft_pages.mine(draft_id)
    try:
        draft_files.match(draft, {name: _column(name) for name in draft.columns})
    except InvalidInput:
        return draft_pages.show(draft_id, column_error=_("Choose a column for each value.")), 422
    return _to(draft_id)


def _column(name: str) -> int | None:
    found: int | None = request.form.get(f"column-{name}", type=int)
    return found


@console.get("/broadcasts/drafts/<draft_id>/bad-rows")
@needs(Role.OPERATOR)
def bad_rows_of_draft(draft_id: str) -> Response:
    """Give the bad rows as a file, with their numbers and reasons."""
    draft = draft_pages.mine(draft_id)
    lines = draft_files.bad_rows_file(draft, (_("Row"), _("Reason")), _reason)
    return Response(stream_with_context(lines), headers=_as_file("bad-rows.csv"), **CSV)


def _reason(bad: BadRow) -> str:
    reason = str(send_faults.ROWS[bad.code])
    return f"{bad.column}: {reason}" if bad.column else reason


@console.post("/broadcasts/drafts/<draft_id>/discard")
@needs(Role.OPERATOR)
def discard_draft(draft_id: str) -> Answered:
    """Delete a draft with its file."""
    drafts.discard(draft_id, signed_in().administrator.id)
    flash(_("The draft and its file are deleted."), "success")
    return redirect(url_for("cms.new_broadcast"), 303)


def _as_file(name: str) -> dict[str, Any]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def _to(draft_id: str) -> Answered:
    return redirect(url_for("cms.broadcast_draft", draft_id=draft_id), 303)
