"""Rows of messages and codes as a busy month leaves them: settled, without content, and nothing left to send."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.destinations import canonical
from domain.statuses import Channel, Lane, MessageStatus, Priority
from models.types import microseconds
from services.demo import people
from services.demo.carriers import Outcome, outcome

Row = dict[str, Any]
SECOND = 1_000_000
CODE_LIFE = 300
GOOD = (MessageStatus.DELIVERED, MessageStatus.SENT)
PURPOSES = {"login": 0.86, "register": 0.72, "reset_password": 0.79, "change_email": 0.91, "payment": 0.94}
"""The conversion of delivered codes by purpose."""
_PURPOSE_SHARES = (60, 21, 9, 4, 6)


@dataclass(slots=True)
class Block:
    """Rows to be written together."""

    messages: list[Row] = field(default_factory=list)
    verifications: list[Row] = field(default_factory=list)
    tries: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Where:
    """A destination, with its country and language."""

    to: str
    country: str | None
    locale: str

    @property
    def channel(self) -> str:
        """`sms` where there is a country, because addresses have none."""
        return (Channel.SMS if self.country else Channel.EMAIL).value


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the rows of `owners`, ids by name, until a given time; the same `chance` gives the same rows."""

    owners: dict[str, str]
    until: datetime
    pepper_id: str
    chance: Random

    def hour(self, start: datetime, count: int) -> Iterator[Block]:
        """Yield the rows of one hour with `count` messages, one block per person."""
        span = min(timedelta(hours=1), self.until - start) / timedelta(microseconds=1)
        begin, made = microseconds(start), 0
        while made < count:
            at = begin + int(self.chance.random() * span)
            block = Block()
            self._person(block, start, at, most=count - made)
            made += len(block.messages)
            yield block

    def _person(self, block: Block, hour: datetime, at: int, *, most: int) -> None:
        chance = self.chance
        country = people.country(chance) if chance.random() < 0.62 else None
        to = country.number(chance) if country else people.address(chance)
        locale = country.locale if country else chance.choice(("en", "de", "zh"))
        where = Where(to, country.code if country else None, locale)
        if chance.random() < 0.82:
            self._code(block, hour, at, where, most)
        else:
            self._notice(block, hour, at, where)

    def _notice(self, block: Block, hour: datetime, at: int, where: Where) -> None:
        row = self.message(block, "Back office", hour, at, where)
        row.update(template="notice", priority=int(Priority.SINGLE))

    def _code(self, block: Block, hour: datetime, at: int, where: Where, most: int) -> None:
        chance = self.chance
        owner = "Web shop" if chance.random() < 0.6 else "Mobile app"
        purpose = chance.choices(tuple(PURPOSES), _PURPOSE_SHARES)[0]
        code = self._verification(owner, purpose, at, where)
        message = self.message(block, owner, hour, at, where, life=240, of=code["id"])
        arrived = message["status"] in GOOD
        if most > 1 and chance.random() < (0.04 if arrived else 0.55):
            again = at + int(chance.uniform(61, 150) * SECOND)
            if again < microseconds(self.until):
                message = self.message(block, owner, hour, again, where, life=240, of=code["id"])
                arrived = arrived or message["status"] in GOOD
                code["resend_at"] = again + 60 * SECOND
        code["message_id"] = message["id"]
        self._answer(code, message, arrived, PURPOSES[purpose])
        block.verifications.append(code)

    def _answer(self, code: Row, message: Row, arrived: bool, conversion: float) -> None:
        """Fill in how the user answers: with the code, after a typing error, or never."""
        chance = self.chance
        code["attempts"] = chance.choices((0, 1, 2), (80, 15, 5))[0]
        used_at = message["created_at"] + int((6 + chance.lognormvariate(0, 0.6) * 14) * SECOND)
        in_time = used_at < min(code["expires_at"], microseconds(self.until))
        if arrived and in_time and chance.random() < conversion:
            code["used_at"], code["attempts"] = used_at, chance.choices((1, 2, 3), (93, 6, 1))[0]
        elif chance.random() < 0.02:
            code["canceled_at"] = min(used_at, code["expires_at"])
        elif chance.random() < 0.01:
            code["attempts"] = code["max_attempts"]

    def _verification(self, owner: str, purpose: str, at: int, where: Where) -> Row:
        return {
            "id": self._id(),
            "owner": self.owners[owner],
            "channel": where.channel,
            "to": where.to,
            "canonical": canonical(where.to),
            "purpose": purpose,
            "locale": where.locale,
            "metadata": "{}",
            "code_hash": self.chance.randbytes(32),
            "pepper_id": self.pepper_id,
            "sealed_code": None,
            "attempts": 0,
            "max_attempts": 5,
            "message_id": "",
            "is_test": False,
            "created_at": at,
            "expires_at": at + CODE_LIFE * SECOND,
            "resend_at": at + 60 * SECOND,
            "used_at": None,
            "canceled_at": None,
        }

    def message(
        self,
        block: Block,
        owner: str,
        hour: datetime,
        at: int,
        where: Where,
        *,
        life: int = 86_400,
        of: str | None = None,
    ) -> Row:
        """Add a message to a block and return it; `of` is the code it carries."""
        found = outcome(where.country, hour, self.until, self.chance)
        taken = found.status not in (MessageStatus.FAILED, MessageStatus.EXPIRED)
        row = {
            "id": self._id(),
            "owner": self.owners[owner],
            "verification_id": of,
            "broadcast_id": None,
            "channel": where.channel,
            "lane": Lane(where.channel).value,
            "priority": int(Priority.CODE),
            "to": where.to,
            "canonical": canonical(where.to),
            "country": where.country,
            "template": "code",
            "locale": where.locale,
            "sealed": None,
            "keeps_content": False,
            "is_test": False,
            "status": found.status.value,
            "due_at": None,
            "deadline_at": at + life * SECOND,
            "tries": found.tries,
            "gateway": found.gateway,
            "gateway_reference": self._id()[:20] if taken else None,
            "error": found.error,
            "took_ms": found.took_ms,
            "created_at": at,
            "sent_at": at + int(found.handed_over_after * SECOND) if taken else None,
            "settled_at": at + int(found.ended_after * SECOND),
        }
        block.messages.append(row)
        block.tries += _tries(row, found)
        return row

    def _id(self) -> str:
        return f"{self.chance.getrandbits(128):032x}"


def _tries(message: Row, found: Outcome) -> Iterator[Row]:
    """Yield the failed tries of a message."""
    bad = found.tries if found.took_ms is None else found.tries - 1
    for number in range(1, bad + 1):
        is_last = number == found.tries
        yield {
            "message_id": message["id"],
            "number": number,
            "gateway": found.gateway,
            "answer": "refused" if is_last and found.status is MessageStatus.FAILED else "temporary",
            "reason": found.error if is_last and found.error else "no answer within 10 s",
            "took_ms": 10_000,
            "at": message["created_at"] + (0, 3, 9, 21)[number - 1] * SECOND,
        }
