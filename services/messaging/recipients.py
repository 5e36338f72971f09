"""The recipients of a broadcast: the valid ones, and each rejected one with its index and the reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from domain import unsubscribe_links
from domain.destinations import Destination
from domain.errors import InvalidInput
from domain.keyring import Keyring
from domain.statuses import Channel
from exts import db
from services import typed
from services.limits import send_limits
from services.messaging import suppressions
from services.outbox import bulk_stops, contents, fitting
from services.outbox.contents import Content
from services.process.parts import part

MOST = 10_000
LONGEST_TO = 400


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient who gets the broadcast."""

    index: int
    destination: Destination
    params: Mapping[str, str] = field(repr=False)
    segments: int = 1

    def is_in(self, canonicals: Collection[str]) -> bool:
        """Tell whether this recipient's destination is in a collection."""
        return self.destination.canonical in canonicals


@dataclass(frozen=True, slots=True)
class Rejected:
    """A recipient who does not get it; `index` is the position in the call's list."""

    index: int
    code: str
    detail: str


class BadRecipient(ValueError):
    """Raised where an entry of the list is not a recipient, or lacks a parameter of the text."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code = code


def sort(content: Content, given: Sequence[Any], service: str) -> tuple[list[Recipient], list[Rejected]]:
    """Return the valid and the rejected recipients, both in the order of the list.

    `service` is the name of the service in the text.
    """
    good: list[Recipient] = []
    rejected: list[Rejected] = []
    seen: set[str] = set()
    for index, one in enumerate(given):
        try:
            recipient = _recipient(index, content, one, service)
        except InvalidInput as error:
            rejected.append(Rejected(index, error.code, "; ".join(_told(error))))
            continue
        except BadRecipient as error:
            rejected.append(Rejected(index, error.code, str(error)))
            continue
        if recipient.destination.canonical in seen:
            rejected.append(Rejected(index, "duplicate", "to: is already in the list"))
            continue
        seen.add(recipient.destination.canonical)
        good.append(recipient)
    gone = suppressions.suppressed(db.session(), content.channel, seen)
    rejected += [
        Rejected(one.index, bulk_stops.ERROR, "to: gets no broadcasts") for one in good if one.is_in(gone)
    ]
    return [one for one in good if not one.is_in(gone)], sorted(rejected, key=lambda one: one.index)


def _told(error: InvalidInput) -> list[str]:
    return [f"{problem.field}: {problem.message}" for problem in error.problems]


def _recipient(index: int, content: Content, one: Any, service: str) -> Recipient:
    if not isinstance(one, Mapping) or not {"to"} <= one.keys() <= {"to", "params"}:
        raise BadRecipient("invalid_recipient", "must be an object with `to`, and `params` if needed")
    to = one["to"]
    if not isinstance(to, str) or len(to) > LONGEST_TO:
        raise BadRecipient("invalid_recipient", f"to: must be text of at most {LONGEST_TO} characters")
    destination = typed.destination(content.channel, to)
    send_limits.ensure_country(destination)
    params = _params(content, one.get("params"))
    return Recipient(
        index, destination, params, fitting.fit(content, all_params(content, destination, params, service))
    )


def all_params(
    content: Content, destination: Destination, params: Mapping[str, str], service: str
) -> Mapping[str, str]:
    """Return a recipient's parameters with those that we give; the real link, where an SMS may have it, is long."""
    link = None
    if content.channel is Channel.SMS and (content.template or fitting.uses(content, "unsubscribe_url")):
        url = current_app.config["PUBLIC_URL"]
        link = unsubscribe_links.link(part(Keyring), url, content.channel, destination.canonical)
    return {"service": service, "unsubscribe_url": link or "", **params}


def _params(content: Content, given: Any) -> Mapping[str, str]:
    try:
        params = contents.check_params({} if given is None else given)
    except ValueError as error:
        raise BadRecipient("invalid_params", f"params: {error}") from None
    missing = contents.missing(content, params)
    if missing:
        raise BadRecipient("invalid_params", f"params: lacks {', '.join(missing)}")
    return params
