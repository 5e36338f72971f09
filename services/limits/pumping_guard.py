"""Is the prefix of a number open? Answered from closures read at most a second ago, not with a query per request."""

import logging
import math
from datetime import datetime

from flask import current_app
from sqlalchemy import null, select, union_all

from domain.destinations import Destination, mask
from domain.errors import LimitExceeded
from domain.pumping import Closures, Rule
from exts import db
from models import clock
from models.pumping import PrefixClosure, SafePrefix
from services.limits.refusals import Refusals
from services.process.freshness import Fresh
from services.process.parts import part
from services.storage.transactions import Writer

log = logging.getLogger(__name__)
LIMIT = "pumping_guard"

_closures = PrefixClosure.__table__
_safe = SafePrefix.__table__


def read(reader: Writer | None = None) -> Closures:
    """Return what is closed now."""
    closed = select(_closures.c.prefix, _closures.c.until).where(_closures.c.until > clock.now())
    rows = (reader or db.session()).execute(union_all(closed, select(_safe.c.prefix, null()))).all()
    return Closures(
        until={prefix: until for prefix, until in rows if until is not None},
        safe=tuple(prefix for prefix, until in rows if until is None),
    )


class FreshClosures(Fresh[Closures]):
    """Which prefixes are closed, read at most every `seconds`."""

    def __init__(self, seconds: float = 1):
        super().__init__(read, seconds)


def ensure_open(destination: Destination, now: datetime, *, reader: Writer | None = None) -> None:
    """Raise LimitExceeded where codes to the number's prefix are stopped; in a dry run only log and count it.

    `reader`: the caller's connection, if it holds one: waiting for a second one could deadlock the connection pool.
    """
    closures = part(FreshClosures).get(lambda: read(reader))
    until = closures.closed_until(destination.prefix, destination.canonical, now)
    if until is None:
        return
    settings = current_app.config
    if not Rule.of(settings).is_on:
        return
    refusal = LimitExceeded(
        LIMIT, max(1, math.ceil((until - now).total_seconds())), who=destination.prefix or ""
    )
    if not settings["PUMPING_GUARD_DRY_RUN"]:
        raise refusal
    log.warning("the pumping guard would have refused a code to %s", mask(destination.to))
    part(Refusals).note(refusal, f"{LIMIT}_dry_run")
