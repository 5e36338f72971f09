"""The filters of messages and verifications in the URL of a page; destinations are encrypted there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from cms.frame import days, times
from cms.frame.numbers import country
from cms.traffic import filter_values as values
from cms.traffic.filter_values import UNSUCCESSFUL
from domain.destinations import mask
from domain.errors import InvalidInput
from domain.fallback import SKIPPED, WAITING
from domain.statuses import Channel, MessageStatus, VerificationStatus
from services.keys import owners
from services.traffic import message_lists, search_terms, verification_lists
from services.traffic.message_lists import NO_CODE, PLANNED

SOUGHT, KEPT = "sought", "q"
MESSAGE_FIELDS = (
    *("status", "channel", "template", "gateway", "key", "purpose", "country", "error", "test"),
    *("broadcast", "since", "until"),
)
VERIFICATION_FIELDS = ("status", "channel", "purpose", "key", "test", "since", "until")
IN_SIGHT = {KEPT, "status", "channel", "gateway", "broadcast"}
"""The filters that are not under "More filters"."""
TESTS = {"yes": lazy_gettext("Only tests"), "no": lazy_gettext("No tests")}
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
STEP_STATUSES = {
    WAITING: lazy_gettext("Not needed yet"),
    SKIPPED: lazy_gettext("Skipped"),
    **MESSAGE_STATUSES,
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
        since, until = (days.day(self.args.get(name)) for name in ("since", "until"))
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

    def by(self, name: str, value: str | None) -> dict[str, str]:
        """Return the URL arguments with another value of one of the filters."""
        return self.without(name) | ({name: value} if value else {})

    @property
    def more(self) -> int:
        """How many filters under "More filters" are set."""
        return len(self.args.keys() - IN_SIGHT)


def from_address(fields: tuple[str, ...]) -> Chosen:
    """Return the filters in the URL of the page."""
    given = values.given(request.args, fields)
    of_messages = fields == MESSAGE_FIELDS
    args = {
        name: value for name, value in given.items() if values.is_known(name, value, of_messages=of_messages)
    }
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
    """Return the URL arguments for the posted filters, without any destination. Raises InvalidInput."""
    args = values.given(request.form, fields)
    if "error" in args:
        args["error"] = values.part_of_error(args["error"])
    if typed := request.form.get(SOUGHT, "").strip():
        args[KEPT] = search_terms.seal(typed)
    elif kept := request.form.get(KEPT, ""):
        args[KEPT] = kept
    return args


def of_messages(chosen: Chosen) -> message_lists.Filter:
    """Return which messages to list; unknown values are ignored."""
    args = chosen.args
    since, until = days.since_and_until(args)
    return message_lists.Filter(
        sought=chosen.sought,
        statuses=values.statuses(args.get("status")),
        channel=values.one_of(Channel, args.get("channel")),
        template=args.get("template"),
        gateway=args.get("gateway"),
        broadcast_id=args.get("broadcast"),
        key=args.get("key"),
        purpose=args.get("purpose"),
        country=args.get("country"),
        error=args.get("error"),
        is_test=values.IS_TEST.get(args.get("test", "")),
        is_planned=args.get("status") == PLANNED,
        since=since,
        until=until,
    )


def of_verifications(chosen: Chosen) -> verification_lists.Filter:
    """Return which verifications to list; unknown values are ignored."""
    args = chosen.args
    since, until = days.since_and_until(args)
    return verification_lists.Filter(
        sought=chosen.sought,
        status=values.one_of(VerificationStatus, args.get("status")),
        channel=values.one_of(Channel, args.get("channel")),
        purpose=args.get("purpose"),
        key=args.get("key"),
        is_test=values.IS_TEST.get(args.get("test", "")),
        since=since,
        until=until,
    )


def status_choices() -> dict[str, Any]:
    """Return the choices of the status filter: one status, all unsuccessful ones, or the planned ones."""
    return {
        **MESSAGE_STATUSES,
        UNSUCCESSFUL: _("Unsuccessful"),
        PLANNED: _("Scheduled"),
    }


def texts(chosen: Chosen) -> Mapping[str, Mapping[str, Any]]:
    """Return what the values of some filters are called, by the name of the filter."""
    code = chosen.args.get("country")
    return {
        "key": owners.keys() if "key" in chosen.args else {},
        "purpose": {NO_CODE: _("notices, no code")},
        "country": {code: country(code)} if code else {},
        "test": TESTS,
    }


def unreadable() -> str:
    """Return the error text for a link whose search can't be decrypted."""
    return _("The search in this link can no longer be read. Type it again.")


def too_long() -> str:
    """Return the error text for a search text that is too long."""
    return _("That is too long. Enter a destination, an ID or a reference.")
