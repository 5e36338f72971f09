"""Cancel or resend all messages that match the filters, or those of them that were picked: count first, then act."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.traffic import traffic_filters as filters
from cms.traffic.traffic_filters import Chosen
from domain.errors import NotFound
from domain.refusals import Refusal
from domain.roles import Role
from services.traffic import bulk_acts as service
from services.traffic import bulk_cancels, message_lists
from services.traffic.bulk_acts import Act, Outcome
from services.traffic.message_lists import Filter
from services.traffic.verification_lists import Filter as VerificationFilter

AnyFilter = TypeVar("AnyFilter", Filter, VerificationFilter)

ID = re.compile("[0-9a-f]{32}")
TITLES = {
    Act.CANCEL: lazy_gettext("Cancel waiting messages?"),
    Act.REPLAY: lazy_gettext("Retry failed messages?"),
    Act.RESEND: lazy_gettext("Send these messages again?"),
}
TEXTS = {
    Act.CANCEL: lazy_gettext(
        "Messages that no worker has picked up are canceled. Codes are not: cancel them through their "
        "verification."
    ),
    Act.REPLAY: lazy_gettext(
        "Each failed, undelivered or expired message is sent again as a new one, within the limits. A code "
        "is sent only while its verification is pending; messages that were already sent again are "
        "skipped."
    ),
    Act.RESEND: lazy_gettext(
        "Each sent or delivered message is sent again as a new one, so people get it twice. A code is sent "
        "only while its verification is pending; messages that were already sent again are skipped."
    ),
}
BUTTONS = {
    Act.CANCEL: lazy_gettext("Cancel them"),
    Act.REPLAY: lazy_gettext("Send them again"),
    Act.RESEND: lazy_gettext("Send them again"),
}
REFUSALS: Mapping[Refusal, object] = {
    Refusal.CODE: lazy_gettext("codes (cancel their verification instead)"),
    Refusal.ENDED: lazy_gettext("codes that are expired, used or canceled"),
    Refusal.UNDER_WAY: lazy_gettext("still on their way"),
    Refusal.GONE: lazy_gettext("no longer kept"),
    Refusal.SUPPRESSED: lazy_gettext("to destinations that get no bulk messages"),
    Refusal.COUNTRY: lazy_gettext("to countries that are not switched on"),
    Refusal.LIMIT: lazy_gettext("over a limit for now"),
    Refusal.MOVED: lazy_gettext("status has changed"),
}


@console.get("/messages/bulk/<act>")
@needs(Role.OPERATOR)
def confirm_bulk(act: str) -> str:
    """Show how many messages would be affected, and ask for confirmation."""
    wanted, now = _act(act), datetime.now(UTC)
    chosen = filters.from_address(filters.MESSAGE_FIELDS)
    counted = service.count(_until(_picked(chosen), now), wanted)
    return render_template(
        "cms/traffic/bulk.html",
        of="messages",
        title=TITLES[wanted],
        text=TEXTS[wanted],
        button=BUTTONS[wanted],
        chosen=chosen,
        fitting=_fitting(counted.number),
        counted=counted,
        now=now.isoformat(),
        statuses=filters.status_choices(),
        channels=filters.CHANNELS,
        texts=filters.texts(chosen),
    )


@console.post("/messages/bulk/<act>")
@needs(Role.OPERATOR)
def bulk(act: str) -> Response:
    """Cancel or resend the messages."""
    chosen = filters.from_address(filters.MESSAGE_FIELDS)
    outcome = service.run(_until(_picked(chosen), _asked_at()), _act(act), by=actor())
    flash(_outcome_text(outcome, _act(act)), "success" if outcome.done else "info")
    return redirect(url_for("cms.messages", **chosen.args), 303)


@console.get("/verifications/bulk/cancel")
@needs(Role.OPERATOR)
def confirm_bulk_cancel() -> str:
    """Show how many verifications would be canceled, and ask for confirmation."""
    now, chosen = datetime.now(UTC), filters.from_address(filters.VERIFICATION_FIELDS)
    counted = bulk_cancels.count(_until(filters.of_verifications(chosen), now))
    return render_template(
        "cms/traffic/bulk.html",
        of="verifications",
        title=_("Cancel pending verifications?"),
        text=_("Their codes stop working, and codes that are waiting are not sent."),
        button=_("Cancel them"),
        chosen=chosen,
        fitting=ngettext("%(num)s verification matches.", "%(num)s verifications match.", counted.number),
        counted=counted,
        now=now.isoformat(),
        statuses=filters.VERIFICATION_STATUSES,
        channels=filters.CHANNELS,
        texts=filters.texts(chosen),
    )


@console.post("/verifications/bulk/cancel")
@needs(Role.OPERATOR)
def bulk_cancel() -> Response:
    """Cancel the verifications."""
    chosen = filters.from_address(filters.VERIFICATION_FIELDS)
    done = bulk_cancels.cancel(_until(filters.of_verifications(chosen), _asked_at()), by=actor())
    text = ngettext("%(num)s verification is canceled.", "%(num)s verifications are canceled.", done)
    flash(text, "success" if done else "info")
    return redirect(url_for("cms.verifications", **chosen.args), 303)


def _picked(chosen: Chosen) -> Filter:
    """Return the messages of the filters, or of them only those that the address names; an odd name is that of none."""
    if not _is_picked():
        return filters.of_messages(chosen)
    ids = dict.fromkeys(one for one in request.args.getlist("id") if ID.fullmatch(one))
    return replace(filters.of_messages(chosen), ids=tuple(ids)[: message_lists.PAGE] or ("none",))


def _fitting(number: int) -> str:
    if _is_picked():
        return ngettext(
            "%(num)s of the picked messages qualifies.", "%(num)s of the picked messages qualify.", number
        )
    return ngettext("%(num)s message matches.", "%(num)s messages match.", number)


def _is_picked() -> bool:
    """Tell whether messages were picked one by one; the form has a field of this name even where none was."""
    return "id" in request.args


def _act(word: str) -> Act:
    if word not in list(Act):
        raise NotFound("there is no such act")
    return Act(word)


def _asked_at() -> datetime:
    """Return when the count was shown: items added since are not included."""
    try:
        asked = datetime.fromisoformat(request.form.get("counted_at", ""))
    except ValueError:
        return datetime.now(UTC)
    return asked if asked.tzinfo else datetime.now(UTC)


def _until(chosen: AnyFilter, at: datetime) -> AnyFilter:
    return replace(chosen, until=min(at, chosen.until or at))


def _outcome_text(outcome: Outcome, act: Act) -> str:
    if act is Act.CANCEL:
        done = ngettext("%(num)s message is canceled.", "%(num)s messages are canceled.", outcome.done)
    else:
        done = ngettext(
            "%(num)s message is on its way again.", "%(num)s messages are on their way again.", outcome.done
        )
    left = [(number, REFUSALS[why]) for why, number in outcome.refused.items() if number]
    if not left:
        return done
    reasons = "; ".join(_("%(reason)s: %(number)s", number=number, reason=reason) for number, reason in left)
    return _("%(done)s Not done: %(reasons)s.", done=done, reasons=reasons)
