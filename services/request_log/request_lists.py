"""The requests of a key for its page, and how many there were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from exts import db
from models import ApiHour, ApiRequest
from services.request_log.writing import FIRST_ERROR
from services.traffic import listing
from services.traffic.listing import Wanted

PAGE = 50
HOURS = 24


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A line of the log; `code` is None for an answer that is no error."""

    id: str
    method: str
    path: str
    status: int
    code: str | None
    took_ms: int
    request_id: str
    at: datetime

    @property
    def is_error(self) -> bool:
        """Tell whether it was answered with an error."""
        return self.status >= FIRST_ERROR


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A page of the log; `looked_back_to` is the oldest time scanned, if the scan stopped before the page was full."""

    requests: tuple[LoggedRequest, ...]
    next_cursor: str | None
    looked_back_to: datetime | None


@dataclass(frozen=True, slots=True)
class Usage:
    """The requests of a key since some time; `unlogged` ones are not in the log."""

    calls: int = 0
    errors: int = 0
    unlogged: int = 0


def page(
    key_id: str,
    *,
    errors_only: bool = False,
    request_id: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> RequestPage:
    """Return the next requests of a key, newest first; raises InvalidInput for an invalid cursor."""
    indexed: list[ColumnElement[bool]] = [ApiRequest.api_key_id == key_id]
    sieve: list[ColumnElement[bool]] = []
    if request_id is not None:
        indexed.append(ApiRequest.request_id == request_id)
    if errors_only:
        sieve.append(ApiRequest.status >= FIRST_ERROR)
    wanted = Wanted(_SHOWN, ApiRequest.at, ApiRequest.id, indexed, sieve)
    found = listing.look(wanted, limit=limit or PAGE, cursor=cursor)
    lines = tuple(LoggedRequest(**row._mapping) for row in found.rows)
    return RequestPage(lines, found.next_cursor, found.looked_back_to)


def usage(since: datetime) -> Mapping[str, Usage]:
    """Return the requests of each key since the beginning of an hour, by the key's id; one statement."""
    sums: list[Any] = [func.sum(column) for column in (ApiHour.calls, ApiHour.errors, ApiHour.unlogged)]
    rows = db.session.execute(
        select(ApiHour.api_key_id, *sums).where(ApiHour.hour >= since).group_by(ApiHour.api_key_id)
    )
    found = {row[0]: Usage(*map(int, row[1:])) for row in rows}
    db.session.rollback()
    return found


def last_day(now: datetime) -> Mapping[str, Sequence[Usage]]:
    """Return the requests of each key in the last 24 hours, hour by hour, by the key's id; one statement."""
    last = now.replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    rows = db.session.execute(
        select(ApiHour.api_key_id, ApiHour.hour, ApiHour.calls, ApiHour.errors, ApiHour.unlogged).where(
            ApiHour.hour >= hours[0]
        )
    )
    found = {(key_id, hour): Usage(*counts) for key_id, hour, *counts in rows}
    db.session.rollback()
    return {key: [found.get((key, hour), Usage()) for hour in hours] for key in {key for key, _ in found}}


_SHOWN = (
    *(ApiRequest.id, ApiRequest.method, ApiRequest.path, ApiRequest.status, ApiRequest.code),
    *(ApiRequest.took_ms, ApiRequest.request_id, ApiRequest.at),
)
