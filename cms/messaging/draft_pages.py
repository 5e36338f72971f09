"""The page of a draft: what it asks for next, and what its recipients will read."""

from dataclasses import dataclass

from flask import current_app, redirect, render_template, request, url_for

from cms.access.identity import signed_in
from cms.errors.error_texts import Answer
from cms.messaging import send_faults
from domain import destinations
from domain.errors import NotFound
from domain.sheets import MOST_ROWS, BadRow
from domain.statuses import Channel
from services import typed
from services.keys import owners
from services.limits import send_limits
from services.limits.day_budget import ALL
from services.messaging import previews
from services.messaging.previews import Preview
from services.sheets import draft_files, drafts
from services.sheets.drafts import Draft
from services.test_sends import gateway_tests

SHOWN = 20
"""Bad rows on the page; the file has all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One recipient's message: `number` of `draft.good`, and its row in the file."""

    number: int
    row: int
    to: str
    look: Preview


@dataclass(frozen=True, slots=True)
class Budget:
    """The day's SMS: the segments of this broadcast, what is left, and the whole; None is no limit."""

    needed: int
    left: int | None
    most: int | None

    @property
    def suffices(self) -> bool:
        """Tell whether it can be sent today."""
        return self.left is None or self.needed <= self.left


def mine(draft_id: str) -> Draft:
    """Return a draft of who is signed in; raises NotFound."""
    return drafts.get(draft_id, signed_in().administrator.id)


def show(
    draft_id: str,
    *,
    file_error: str | None = None,
    column_error: str | None = None,
    time_error: str | None = None,
    error: str | None = None,
) -> Answer:
    """Return the page of a draft, or that of its broadcast once it is sent; raises NotFound."""
    try:
        draft = mine(draft_id)
    except NotFound:
        owners.of_broadcast(draft_id)
        return redirect(url_for("cms.broadcast", broadcast_id=draft_id), 303)
    return render_template(
        "cms/messaging/draft.html",
        draft=draft,
        fields=list(draft.columns) or ["to", *sorted(draft.content.needed)],
        most_rows=MOST_ROWS,
        kinds=send_faults.ROWS,
        bad=_bad(draft),
        shown=_shown(draft, chosen_number()),
        budget=_budget(draft),
        own=gateway_tests.own_destination(signed_in(), draft.content.channel),
        file_error=file_error,
        column_error=column_error,
        time_error=time_error,
        error=error,
        at=request.form.get("at", ""),
    )


def chosen_number() -> int:
    """Return the number of the recipient whose message is to be shown."""
    return request.values.get("number", 1, type=int)


def _bad(draft: Draft) -> list[BadRow]:
    return draft_files.bad_rows(draft, SHOWN) if draft.bad else []


def _shown(draft: Draft, number: int) -> Shown | None:
    if not draft.good:
        return None
    number = min(max(number, 1), draft.good)
    ready = draft_files.ready(draft, number)
    to = destinations.readable(typed.kept(draft.content.channel, ready.to))
    return Shown(number, ready.row, to, previews.of_content(draft.content, ready.params, draft.owner))


def _budget(draft: Draft) -> Budget | None:
    if draft.content.channel is not Channel.SMS or not draft.good:
        return None
    most = current_app.config["SMS_SENDS_PER_DAY"] or None
    left = most and max(0, most - send_limits.sms_of_a_day(draft.owner)[ALL])
    return Budget(draft_files.segments(draft), left, most)
