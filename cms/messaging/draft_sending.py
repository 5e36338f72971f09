"""The last step of a new broadcast: a test to oneself, then all of it, now or at a time."""

from datetime import datetime

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor, signed_in
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.frame.times import zone
from cms.messaging import draft_pages, send_faults
from domain.destinations import mask
from domain.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from domain.roles import Role
from services.messaging import messages
from services.messaging.messages import Request
from services.sheets import draft_files
from services.test_sends import gateway_tests


@console.post("/broadcasts/drafts/<draft_id>/test")
@needs(Role.OPERATOR)
def test_draft(draft_id: str) -> Response:
    """Send what one recipient would read to the person signed in."""
    draft, number = draft_pages.mine(draft_id), draft_pages.chosen_number()
    back = redirect(url_for("cms.broadcast_draft", draft_id=draft_id, number=number) + "#preview", 303)
    content, to = draft.content, gateway_tests.own_destination(signed_in(), draft.content.channel)
    if to is None:
        flash(_("There is no phone number to send it to. Add yours on the account page first."), "error")
        return back
    params = draft_files.ready(draft, number).params
    request = Request(
        content.channel, to, content.template, params, content.locale, content.subject, content.text
    )
    try:
        messages.send(request, draft.owner, by=actor())
    except (InvalidInput, LimitExceeded) as error:
        flash(" ".join(send_faults.message_texts(error, content.channel).values()), "error")
    else:
        flash(_("A test is on its way to %(to)s.", to=mask(to)), "success")
    return back


@console.post("/broadcasts/drafts/<draft_id>/send")
@needs(Role.OPERATOR)
def send_draft(draft_id: str) -> Answer:
    """Send it; a second click finds the broadcast."""
    try:
        draft = draft_pages.mine(draft_id)
        send_at = _time() if request.form.get("when") == "later" else None
        is_meant = request.form.get("only_good") == "1"
        draft_files.send(draft, only_good=is_meant, send_at=send_at, by=actor())
    except NotFound:
        return draft_pages.show(draft_id)
    except (ValueError, InvalidInput):
        return draft_pages.show(draft_id, time_error=_("Choose a time within the next 30 days.")), 422
    except Conflict:
        told = _("The list was changed meanwhile. Look at it once more.")
        return draft_pages.show(draft_id, error=told), 409
    except LimitExceeded as error:
        status, headers = error_texts.status_and_headers(error)
        shown = draft_pages.show(draft_id, error=send_faults.limit_text(error))
        return (shown, status, headers) if isinstance(shown, str) else shown
    flash(
        _("The broadcast is on its way.") if send_at is None else _("The broadcast is scheduled."), "success"
    )
    return redirect(url_for("cms.broadcast", broadcast_id=draft_id), 303)


def _time() -> datetime:
    """Return the chosen time in the reader's zone; raises ValueError."""
    return datetime.fromisoformat(request.form.get("at", "")).replace(tzinfo=zone())
