"""May this be sent now? Country, address, prefix, budget and destination, asked in this order of cost."""

import ipaddress
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import func, select

from domain.destinations import Destination
from domain.errors import CountryNotAllowed, FieldProblem, InvalidInput, LimitExceeded
from domain.statuses import Channel
from exts import db
from models import Message
from services import limits
from services.runtime import runtime
from services.transactions import Writer


def take(writer: Writer, destination: Destination, now: datetime, *, client_ip: str | None) -> None:
    """Count one send of a code in the caller's transaction.

    Raises CountryNotAllowed, LimitExceeded, and LostRace where a rival for the same destination was faster. The
    destination is asked first, so that what it refuses uses up nobody else's windows.
    """
    settings = current_app.config
    ensure_country(destination)
    counted = limits.look(writer, limits.sends_key(destination), limits.send_windows(settings))
    limits.ensure_room(counted, now)
    shared = runtime().windows
    if client_ip:
        shared.hit("ip_sends_per_minute", address_key(client_ip), settings["IP_SENDS_PER_MINUTE"], 60)
    if destination.channel is Channel.SMS:
        prefix = destination.prefix or ""
        shared.hit("prefix_sends_per_10_minutes", prefix, settings["PREFIX_SENDS_PER_10_MINUTES"], 600)
        take_budget(reader=writer)
    limits.count(writer, counted, now)


def ensure_country(destination: Destination) -> None:
    """Raise CountryNotAllowed where SMS to this country is not switched on; a number of unknown country needs `*`."""
    allowed = current_app.config["SMS_COUNTRIES"]
    if destination.channel is Channel.SMS and "*" not in allowed and destination.country not in allowed:
        raise CountryNotAllowed("SMS to this country is not switched on")


def take_budget(count: int = 1, *, reader: Writer | None = None) -> None:
    """Count SMS against `SMS_SENDS_PER_DAY`, all or none; raises LimitExceeded.

    `reader`: the caller's connection, where it holds one: who waited for a second could wait for ever.

    The rows are counted too, now and then while Redis counts and each time while it is away: a ceiling of the bill
    must not open when a cache dies or forgets.
    """
    most = current_app.config["SMS_SENDS_PER_DAY"] or 0
    if most == 0:
        return
    if runtime().windows.is_shared:
        runtime().windows.hit("sms_sends_per_day", "all", most, limits.DAY, events=count)
    lately = runtime().sms_of_a_day
    is_shared = runtime().windows.is_shared
    sent = lately.get(lambda: sms_of_a_day(reader)) if is_shared else sms_of_a_day(reader)
    if sent + count > most:
        raise LimitExceeded("sms_sends_per_day", 3600)


def sms_of_a_day(reader: Writer | None = None) -> int:
    """Return how many SMS were accepted in the last day."""
    since = datetime.now(UTC) - timedelta(seconds=limits.DAY)
    is_sms = (Message.channel == Channel.SMS.value, Message.created_at > since)
    return (reader or db.session()).scalar(select(func.count()).where(*is_sms)) or 0


def address_key(text: str) -> str:
    """Return what counts as one sender: an IPv4 address, or the /64 that one household or server rents.

    Raises InvalidInput where `text` is no address.
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
