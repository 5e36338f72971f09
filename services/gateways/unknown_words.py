"""Words for a status that providers report and nobody has given a meaning: counted, so that people see them."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from channels.gateway import Gateway
from channels.receipts import KnowsWords
from exts import db
from models import UnknownWord
from services.storage.transactions import change, statements

MOST = 50
"""Of one gateway."""
SHOWN = timedelta(days=30)
WORD = re.compile(r"[A-Za-z_][\w .:/-]{0,63}|-?[0-9]{1,3}", re.ASCII)
NO_WORD = "(no word)"
"""Stands for what may be a number, a text or an address that was read from the wrong place."""

words = UnknownWord.__table__


@dataclass(frozen=True, slots=True)
class WordView:
    """A word and how often it was reported."""

    word: str
    count: int
    last_at: datetime


def note(gateway: str, word: str, now: datetime) -> None:
    """Count a word."""
    kept = word if WORD.fullmatch(word) else NO_WORD
    with suppress(IntegrityError):  # another process was faster; the next report counts
        statements(lambda connection: _note(connection, gateway, kept, now))


def of(gateway: Gateway) -> Sequence[WordView]:
    """Return the words of a gateway that still have no meaning, the most frequent first."""
    if not isinstance(gateway, KnowsWords):
        return []
    since = datetime.now(UTC) - SHOWN
    found = db.session.execute(
        select(UnknownWord.word, UnknownWord.count, UnknownWord.last_at)
        .where(UnknownWord.gateway == gateway.name, UnknownWord.last_at > since)
        .order_by(UnknownWord.count.desc(), UnknownWord.word)
    )
    return [WordView(*row) for row in found if not gateway.knows_word(row.word)]


def _note(connection: Connection, gateway: str, word: str, now: datetime) -> None:
    is_this = (words.c.gateway == gateway, words.c.word == word)
    if change(connection, update(words).where(*is_this).values(count=words.c.count + 1, last_at=now)):
        return
    of_gateway = select(func.count()).select_from(words).where(words.c.gateway == gateway)
    if (connection.scalar(of_gateway) or 0) < MOST:
        connection.execute(insert(words).values(gateway=gateway, word=word, count=1, last_at=now))
