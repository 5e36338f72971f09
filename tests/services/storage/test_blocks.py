"""Blocks of a purge: their pace, that they go by an index, and that they wait for nobody."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from domain.statuses import MessageStatus, Priority
from exts import db
from models import Message, MessageTry
from services import retention
from services.figures import purged_counts, rollups
from services.storage import blocks
from services.storage.blocks import Doomed, Pace
from tests import rows

pytestmark = pytest.mark.usefixtures("context")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SOON = {"postgresql": "SET lock_timeout = 500", "mysql": "SET SESSION innodb_lock_wait_timeout = 1"}
"""What makes a wait for a lock an error."""


def put(count, *, status="sent", at=LONG_AGO, every=timedelta(seconds=1)):
    """Store messages with their codes; the ids are the numbers."""
    for number in range(count):
        made = at + number * every
        name = f"{status}{number}"
        message = Message(
            id=name,
            owner="key:a",
            verification_id=name,
            channel="sms",
            lane="sms",
            priority=Priority.CODE,
            to="x",
            canonical="x",
            locale="en",
            status=status,
            deadline_at=made + timedelta(days=9999) if status == "sending" else made,
            created_at=made,
        )
        code = rows.code(name, name, made)
        a_try = MessageTry(message_id=name, number=1, answer="temporary", reason="busy", at=made)
        db.session.add_all([message, code, a_try])
    db.session.commit()


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


@pytest.fixture
def statements():
    """Collect what is executed."""
    found = []

    def note(_, __, statement, *___):
        found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def by_tens(monkeypatch):
    """Make every block ten rows."""
    monkeypatch.setattr(blocks, "pace", lambda: Pace(seconds=9.0, least=10, most=10, rest=0, size=10))


def test_a_block_costs_as_many_statements_as_any_other(monkeypatch, statements):
    put(60, every=timedelta(minutes=10))
    rollups.roll_up(LONG_AGO + timedelta(days=1))
    made = []
    for size in (10, 50):
        pace = Pace(seconds=9.0, least=size, most=size, rest=0, size=size)
        until = LONG_AGO + timedelta(days=1)
        doomed = Doomed(Message, (), Message.created_at, until, purged_counts.delete_messages)
        statements.clear()
        assert next(blocks.delete_all(doomed, pace)) == size
        made.append(len(statements))
    assert made[0] == made[1] < 25
    assert count(Message) == 0


def test_no_block_reads_again_what_those_before_it_deleted(by_tens, statements):
    put(30)
    statements.clear()
    retention.purge(timedelta())
    starts = [one for one in statements if "message" in one and "ORDER BY message.created_at" in one]
    assert len(starts) >= 3
    assert all("message.created_at >" in one for one in starts[1:])


def test_the_rows_are_found_through_the_index_of_their_time(statements):
    put(400)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    wanted = sa.select(Message.created_at).where(Message.created_at < LONG_AGO + timedelta(seconds=20))
    plan = explain(wanted.order_by(Message.created_at).limit(10))
    assert "ix_message_created_at" in plan


def explain(statement):
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    word = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
    return str(db.session.execute(sa.text(f"{word} {compiled}")).all())


def test_the_purge_neither_locks_nor_waits_for_a_message_that_is_being_sent(by_tens):
    put(25)
    put(300, status="delivered", at=datetime.now(UTC))  # MariaDB reads a table of few rows as a whole
    put(5, status="sending", at=LONG_AGO + timedelta(seconds=3))
    if db.engine.dialect.name == "sqlite":
        retention.purge(timedelta(days=1))
    else:
        sending = sa.update(Message).where(Message.status == "sending").values(tries=7)
        with db.engine.connect() as worker, worker.begin():
            worker.execute(sending)
            db.session.execute(sa.text(SOON[db.engine.dialect.name]))
            db.session.commit()
            retention.purge(timedelta(days=1))
    left = sa.select(Message.status, sa.func.count()).group_by(Message.status)
    assert dict(db.session.execute(left).all()) == {MessageStatus.SENDING: 5, MessageStatus.DELIVERED: 300}


def test_a_block_is_halved_after_a_slow_one_and_doubled_after_a_quick_one():
    pace = Pace(seconds=0.004, least=25, most=100, rest=0, size=50)
    sizes = []
    for took in (0.001, 0.001, 0.003, 0.01, 0.01, 0.01, 0.01):
        pace.after(took)
        sizes.append(pace.size)
    assert sizes == [100, 100, 100, 50, 25, 25, 25]


def test_while_nobody_else_writes_it_rests_less(monkeypatch):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("others can't be noticed")
    put(30)
    alone = []
    pace = Pace(seconds=9.0, least=10, most=10, rest=8.0, size=10, rest_alone=0.5)
    monkeypatch.setattr(Pace, "after", lambda *_, is_alone: alone.append(is_alone))
    done = blocks.delete_all(Doomed(MessageTry, (), MessageTry.at, LONG_AGO + timedelta(days=1)), pace)
    next(done)
    another = sa.create_engine(db.engine.url)  # as another process has
    with another.begin() as other:
        other.execute(sa.update(Message).values(tries=7))
    another.dispose()
    assert list(done) == [10, 10, 0]
    assert alone == [False, True, True]


@pytest.mark.parametrize(
    ("is_alone", "took", "rests"), [(True, 0.01, 0.005), (False, 0.01, 0.08), (False, 1.0, 0.1)]
)
def test_the_rest_is_a_multiple_of_the_block(monkeypatch, is_alone, took, rests):
    slept = []
    monkeypatch.setattr(blocks.time, "sleep", slept.append)
    pace = Pace(seconds=9.0, least=10, most=10, rest=8.0, size=10, rest_alone=0.5)
    pace.after(took, is_alone=is_alone)
    assert slept == [pytest.approx(rests)]
