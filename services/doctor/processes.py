"""The other processes of the installation, and whether their clocks agree with ours."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import Row, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from domain.keyring import Keyring
from domain.statuses import Lane
from exts import db
from models import SeenProcess, clock
from services.doctor.findings import Finding, fail, ok, warn
from services.doctor.servers import redis_at
from services.process.health import MOST_SKEW_SECONDS, SEEN_WITHIN
from services.process.parts import part

UNKNOWN = "not known while the database does not answer"
_NOW = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
    "mysql": "SELECT unix_timestamp(sysdate(6))",
}


def check_worker() -> Iterator[Finding]:
    """Look for live workers and the lanes they take."""
    seen = _seen("worker")
    if seen is None:
        yield warn("worker", UNKNOWN)
        return
    if not seen:
        yield warn("worker", f"none seen within {_within()}: celery -A tasks.celery worker --pool=solo")
        return
    taken = {lane for row in seen for lane in row.lanes.split(",")}
    yield ok("worker", f"{len(seen)} alive, lanes {', '.join(lane for lane in Lane if lane in taken)}")
    yield from _other_keys(seen)
    for lane in Lane:
        if lane not in taken:
            yield warn("worker", f"no worker takes the lane {lane}: start one without -Q or with -Q {lane}")


def _other_keys(seen: list[Row[tuple[str, str]]]) -> Iterator[Finding]:
    """Find workers with another CODE_PEPPER: they can't read what we seal, or we not what they seal."""
    ours = part(Keyring)
    others = 0
    for row in seen:
        theirs = row.pepper_ids.split(",") if row.pepper_ids else [ours.newest]  # an older release tells none
        others += ours.newest not in theirs or theirs[0] not in ours.ids
    if others:
        yield fail(
            "worker",
            f"{others} of {len(seen)} {'has' if others == 1 else 'have'} another CODE_PEPPER than this process:"
            " messages can't be read; give all processes the same keys, and restart them",
        )


def check_beat() -> Iterator[Finding]:
    """Look for a live beat."""
    seen = _seen("beat")
    if seen is None:
        yield warn("beat", UNKNOWN)
    elif seen:
        yield ok("beat", f"{len(seen)} alive")
    else:
        yield warn("beat", f"none seen within {_within()}, schedules do not run: celery -A tasks.celery beat")


def check_clock() -> Iterator[Finding]:
    """Compare our clock with the database server's, or with that of Redis if the database is a file."""
    told = _database_time() or _redis_time()
    if told is None:
        yield ok("clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, nothing to compare it with")
        return
    server, skew = told
    text_ = f"{abs(skew):.1f} s {'behind' if skew < 0 else 'ahead of'} {server}"
    if abs(skew) > MOST_SKEW_SECONDS:
        yield fail("clock", f"{text_}: leases and limits count wrong; keep both machines on NTP")
    else:
        yield ok("clock", text_)
    yield from _clocks_of_others()


def _clocks_of_others() -> Iterator[Finding]:
    """Name the workers and beats that found their own clock to be off."""
    off = (
        SeenProcess.seen_at >= clock.now() - SEEN_WITHIN,
        func.abs(SeenProcess.ahead_ms) > MOST_SKEW_SECONDS * 1000,
    )
    try:
        with db.engine.connect() as connection:
            for name, found in connection.execute(select(SeenProcess.name, SeenProcess.ahead_ms).where(*off)):
                ahead_ms = found or 0
                word = "behind" if ahead_ms < 0 else "ahead of"
                yield fail(
                    "clock", f"{name} is {abs(ahead_ms) / 1000:.1f} s {word} the database: keep it on NTP"
                )
    except SQLAlchemyError:
        return  # check_database reports it


def _seen(kind: str) -> list[Row[tuple[str, str]]] | None:
    """Return the processes seen lately, None where the database does not answer."""
    rows = select(SeenProcess.lanes, SeenProcess.pepper_ids).where(
        SeenProcess.kind == kind, SeenProcess.seen_at >= datetime.now(UTC) - SEEN_WITHIN
    )
    try:
        with db.engine.connect() as connection:
            return list(connection.execute(rows))
    except SQLAlchemyError:
        return None


def _within() -> str:
    return f"{SEEN_WITHIN.total_seconds():.0f} s"


def _database_time() -> tuple[str, float] | None:
    """Return `the database` and by how many seconds our clock is ahead of it; None where it can't be asked."""
    try:
        with db.engine.connect() as connection:
            question = _NOW.get(connection.dialect.name)
            if question is None:
                return None
            before = time.time()
            answer = float(connection.execute(text(question)).scalar_one())
            return "the database", (before + time.time()) / 2 - answer
    except SQLAlchemyError:
        return None  # check_database reports it


def _redis_time() -> tuple[str, float] | None:
    if not current_app.config["REDIS_URL"]:
        return None
    try:
        with redis_at(current_app.config["REDIS_URL"]) as client:
            before = time.time()
            seconds, microseconds = client.time()
            return "Redis", (before + time.time()) / 2 - (seconds + microseconds / 1e6)
    except (RedisError, OSError, ValueError):
        return None  # check_limits_store reports it
