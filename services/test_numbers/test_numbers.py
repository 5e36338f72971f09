"""Add, list and remove test numbers."""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import codes
from domain import test_numbers as rules
from domain.actions import Action
from domain.destinations import mask
from domain.errors import Conflict, FieldProblem, InvalidInput, NotFound
from domain.keyring import Keyring
from exts import db
from models import Administrator, Message, TestNumber, clock
from services import typed
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.limits import send_limits
from services.process.parts import part
from services.storage.transactions import transaction
from services.test_numbers.fixed_codes import FreshTestNumbers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TestNumberView:
    """A test number without its code, which nobody is shown again."""

    id: str
    channel: str
    to: str = field(repr=False)
    last_day: date
    is_over: bool
    uses: int
    """Messages to it that are kept, none of which was sent."""
    last_used_at: datetime | None
    added_at: datetime
    added_by: str | None = field(repr=False)


def everything() -> list[TestNumberView]:
    """Return all test numbers, those that end first at the top."""
    now = clock.now()
    unsent = and_(
        Message.canonical == TestNumber.canonical,
        Message.created_at >= TestNumber.added_at,
        Message.ask_first == rules.NEVER_SENT,
    )
    used = (
        select(TestNumber.id, func.count(Message.id), func.max(Message.created_at))
        .outerjoin(Message, unsent)
        .group_by(TestNumber.id)
    )
    uses = {id: (count, last) for id, count, last in db.session.execute(used)}
    rows = db.session.execute(
        select(TestNumber, Administrator.email)
        .outerjoin(Administrator, Administrator.id == TestNumber.added_by)
        .order_by(TestNumber.ends_at, TestNumber.added_at)
    ).all()
    views = [_view(row, email, now, *uses.get(row.id, (0, None))) for row, email in rows]
    db.session.rollback()
    return views


def _view(
    row: TestNumber, email: str | None, now: datetime, uses: int, last: datetime | None
) -> TestNumberView:
    return TestNumberView(
        id=row.id,
        channel=row.channel,
        to=row.to,
        last_day=rules.last_day(row.ends_at),
        is_over=row.ends_at <= now,
        uses=uses,
        last_used_at=last,
        added_at=row.added_at,
        added_by=email,
    )


def find(to: str) -> TestNumberView:
    """Return the test number of a destination as somebody typed it; raises InvalidDestination and NotFound."""
    sought = typed.sought(to).to
    found = [one for one in everything() if one.to.lower() == sought.lower()]
    if not found:
        raise NotFound("it is no test number")
    return found[0]


def add(to: str, code: str, until: str, *, by: Actor = COMMAND_LINE) -> None:
    """Make a destination a test number to the end, in UTC, of the day `until`.

    Raises InvalidInput, InvalidDestination, CountryNotAllowed, and Conflict where there are too many.
    """
    destination = typed.destination_of_any_channel(to)
    send_limits.ensure_country(destination)
    now, number_id = clock.now(), codes.new_id()
    ends_at, known = rules.end_of(until, now), codes.check_own(code.strip())
    row = TestNumber(
        id=number_id,
        channel=destination.channel.value,
        to=destination.to,
        canonical=destination.canonical,
        sealed_code=part(Keyring).seal(known.encode(), row=number_id),
        ends_at=ends_at,
        added_by=by.id,
        added_at=now,
    )

    def work(session: Session) -> None:
        if (session.scalar(select(func.count(TestNumber.id))) or 0) >= rules.MOST:
            raise Conflict(f"there are {rules.MOST} test numbers: remove one first")
        session.add(row)
        session.flush()
        told = {"channel": row.channel, "until": rules.last_day(ends_at).isoformat()}
        trail.note(session, by, Action.TEST_NUMBER_ADDED, mask(row.to), subject_id=number_id, after=told)

    try:
        transaction(work)
    except IntegrityError:
        raise InvalidInput(FieldProblem("to", "is a test number already")) from None
    part(FreshTestNumbers).forget()
    log.warning("%s is a test number", mask(destination.to))


def remove(number_id: str, *, by: Actor = COMMAND_LINE) -> str:
    """Send to a destination again, as to any other; return it masked. Raises NotFound.

    A code that was issued before stays good until it expires, within ten minutes.
    """

    def work(session: Session) -> str:
        row = session.get(TestNumber, number_id, with_for_update=True)
        if row is None:
            raise NotFound("no such test number")
        session.delete(row)
        trail.note(session, by, Action.TEST_NUMBER_REMOVED, mask(row.to), subject_id=number_id)
        return mask(row.to)

    removed = transaction(work)
    part(FreshTestNumbers).forget()
    log.warning("%s is no test number any more", removed)
    return removed
