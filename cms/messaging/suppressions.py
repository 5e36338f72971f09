"""The suppression list: destinations that get no bulk messages. URLs never contain a destination."""

from flask import Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response as Redirect

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from domain.destinations import mask
from domain.errors import InvalidDestination, InvalidInput, NotFound
from domain.roles import Role
from domain.statuses import SuppressionReason
from services.messaging import suppression_lists, suppressions
from services.messaging.suppressions import SuppressionView

REASONS = {
    SuppressionReason.UNSUBSCRIBED: (lazy_gettext("Unsubscribed"), "busy"),
    SuppressionReason.OPERATOR: (lazy_gettext("Added here"), ""),
    SuppressionReason.COMPLAINT: (lazy_gettext("Complaint"), "bad"),
    SuppressionReason.BOUNCE: (lazy_gettext("Bounce"), "bad"),
}

MOST_BAD = 10
"""Invalid lines of an import that are shown: the message travels in a cookie."""


@console.get("/suppressions", endpoint="suppressions")
def show_suppressions() -> Answer:
    """List the newest entries, those after a given one, or the one that was found."""
    found, after = request.args.get("found"), request.args.get("after")
    try:
        if found:
            return _page([suppression_lists.get(found)], is_narrowed=True)
        last = suppression_lists.get(after) if after else None
    except NotFound:
        flash(_("This entry is no longer on the list. This is the whole list."), "info")
        return redirect(url_for("cms.suppressions"), 303)
    return _page(suppressions.page(last), is_first=last is None)


@console.post("/suppressions/find")
@needs(Role.VIEWER)
def find_suppression() -> Answer:
    """Look a destination up."""
    typed = request.form.get("to", "")
    try:
        found = suppression_lists.find(typed)
    except InvalidDestination:
        return _page(suppressions.page(), error=_unreadable()), 422
    if found:
        return redirect(url_for("cms.suppressions", found=found.id), 303)
    flash(_("%(to)s is not on the list: it gets bulk messages.", to=_masked(typed)), "info")
    return redirect(url_for("cms.suppressions"), 303)


@console.post("/suppressions/add")
@needs(Role.OPERATOR)
def add_suppression() -> Answer:
    """Put a destination on the list."""
    try:
        found, is_new = suppression_lists.add(request.form.get("to", ""), by=actor())
    except InvalidDestination:
        return _page(suppressions.page(), add_error=_unreadable()), 422
    if is_new:
        flash(_("%(to)s gets no more bulk messages.", to=_masked(request.form["to"])), "success")
    else:
        flash(_("%(to)s is already on the list.", to=_masked(request.form["to"])), "info")
    return redirect(url_for("cms.suppressions", found=found.id if found else None), 303)


@console.post("/suppressions/<suppression_id>/remove")
@needs(Role.OPERATOR)
def remove_suppression(suppression_id: str) -> Redirect:
    """Take a destination off the list."""
    removed = suppression_lists.remove(suppression_id, by=actor())
    flash(_("%(to)s gets bulk messages again.", to=suppression_lists.masked(removed)), "success")
    return redirect(url_for("cms.suppressions"), 303)


@console.post("/suppressions/import")
@needs(Role.OPERATOR)
def import_suppressions() -> Answer:
    """Import the destinations of a file."""
    file = request.files.get("file")
    try:
        done = suppression_lists.take_in(file.read() if file else b"", by=actor())
    except InvalidInput:
        most = suppression_lists.MOST_LINES
        fault = _("Choose a CSV or text file in UTF-8 with 1 to %(most)s lines.", most=most)
        return _page(suppressions.page(), file_error=fault), 422
    flash(
        ngettext("%(num)s destination was added.", "%(num)s destinations were added.", done.added), "success"
    )
    if done.known:
        flash(
            ngettext("%(num)s was already on the list.", "%(num)s were already on the list.", done.known),
            "info",
        )
    if done.bad:
        told = [f"{line.number} ({line.text})" for line in done.bad[:MOST_BAD]]
        lines = ", ".join(told) + (" …" if len(done.bad) > MOST_BAD else "")
        flash(_("These lines are not an e-mail address or phone number: %(lines)s", lines=lines), "error")
    return redirect(url_for("cms.suppressions"), 303)


@console.post("/suppressions/export")
@needs(Role.OPERATOR)
def export_suppressions() -> Response:
    """Return the whole list as a file, with full destinations."""
    return Response(
        stream_with_context(suppression_lists.export(by=actor())),
        mimetype="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="suppressions.csv"',
            "Cache-Control": "no-store",
        },
    )


def _page(
    rows: list[SuppressionView],
    *,
    is_first: bool = True,
    is_narrowed: bool = False,
    error: str | None = None,
    add_error: str | None = None,
    file_error: str | None = None,
) -> str:
    return render_template(
        "cms/messaging/suppressions.html",
        rows=[(row, suppression_lists.masked(row)) for row in rows],
        reasons=REASONS,
        is_first=is_first,
        is_narrowed=is_narrowed,
        next_after=rows[-1].id if len(rows) == suppressions.PAGE else None,
        error=error,
        add_error=add_error,
        file_error=file_error,
        most_lines=suppression_lists.MOST_LINES,
    )


def _masked(typed: str) -> str:
    return mask(suppression_lists.parse(typed).canonical)


def _unreadable() -> str:
    return _("Enter one e-mail address or phone number, such as name@example.org or +86 138 0013 8000.")
