"""The filters of messages and verifications in the URL of a page; destinations are encrypted there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from cms.frame import times
from domain.destinations import mask
from domain.errors import InvalidInput
from domain.statuses import Channel, MessageStatus, VerificationStatus
from services.traffic import message_lists, search_terms, verification_lists

SOUGHT, KEPT = "sought", "q"
UNSUCCESSFUL, PLANNED = "unsuccessful", "scheduled"
FAILED = (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED)
MESSAGE_FIELDS = ("status", "channel", "template", "gateway", "broadcast", "since", "until")
VERIFICATION_FIELDS = ("status", "channel", "purpose", "since", "until")
CHANNELS = {Channel.SMS: lazy_gettext("SMS"), Channel.EMAIL: lazy_gettext("E-mail")}
MESSAGE_STATUSES = {
    MessageStatus.QUEUED: lazy_gettext("Waiting"),
    MessageStatus.SENDING: lazy_gettext("Being sent"),
    MessageStatus.SENT: lazy_gettext("Sent"),
    MessageStatus.DELIVERED: lazy_gettext("Delivered"),
    MessageStatus.UNDELIVERED: lazy_gettext("Undelivered"),
    MessageStatus.FAILED: lazy_gettext("Failed"),
    MessageStatus.EXPIRED: lazy_gettext("Expired"),
    MessageStatus.CANCELED: lazy_gettext("Canceled"),
}
VERIFICATION_STATUSES = {
    VerificationStatus.PENDING: lazy_gettext("Pending"),
    VerificationStatus.APPROVED: lazy_gettext("Approved"),
    VerificationStatus.LOCKED: lazy_gettext("Locked"),
    VerificationStatus.EXPIRED: lazy_gettext("Expired"),
    VerificationStatus.CANCELED: lazy_gettext("Canceled"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters of a page: its URL arguments and the search text; `unknown`: arguments that mean nothing here."""

    args: dict[str, str]
    sought: str | None = field(default=None, repr=False)
    is_readable: bool = True
    unknown: tuple[str, ...] = ()

    @property
    def fault_of_days(self) -> tuple[str, str] | None:
        """Why its days can hold nothing, as the filter to remove and a text; None where they can."""
        since, until = _day(self.args.get("since")), _day(self.args.get("until"))
        if since and since > datetime.now(times.zone()).date():
            return "since", _("The first day of this search is in the future.")
        if since and until and until < since:
            return "until", _("The last day of this search is before the first.")
        return None

    @property
    def shown(self) -> str | None:
        """The search text as a page may show it, masked if it is a destination."""
        if self.sought is None:
            return None
        return mask(self.sought) if search_terms.is_destination(self.sought) else self.sought

    def without(self, name: str) -> dict[str, str]:
        """Return the URL arguments without one of the filters."""
        return {one: value for one, value in self.args.items() if one != name}

    @property
    def is_more(self) -> bool:
        """Whether any filter under "More filters" is set."""
        return bool(self.args.keys() - {KEPT, "status", "broadcast"})


def from_address(fields: tuple[str, ...]) -> Chosen:
    """Return the filters in the URL of the page."""
    given = _given(request.args, fields)
    args = {name: value for name, value in given.items() if _is_known(name, value, fields)}
    unknown = tuple(f"{name}={value}" for name, value in given.items() if name not in args)
    token = request.args.get(KEPT, "")
    if not token:
        return Chosen(args, unknown=unknown)
    args[KEPT] = token
    try:
        return Chosen(args, search_terms.unseal(token), unknown=unknown)
    except InvalidInput:
        return Chosen(args, "", is_readable=False)  # finds nothing, not everything


def to_address(fields: tuple[str, ...]) -> dict[str, str]:
    """Return the URL arguments for the posted filters. Raises InvalidInput."""
    args = _given(request.form, fields)
    if typed := request.form.get(SOUGHT, "").strip():
        args[KEPT] = search_terms.seal(typed)
    elif kept := request.form.get(KEPT, ""):
        args[KEPT] = kept
    return args


def of_messages(chosen: Chosen) -> message_lists.Filter:
    """Return which messages to list; unknown values are ignored."""
    since, until = _days(chosen.args)
    return message_lists.Filter(
        sought=chosen.sought,
        statuses=_statuses(chosen.args.get("status")),
        channel=_one_of(Channel, chosen.args.get("channel")),
        template=chosen.args.get("template"),
        gateway=chosen.args.get("gateway"),
        broadcast_id=chosen.args.get("broadcast"),
        is_planned=chosen.args.get("status") == PLANNED,
        since=since,
        until=until,
    )


def of_verifications(chosen: Chosen) -> verification_lists.Filter:
    """Return which verifications to list; unknown values are ignored."""
    since, until = _days(chosen.args)
    return verification_lists.Filter(
        sought=chosen.sought,
        status=_one_of(VerificationStatus, chosen.args.get("status")),
        channel=_one_of(Channel, chosen.args.get("channel")),
        purpose=chosen.args.get("purpose"),
        since=since,
        until=until,
    )


def status_choices() -> dict[str, Any]:
    """Return the choices of the status filter: all unsuccessful ones, the planned ones, or one status."""
    return {
        UNSUCCESSFUL: _("Unsuccessful: failed, undelivered, expired"),
        PLANNED: _("Scheduled for later"),
        **MESSAGE_STATUSES,
    }


def unreadable() -> str:
    """Return the error text for a link whose search can't be decrypted."""
    return _("The search in this link can no longer be read. Type it again.")


def too_long() -> str:
    """Return the error text for a search text that is too long."""
    return _("That is too long. Enter a destination, an ID or a reference.")


def _given(values: Mapping[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    found = {name: values.get(name, "").strip() for name in fields}
    return {name: value for name, value in found.items() if 0 < len(value) <= 64}


def _is_known(name: str, value: str, fields: tuple[str, ...]) -> bool:
    """Tell whether a filter has such a value; templates, gateways and purposes may be of the past, so any will do."""
    if name == "status":
        statuses = (
            {UNSUCCESSFUL, PLANNED, *MESSAGE_STATUSES}
            if fields == MESSAGE_FIELDS
            else set(VERIFICATION_STATUSES)
        )
        return value in statuses
    if name == "channel":
        return value in list(Channel)
    return _day(value) is not None if name in ("since", "until") else True


def _statuses(word: str | None) -> tuple[MessageStatus, ...]:
    if word == UNSUCCESSFUL:
        return FAILED
    if word == PLANNED:
        return (MessageStatus.QUEUED,)
    one = _one_of(MessageStatus, word)
    return () if one is None else (one,)


def _one_of(kind: Any, word: str | None) -> Any:
    return next((one for one in kind if one.value == word), None)


def _days(args: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Return the start of the first day and the end of the last one, in the reader's time zone."""
    since, until = _day(args.get("since")), _day(args.get("until"))
    return _midnight(since), _midnight(until + timedelta(days=1)) if until else None


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day <= date(2200, 1, 1) else None


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, times.zone()).astimezone(UTC)
