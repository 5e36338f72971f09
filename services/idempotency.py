"""Answer a repeated request with its first answer: one row per key; the insert decides between parallel requests."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.characters import has_control_characters
from domain.errors import FieldProblem, FirstInFlight, InvalidInput, KeyReused
from domain.keyring import Keyring, Unreadable
from exts import db
from models import IdempotentAnswer
from services.process.parts import part
from services.storage.transactions import change, statements

LIFE = timedelta(hours=24)
TAKE_OVER_AFTER = timedelta(seconds=60)
"""A first request without an answer after this time is taken for dead with its process, and a repeat may replace it."""
LONGEST_KEY = 255
FINGERPRINT_DIGITS = 56
TRIES = 5

_row = IdempotentAnswer


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the first request."""

    status: int
    headers: Mapping[str, str]
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to execute the request of one key; `at` distinguishes it from a later claim of the same key."""

    owner: str
    key: str
    at: datetime


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return a hash that is equal for equal requests; don't store it, because a code in the body could be guessed."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode("utf-8", "replace"), body))).hexdigest()


def claim(owner: str, key: str, request: str, now: datetime) -> Claim | Answer:
    """Return a claim if this is the first request with `key`, else the answer to the first one.

    `request` is a fingerprint. The claim is committed before the work begins, so that only one of several parallel
    requests gets it. Raises InvalidInput for an invalid key, KeyReused and FirstInFlight.
    """
    if not 1 <= len(key) <= LONGEST_KEY or has_control_characters(key):
        raise InvalidInput(
            FieldProblem("Idempotency-Key", f"must have 1 to {LONGEST_KEY} printable characters")
        )
    mine = Claim(owner, hashlib.sha256(key.encode("utf-8", "replace")).hexdigest(), now)
    for _ in range(TRIES):
        if _insert(mine, request):
            return mine
        found = _find(mine)
        if found is None:  # released after our insert failed
            continue
        answer = None if found.created_at <= now - LIFE else _first_answer(found, request, now)
        if answer is not None:
            return answer
        if _take_over(mine, request, found.created_at):
            return mine
    raise FirstInFlight("other requests with this Idempotency-Key are in flight")


def _first_answer(found: IdempotentAnswer, request: str, now: datetime) -> Answer | None:
    """Return the answer to the first request, None where that request died; raises KeyReused and FirstInFlight."""
    if not _same(found.fingerprint, request):
        raise KeyReused
    if found.status is not None:
        return Answer(found.status, found.headers or {}, found.body or "")
    if found.created_at > now - TAKE_OVER_AFTER:
        raise FirstInFlight("the first request with this Idempotency-Key is still in flight")
    return None


def keep(mine: Claim, answer: Answer) -> None:
    """Store the answer for a day; does nothing if the claim was taken over."""
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    statement = update(_row).where(*_is(mine)).values(**values)
    statements(lambda connection: change(connection, statement))


def release(mine: Claim) -> None:
    """Delete the claim, so that the next request with this key counts as the first."""
    statement = delete(_row).where(*_is(mine))
    statements(lambda connection: change(connection, statement))


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


def _insert(mine: Claim, request: str) -> bool:
    values = {
        "owner": mine.owner,
        "key": mine.key,
        "fingerprint": _seal(request, part(Keyring).newest),
        "created_at": mine.at,
    }
    try:
        statements(lambda connection: connection.execute(insert(_row).values(**values)))
    except IntegrityError:
        return False
    return True


def _find(mine: Claim) -> IdempotentAnswer | None:
    found = db.session.scalar(
        select(_row)
        .where(_row.owner == mine.owner, _row.key == mine.key)
        .execution_options(populate_existing=True)
    )
    if found is not None:
        db.session.expunge(found)
    db.session.rollback()
    return found


def _take_over(mine: Claim, request: str, seen_at: datetime) -> bool:
    """Take over an abandoned row; only the first of several parallel requests succeeds."""
    taken = (
        update(_row)
        .where(_row.owner == mine.owner, _row.key == mine.key, _row.created_at == seen_at)
        .values(created_at=mine.at, fingerprint=_seal(request), status=None, headers=None, body=None)
    )
    return bool(statements(lambda connection: change(connection, taken)))
