"""Is a destination a test number now? Answered from rows read at most a second ago, not with a query per request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from domain.destinations import Destination
from domain.errors import Conflict
from domain.keyring import Keyring, Unreadable
from domain.owners import Owner
from domain.profiles import Profile
from domain.statuses import Channel
from domain.test_numbers import NEVER_SENT
from exts import db
from models import TestNumber, clock
from services.outbox.outbox import NewMessage
from services.process.freshness import Fresh
from services.process.parts import part

_numbers = TestNumber.__table__


@dataclass(frozen=True, slots=True)
class FixedCode:
    """The code of a test number, sealed until it is needed."""

    id: str
    sealed: bytes = field(repr=False)
    ends_at: datetime

    def open(self) -> str:
        """Return the code; raises Conflict where its key was removed."""
        try:
            return part(Keyring).open(self.sealed, row=self.id).decode()
        except Unreadable as error:
            raise Conflict(
                "the code of this test number can't be read: remove it and add it again"
            ) from error

    def limited(self, profile: Profile) -> Profile:
        """Return a profile whose codes expire with the test number at the latest."""
        left = max(1, int((self.ends_at - clock.now()).total_seconds()))
        return replace(profile, code_ttl_seconds=min(profile.code_ttl_seconds, left))


def read() -> Mapping[str, FixedCode]:
    """Return the test numbers by their canonical form, which no two channels share."""
    session = db.session()
    was_open = session.in_transaction()
    columns = (_numbers.c.canonical, _numbers.c.id, _numbers.c.sealed_code, _numbers.c.ends_at)
    rows = session.execute(select(*columns).where(_numbers.c.sealed_code.is_not(None))).all()
    if not was_open:
        session.rollback()  # the next write must not build on this read
    return {row.canonical: FixedCode(row.id, row.sealed_code, row.ends_at) for row in rows}


class FreshTestNumbers(Fresh[Mapping[str, FixedCode]]):
    """The test numbers, read at most every `seconds`."""

    def __init__(self, seconds: float = 1):
        super().__init__(read, seconds)


def of(owner: Owner, destination: Destination) -> FixedCode | None:
    """Return the code of a test number that has not ended; None for others, and for what the console sends."""
    if owner.is_console:
        return None  # a code known to others must not sign anybody in to the console
    found = part(FreshTestNumbers).get().get(destination.canonical)
    return found if found is not None and clock.now() < found.ends_at else None


def billed(messages: Iterable[NewMessage]) -> list[str | None]:
    """Return a country for each segment of the SMS among these that are not to a test number."""
    return [
        message.destination.country
        for message in messages
        if message.destination.channel is Channel.SMS and message.ask_first != NEVER_SENT
        for _ in range(message.segments)
    ]


def marked(message: NewMessage) -> NewMessage:
    """Return a message that a worker settles without a gateway, if it is to a test number; any other as it is."""
    if of(Owner(message.owner), message.destination) is None:
        return message
    return replace(message, is_test=True, ask_first=NEVER_SENT)
