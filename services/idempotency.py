"""Answer a repeated request with its first answer: one row per key, committed together with what the request did."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, Insert, Update, delete, insert, null, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.characters import has_control_characters
from domain.errors import FieldProblem, FirstInFlight, InvalidInput, KeyReused
from domain.keyring import Keyring, Unreadable
from exts import db
from models import IdempotentAnswer
from models.reasons import reason
from services.process.parts import part
from services.storage import joint
from services.storage.joint import Joint
from services.storage.transactions import change

LIFE = timedelta(hours=24)
LEFT_BEHIND_AFTER = timedelta(seconds=3)
"""A row without an answer is of an older release, which committed it before the work; we never leave one behind."""
LONGEST_KEY = 255
FINGERPRINT_DIGITS = 56
_LOCK_TIMEOUTS = ("55P03", 1205)
"""PostgreSQL and MariaDB: somebody else holds the row, so that request is in flight."""

_row = IdempotentAnswer


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the first request."""

    status: int
    headers: Mapping[str, str]
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to execute the request of one key."""

    owner: str
    key: str
    request: str = field(repr=False)
    at: datetime
    work: Joint


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return a hash that is equal for equal requests; don't store it, because a code in the body could be guessed."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode("utf-8", "replace"), body))).hexdigest()


def claim(owner: str, key: str, request: str, now: datetime) -> Claim | Answer:
    """Return a claim if this is the first request with `key`, else the answer to the first one.

    `request` is a fingerprint. From now on everything that this thread commits waits for `keep` or `drop`: claim, work
    and answer are one commit, so that a killed process leaves either all three or none. A parallel request with the
    same key waits at its first commit for the end of this one, and then raises FirstInFlight: `answer_of` has the
    answer. Raises InvalidInput for an invalid key, KeyReused and FirstInFlight.
    """
    if not 1 <= len(key) <= LONGEST_KEY or has_control_characters(key):
        raise InvalidInput(
            FieldProblem("Idempotency-Key", f"must have 1 to {LONGEST_KEY} printable characters")
        )
    hashed = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    found = _find(owner, hashed)
    is_kept = found is not None and found.created_at > now - LIFE
    if is_kept and (answer := _first_answer(found, request, now)):
        return answer
    values = {"owner": owner, "key": hashed, "fingerprint": _seal(request), "created_at": now}
    shared = Joint(partial(_insert if found is None else partial(_replace, found.created_at), values))
    joint.join(shared)
    return Claim(owner, hashed, request, now, shared)


def keep(mine: Claim, answer: Answer) -> None:
    """Commit the work of a request together with its answer, which is kept for a day.

    Raises FirstInFlight where another request with the same key was faster, and what SQLAlchemy raises: then nothing
    was done.
    """
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    _end(mine, update(_row).where(*_is(mine)).values(**values))


def drop(mine: Claim) -> None:
    """Commit the work of a request, but no answer: the next request with this key counts as the first."""
    if mine.work.is_open:
        _end(mine, delete(_row).where(*_is(mine)))
    else:
        give_up(mine)


def give_up(mine: Claim) -> None:
    """Undo the work of a request; the next one with this key counts as the first."""
    joint.join(None)
    mine.work.abandon()


def answer_of(mine: Claim) -> Answer | None:
    """Return the answer to the request that was faster than this one; raises KeyReused and FirstInFlight."""
    give_up(mine)
    found = _find(mine.owner, mine.key)
    return None if found is None else _first_answer(found, mine.request, mine.at)


def _first_answer(found: Any, request: str, now: datetime) -> Answer | None:
    """Return the answer to the first request, None where it left none behind; raises KeyReused and FirstInFlight."""
    if not _same(found.fingerprint, request):
        raise KeyReused
    if found.status is not None:
        return Answer(found.status, found.headers or {}, found.body or "")
    if found.created_at > now - LEFT_BEHIND_AFTER:
        raise FirstInFlight("the first request with this Idempotency-Key is still in flight")
    return None


def _end(mine: Claim, last: Update | Delete) -> None:
    joint.join(None)
    mine.work.commit(lambda connection: change(connection, last))


def _is(mine: Claim) -> tuple[ColumnElement[bool], ...]:
    return _row.owner == mine.owner, _row.key == mine.key, _row.created_at == mine.at


def _seal(request: str, key: str | None = None) -> str:
    """Return the storable form of a fingerprint: an HMAC, prefixed with the name of its key, by default the newest."""
    key = key or part(Keyring).newest
    return key + part(Keyring).hash(f"request|{request}", key=key).hex()[:FINGERPRINT_DIGITS]


def _same(stored: str, request: str) -> bool:
    try:
        return hmac.compare_digest(stored, _seal(request, stored[:-FINGERPRINT_DIGITS]))
    except Unreadable:
        return False


def _insert(values: Mapping[str, Any], connection: Connection) -> None:
    _first(connection, insert(_row).values(**values))


def _replace(seen_at: datetime, values: Mapping[str, Any], connection: Connection) -> None:
    """Take the place of an answer whose day is over; only the first of several parallel requests succeeds."""
    old = (_row.owner == values["owner"], _row.key == values["key"], _row.created_at == seen_at)
    _first(connection, update(_row).where(*old).values(**values, status=None, headers=null(), body=null()))


def _first(connection: Connection, statement: Insert | Update) -> None:
    try:
        is_ours = change(connection, statement)
    except IntegrityError:
        is_ours = False
    except DBAPIError as error:
        if reason(error.orig) not in _LOCK_TIMEOUTS:
            raise
        is_ours = False
    if not is_ours:
        raise FirstInFlight("the first request with this Idempotency-Key is still in flight")


def _find(owner: str, key: str) -> Any:
    columns = (_row.fingerprint, _row.created_at, _row.status, _row.headers, _row.body)
    with db.engine.connect() as connection:
        return connection.execute(select(*columns).where(_row.owner == owner, _row.key == key)).first()
