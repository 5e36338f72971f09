"""May this be sent now? Country, destination, closed prefixes, address, prefix and the day's budgets are checked."""

import ipaddress
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import func, select

from domain.destinations import Destination
from domain.errors import CountryNotAllowed, FieldProblem, InvalidInput, LimitExceeded
from domain.setting_texts import EVERY_OTHER
from domain.statuses import Channel
from exts import db
from models import Message
from services.limits import counters, pumping_guard
from services.limits.rate_windows import RateWindows
from services.process.freshness import Fresh
from services.process.parts import part
from services.storage.transactions import Writer

COUNTRY_LIMIT = "country_sends_per_day"
UNKNOWN = "unknown"
"""The country of numbers whose calling code several countries share."""


def take(
    writer: Writer,
    destination: Destination,
    now: datetime,
    *,
    client_ip: str | None,
    has_cooldown: bool = True,
) -> None:
    """Count one send of a code in the caller's transaction.

    Raises CountryNotAllowed, LimitExceeded, and LostRace where another send to the same destination was faster. The
    destination's own limits are checked first, so that what they refuse uses up nobody else's windows.
    """
    settings = current_app.config
    ensure_country(destination)
    counted = counters.look(
        writer, counters.sends_key(destination), counters.send_windows(settings, has_cooldown=has_cooldown)
    )
    counters.ensure_room(counted, now)
    if destination.channel is Channel.SMS:
        pumping_guard.ensure_open(destination, now, reader=writer)
    shared = part(RateWindows)
    if client_ip:
        shared.hit("ip_sends_per_minute", address_key(client_ip), settings["IP_SENDS_PER_MINUTE"], 60)
    if destination.channel is Channel.SMS:
        prefix = destination.prefix or ""
        shared.hit("prefix_sends_per_10_minutes", prefix, settings["PREFIX_SENDS_PER_10_MINUTES"], 600)
        take_budget([destination.country], reader=writer)
    counters.count(writer, counted, now)


def ensure_country(destination: Destination) -> None:
    """Raise CountryNotAllowed where SMS to this country is not switched on; a number of unknown country needs `*`."""
    allowed = current_app.config["SMS_COUNTRIES"]
    if destination.channel is Channel.SMS and "*" not in allowed and destination.country not in allowed:
        raise CountryNotAllowed("SMS to this country is not switched on")


def take_budget(countries: Collection[str | None], *, reader: Writer | None = None) -> None:
    """Count one SMS to each of these countries against the day's budgets, all or none; raises LimitExceeded.

    `reader`: the caller's connection, if it holds one: waiting for a second one could deadlock the connection pool.

    The rows are counted too, once a minute while Redis counts and each time while it is down: a cap on the bill must
    not open when a cache dies or loses its data.
    """
    most = current_app.config["SMS_SENDS_PER_DAY"] or 0
    wanted = Counter(countries)
    budgets = {country: budget for country in wanted if (budget := budget_of(country))}
    if most == 0 and not budgets:
        return
    windows, lately = part(RateWindows), part(RecentSms)
    if windows.is_shared:
        windows.hit("sms_sends_per_day", "all", most, counters.DAY, events=wanted.total())
        for country, budget in budgets.items():
            windows.hit(COUNTRY_LIMIT, country or UNKNOWN, budget, counters.DAY, events=wanted[country])
    sent = lately.get(lambda: sms_of_a_day(reader)) if windows.is_shared else sms_of_a_day(reader)
    if most and sum(sent.values()) + wanted.total() > most:
        raise LimitExceeded("sms_sends_per_day", 3600, who="all")
    for country, budget in budgets.items():
        if sent.get(country, 0) + wanted[country] > budget:
            raise LimitExceeded(COUNTRY_LIMIT, 3600, who=country or UNKNOWN)


def budget_of(country: str | None) -> int:
    """Return the most SMS to a country in a day; 0 is no limit."""
    budgets: Mapping[str, int] = current_app.config["COUNTRY_SENDS_PER_DAY"]
    return budgets.get(country or EVERY_OTHER, budgets.get(EVERY_OTHER, 0))


def sms_of_a_day(reader: Writer | None = None) -> Mapping[str | None, int]:
    """Return how many SMS were accepted in the last day, by country."""
    since = datetime.now(UTC) - timedelta(seconds=counters.DAY)
    is_sms = (Message.channel == Channel.SMS.value, Message.created_at > since)
    counted = select(Message.country, func.count()).where(*is_sms).group_by(Message.country)
    rows = (reader or db.session()).execute(counted)
    return {row[0]: row[1] for row in rows}


class RecentSms(Fresh[Mapping[str | None, int]]):
    """How many SMS the rows of the last day hold by country, counted once a minute."""

    def __init__(self) -> None:
        super().__init__(sms_of_a_day, seconds=60)


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
