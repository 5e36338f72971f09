"""How far somebody has come on the way from a fresh installation to a program that sends codes."""

from dataclasses import dataclass, fields

from sqlalchemy import func, select

from exts import db
from models import Administrator, ApiKey, ApiKeySecret, Message
from services.roster.roster import current
from services.test_sends import gateway_tests


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What has been done, in the order in which it is done."""

    has_gateway: bool
    has_tested: bool
    """A test reached a gateway."""
    has_key: bool
    has_called: bool
    """A program has used a key."""
    has_company: bool
    """A second administrator, or a second step of the only one."""

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(getattr(self, one.name) for one in fields(self))


def look() -> FirstSteps:
    """Return what has been done so far; five look-ups by an index or in tables of a few rows."""
    with db.engine.connect() as connection:
        tests = select(Message.id).where(
            Message.owner == gateway_tests.OWNER.id, Message.sent_at.is_not(None)
        )
        used = select(ApiKeySecret.id).where(ApiKeySecret.last_used_at.is_not(None))
        people, second_steps = connection.execute(
            select(func.count(), func.count(Administrator.second_factor)).select_from(Administrator)
        ).one()
        return FirstSteps(
            has_gateway=any(True for _ in current()),
            has_tested=connection.execute(tests.limit(1)).first() is not None,
            has_key=connection.execute(select(ApiKey.id).limit(1)).first() is not None,
            has_called=connection.execute(used.limit(1)).first() is not None,
            has_company=people > 1 or second_steps > 0,
        )
