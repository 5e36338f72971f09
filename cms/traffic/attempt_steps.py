"""The timeline of a verification in words: its messages, the attempts at its code, and its end."""

from collections.abc import Iterator

from flask_babel import gettext as _
from flask_babel import ngettext

from cms.traffic.timelines import Step, gap
from domain.statuses import MessageStatus, VerificationStatus
from services.traffic.verification_lists import Carrier, VerificationDetails

LOST = (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED)


def of(shown: VerificationDetails, statuses: dict[MessageStatus, str]) -> list[Step]:
    """Return the timeline, oldest first; attempts of which only the number is known come before the end."""
    dated = [*_messages(shown, statuses), *_attempts(shown), *_end(shown)]
    dated.sort(key=lambda one: one.at or shown.listed.expires_at)
    found, last = [], None
    for step in dated:
        after = gap(step.at, last)
        found.append(Step(step.title, step.at, step.kind, step.notes, after=after, link=step.link))
        last = step.at
    untold = shown.listed.attempts - len(shown.attempted_at)
    if untold > 0:
        title = ngettext("%(num)s attempt without a time", "%(num)s attempts without a time", untold)
        found.insert(len(found) - len(list(_end(shown))), Step(title, None, "", ()))
    return found


def _messages(shown: VerificationDetails, statuses: dict[MessageStatus, str]) -> Iterator[Step]:
    for place, one in enumerate(shown.messages):
        yield Step(_("Requested again") if place else _("Requested"), one.created_at, "", (), link=one.id)
        if one.sent_at is not None:
            yield Step(_("%(gateway)s accepted it", gateway=one.gateway or "?"), one.sent_at, "good", ())
        if one.settled_at is not None and one.status in (*LOST, MessageStatus.DELIVERED):
            kind = "bad" if one.status in LOST else "good"
            yield Step(str(statuses[one.status]), one.settled_at, kind, tuple(_error(one)))


def _error(one: Carrier) -> Iterator[str]:
    if one.error:
        yield one.error


def _attempts(shown: VerificationDetails) -> Iterator[Step]:
    most = shown.listed.max_attempts
    for number, at in enumerate(shown.attempted_at, 1):
        title = (
            _("Attempt %(count)s of %(most)s", count=number, most=most)
            if most
            else _("Attempt %(count)s", count=number)
        )
        yield Step(title, at, "", ())


def _end(shown: VerificationDetails) -> Iterator[Step]:
    status = shown.listed.status
    if shown.listed.used_at:
        yield Step(_("Approved"), shown.listed.used_at, "good", ())
    elif shown.canceled_at:
        yield Step(_("Canceled"), shown.canceled_at, "", ())
    elif status is VerificationStatus.LOCKED and shown.attempted_at:
        yield Step(_("No attempts are left"), shown.attempted_at[-1], "bad", ())
    elif status is VerificationStatus.EXPIRED:
        yield Step(_("Expired"), shown.listed.expires_at, "bad", ())
