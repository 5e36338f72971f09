"""Codes to one prefix of numbers and from one address: windows in Redis, in SQL while it is away.

A row of such a window may be asked for by many at once, so SQL counts them only where Redis can't.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, or_, select

from domain import pumping
from domain.destinations import Destination
from domain.errors import FieldProblem, InvalidInput
from domain.limits import Window
from domain.owners import LIVE, Owner
from models import Broadcast, Message
from services.limits import counters
from services.limits.counters import Counted
from services.limits.rate_windows import RateWindows
from services.process.parts import part
from services.storage.transactions import Writer

ADDRESS_SECONDS = 60
PREFIX_SECONDS = 600
PREFIX_LIMIT = "prefix_sends_per_10_minutes"


def take_address(writer: Writer, client_ip: str, now: datetime, owner: Owner) -> None:
    """Count one send asked for from an IP address; raises LimitExceeded and LostRace."""
    key, most = address_key(client_ip), current_app.config["IP_SENDS_PER_MINUTE"]
    window = Window("ip_sends_per_minute", most, ADDRESS_SECONDS)
    if not _is_counted_shared(window, key, owner):
        counted = counters.look(writer, counters.window_key(window.name, key, owner), [window])
        _count(writer, counted, now, key)


def take_prefix(writer: Writer, destination: Destination, now: datetime, owner: Owner) -> None:
    """Count one code to the prefix of a number; raises LimitExceeded and LostRace.

    Without Redis, what it counted before is found in the rows of the messages.
    """
    prefix, most = destination.prefix or "", current_app.config["PREFIX_SENDS_PER_10_MINUTES"]
    window = Window(PREFIX_LIMIT, most, PREFIX_SECONDS)
    if _is_counted_shared(window, prefix, owner):
        return
    counted = counters.look(writer, counters.window_key(window.name, prefix, owner), [window])
    sent = _sent_to(writer, prefix, now, owner, most)
    if len(sent) > len(counted.events):
        counted = Counted(counted.key, counted.windows, counted.version, sent)
    _count(writer, counted, now, prefix)


def used_of_prefix(reader: Writer, prefix: str, now: datetime) -> int:
    """Return how many codes to a prefix its window counts just now."""
    most = current_app.config["PREFIX_SENDS_PER_10_MINUTES"]
    used = part(RateWindows).used_shared(PREFIX_LIMIT, prefix, most, PREFIX_SECONDS)
    return len(_sent_to(reader, prefix, now, Owner("key"), most)) if used is None else used


def _is_counted_shared(window: Window, key: str, owner: Owner) -> bool:
    shared = part(RateWindows)
    return shared.hit_shared(window.name, key, window.count, window.seconds, ledger=owner.ledger)


def _count(writer: Writer, counted: Counted, now: datetime, who: str) -> None:
    counters.ensure_room(counted, now, who=who)
    counters.count(writer, counted, now)


def _sent_to(writer: Writer, prefix: str, now: datetime, owner: Owner, most: int) -> Sequence[datetime]:
    """Return when codes went to a prefix lately, at most `most` of them."""
    first, last = (prefix + digit * pumping.LAST_DIGITS for digit in "09")
    found = (
        select(Message.created_at)
        .where(
            Message.canonical.between(first, last),
            Message.created_at > now - timedelta(seconds=PREFIX_SECONDS),
            Message.verification_id.is_not(None),
            *of_ledger(owner),
        )
        .order_by(Message.created_at.desc())
        .limit(most)
    )
    return [row[0] for row in writer.execute(found)]


def of_ledger(
    owner: Owner, table: type[Message] | type[Broadcast] = Message
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the messages, or broadcasts, that an owner's ledger counts."""
    if owner.ledger == LIVE:
        return (table.is_test.is_(False),)
    if owner.is_test:
        return (table.owner == owner.id,)
    kind = owner.ledger
    return (or_(table.owner == kind, table.owner.startswith(f"{kind}:", autoescape=True)),)


def address_key(text: str) -> str:
    """Return what counts as one sender: an IPv4 address, or the /64 that one household or server rents.

    Raises InvalidInput where `text` is not an IP address.
    """
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError as error:
        raise InvalidInput(FieldProblem("client_ip", "must be an IP address")) from error
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
