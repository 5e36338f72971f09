"""Check a password, with limits on failures per account and per IP address."""

import hashlib
import logging
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import Connection

from domain.destinations import mask
from domain.errors import NotAuthenticated
from domain.limits import Window
from services.limits import counters
from services.limits.rate_windows import RateWindows
from services.limits.shared_windows import address_key
from services.people.passwords import is_password
from services.process.parts import part
from services.storage.transactions import statements

log = logging.getLogger(__name__)
FAILURES_SECONDS = 300


def prove(account: str, stored: str | None, password: str, ip: str | None) -> None:
    """Raise NotAuthenticated where the password is wrong, LimitExceeded where it was wrong too often.

    A failure of the account is counted before the password is checked, and taken back if the password is right, so
    that parallel guesses can't share one attempt.
    """
    ensure_room_of_address(ip)
    counted_at = count_failure(account)
    if not is_password(stored, password):
        log.warning("sign-in of %s from %s refused", mask(account) if "@" in account else "no address", ip)
        count_address(ip)
        raise NotAuthenticated("e-mail address or password is wrong")
    take_back_failure(account, counted_at)


def ensure_room_of_address(ip: str | None) -> None:
    """Raise LimitExceeded where an IP address had too many failures."""
    part(RateWindows).ensure_room(*_per_address(ip), FAILURES_SECONDS)


def count_address(ip: str | None) -> None:
    """Count one failure of an IP address; raises LimitExceeded where it is one too many."""
    part(RateWindows).hit(*_per_address(ip), FAILURES_SECONDS)


def count_failure(account: str, *, by_day: bool = False) -> datetime:
    """Count one failure of an account in advance and return its time; raises LimitExceeded.

    `by_day` also keeps to the day's limit of wrong codes, for what has no more digits than a code.
    """

    def work(connection: Connection) -> datetime:
        now = datetime.now(UTC)
        counted = counters.look(connection, _key(account), _windows(by_day))
        counters.ensure_room(counted, now, who=mask(account) if "@" in account else "")
        counters.count(connection, counted, now)
        return now

    return statements(work)


def take_back_failure(account: str, counted_at: datetime, *, by_day: bool = False) -> None:
    """Take back a failure that was counted in advance."""
    counters.take_back(_key(account), _windows(by_day), counted_at)


def _key(account: str) -> str:
    return "sign_in|" + hashlib.sha256(account.encode()).hexdigest()


def _windows(by_day: bool) -> list[Window]:
    settings = current_app.config
    short = Window("sign_in_failures", settings["SIGN_IN_FAILURES_PER_5_MINUTES"], FAILURES_SECONDS)
    return [short, *counters.failure_windows(settings)] if by_day else [short]


def _per_address(ip: str | None) -> tuple[str, str, int]:
    address = address_key(ip) if ip else "unknown"
    return "sign_in_failures_per_ip", address, current_app.config["SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES"]
