"""What a purge deletes, and what it keeps."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app import DOORS
from domain.errors import InvalidInput
from domain.fallback import GivenStep
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from domain.statuses import Channel
from exts import db
from models import (
    AdministratorSession,
    IdempotentAnswer,
    Message,
    MessageTry,
    PasskeyChallenge,
    ScheduleRun,
    SeenProcess,
    Verification,
    VerificationStep,
)
from services import retention
from services.codes import checks, verifications
from services.codes.verifications import Request
from services.events import telling
from services.keys import api_keys
from services.people import administrators
from services.process.housekeeping import say_alive
from services.scheduling import schedules
from services.scheduling.schedules import NewSchedule
from services.sign_in import passkey_challenges
from services.storage.blocks import Pace

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
OLD = ["+8613800138000", "old@example.org", "older@example.org"]
NEW = ["+8613900139000", "new@example.org", "newer@example.org"]


def issue(to, owner):
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    return verifications.issue(Request(channel, to), owner)


def live(client, destinations, owner):
    """Store every kind of data about some destinations."""
    phone, address, other = destinations
    issued = issue(phone, owner)
    checks.check(issued.id, "000000", owner)
    key = api_keys.create("shop")[1]
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": address}
    answer = client.post("/api/v1/verifications", json={"channel": "email", "to": address}, headers=headers)
    assert answer.status_code == 202
    celery = client.application.extensions["celery"]
    celery.tasks["send_mail"].apply_async(("Hello", [other], "text"))
    schedules.add(
        NewSchedule(f"run at {datetime.now(UTC)}", "send_mail", every="1d", args=["Hi", [NEW[2]], "text"])
    )
    schedules.run_now(schedules_first())
    say_alive(db.engine, "worker", [], datetime.now(UTC))


def schedules_first():
    return db.session.scalar(sa.text("SELECT name FROM schedule ORDER BY id DESC"))


def all_rows():
    """Return every row of every table as text."""
    rows = {}
    for table in db.metadata.sorted_tables:
        stored = db.session.execute(sa.text(f"SELECT * FROM {table.name}")).all()
        rows[table.name] = [repr(tuple(row)) for row in stored]
    return rows


def tables_with(text):
    return {name for name, rows in all_rows().items() if any(text in row for row in rows)}


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


@pytest.fixture
def doors():
    """Open the doors: `live` uses them."""
    return DOORS


@pytest.mark.slow
def test_no_destination_older_than_the_age_is_left_in_any_table(client, owner):
    with time_machine.travel(NOW - MONTH - timedelta(hours=1), tick=True):
        live(client, OLD, owner)
        assert {"message", "verification", "limit_window"} <= tables_with(OLD[0])
        assert {"message", "verification", "idempotent_answer"} <= tables_with(OLD[1])
        assert "message" in tables_with(OLD[2])
    with time_machine.travel(NOW, tick=True):
        live(client, NEW, owner)
        before = {text: tables_with(text) for text in NEW}
        deleted = retention.purge(MONTH)
        assert [tables_with(text) for text in OLD] == [set(), set(), set()]
        assert {text: tables_with(text) for text in NEW} == before
    assert deleted["messages"] == 4
    assert deleted["verifications"] == 2
    assert deleted["schedule runs"] == 1
    assert deleted["idempotent answers"] == 1
    assert count(Message) == 4
    assert count(ScheduleRun) == 1


def test_tries_go_with_their_messages(sms, owner):
    for to, at in ((OLD[0], NOW - 2 * MONTH), (NEW[0], NOW)):
        sms.failures.append(GatewayError("no such number"))
        with time_machine.travel(at):
            issue(to, owner)
    assert count(MessageTry) == 2
    with time_machine.travel(NOW):
        deleted = retention.purge(MONTH)
    assert (deleted["messages"], deleted["tries"]) == (1, 1)
    kept = db.session.scalar(sa.select(MessageTry.message_id))
    assert db.session.get(Message, kept).to == NEW[0]


def test_challenges_of_passkeys_go_after_an_hour():
    for owner, minutes in (("session:old", 61), ("session:new", 59)):
        with time_machine.travel(NOW - timedelta(minutes=minutes)):
            passkey_challenges.make(owner)
    with time_machine.travel(NOW):
        assert retention.purge(MONTH)["passkey challenges"] == 1
    assert db.session.scalars(sa.select(PasskeyChallenge.owner)).all() == ["session:new"]


def test_steps_go_with_their_verifications(owner):
    for to, at in ((OLD[0], NOW - 2 * MONTH), (NEW[0], NOW)):
        with time_machine.travel(at):
            fallback = (GivenStep(Channel.EMAIL, OLD[1] if to == OLD[0] else NEW[1]),)
            verifications.issue(Request(Channel.SMS, to, fallback=fallback), owner)
    assert count(VerificationStep) == 4
    with time_machine.travel(NOW):
        retention.purge(MONTH)
    kept = set(db.session.scalars(sa.select(VerificationStep.to)))
    assert kept == {NEW[0], NEW[1]}


def test_waiting_messages_are_kept_whatever_their_age(sms, owner):
    sms.failures.append(TemporaryGatewayError("busy"))
    issued = issue(OLD[0], owner)
    assert retention.purge(timedelta())["messages"] == 0
    kept = db.session.get(Message, issued.message_id)
    assert kept.due_at is not None
    assert kept.sealed
    assert db.session.get(Verification, issued.id), "it can still be checked"


def test_a_scheduled_message_is_kept_and_one_that_no_worker_took_is_not(sms, owner):
    for to in OLD[:2]:
        with time_machine.travel(NOW - 2 * MONTH):
            issue(to, owner)
    later = {"status": "queued", "due_at": NOW + MONTH, "deadline_at": NOW + MONTH + timedelta(hours=1)}
    forgotten = {"status": "queued", "due_at": NOW - 2 * MONTH, "deadline_at": NOW - 2 * MONTH}
    for channel, values in (("sms", later), ("email", forgotten)):
        db.session.execute(sa.update(Message).where(Message.channel == channel).values(**values))
    db.session.commit()
    with time_machine.travel(NOW):
        retention.purge(MONTH)
    assert db.session.scalars(sa.select(Message.to)).all() == [OLD[0]]


def test_limits_in_force_outlive_a_short_age(owner):
    issue(OLD[0], owner)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert retention.purge(timedelta(hours=1))["limit windows"] == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        assert retention.purge(timedelta(hours=1))["limit windows"] == 1


def test_answers_are_kept_for_their_day(client):
    key = api_keys.create("shop")[1]
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "once"}
    client.post("/api/v1/verifications", json={"channel": "email", "to": OLD[1]}, headers=headers)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=23)):
        assert retention.purge(timedelta())["idempotent answers"] == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        retention.purge(MONTH)
    assert count(IdempotentAnswer) == 0


def test_old_sessions_go_and_their_administrators_stay():
    added, _ = administrators.add("owner@example.org", "owner", "a long enough password 42")
    for number, seen_at in enumerate((NOW - 2 * MONTH, NOW)):
        session = AdministratorSession(
            id=str(number),
            token_hash=str(number),
            administrator_id=added.id,
            signed_in_at=seen_at,
            password_at=seen_at,
            last_seen_at=seen_at,
        )
        db.session.add(session)
    db.session.commit()
    with time_machine.travel(NOW):
        assert retention.purge(MONTH)["sessions"] == 1
    assert db.session.scalars(sa.select(AdministratorSession.id)).all() == ["1"]
    assert [one.email for one in administrators.everyone()] == ["owner@example.org"]


def test_processes_unseen_for_a_day_are_forgotten():
    say_alive(db.engine, "worker", [], NOW - timedelta(hours=25))
    with time_machine.travel(NOW):
        retention.purge(MONTH)
    assert count(SeenProcess) == 0


def test_many_rows_go_in_blocks(monkeypatch):
    by_sevens = Pace(seconds=9.0, least=7, most=7, rest=0, size=7)
    monkeypatch.setattr(retention.blocks, "pace", lambda: by_sevens)
    for number in range(30):
        at = NOW - 2 * MONTH + timedelta(seconds=number)
        run = ScheduleRun(id=str(number), schedule_name="old", state="failed", queued_at=at)
        answer = IdempotentAnswer(owner="key:a", key=str(number), fingerprint="", created_at=at)
        db.session.add_all([run, answer])
    db.session.commit()
    told = []
    with time_machine.travel(NOW):
        deleted = retention.purge(MONTH, tell=lambda done: told.append(dict(done)))
    assert (deleted["schedule runs"], deleted["idempotent answers"]) == (30, 30)
    assert sorted({one["schedule runs"] for one in told if "schedule runs" in one}) == [7, 14, 21, 28, 30]
    assert (count(ScheduleRun), count(IdempotentAnswer)) == (0, 0)


@pytest.mark.parametrize(
    ("text", "age"),
    [("30d", MONTH), ("12h", timedelta(hours=12)), ("90m", timedelta(minutes=90)), ("0d", timedelta())],
)
def test_an_age_is_read_with_its_unit(text, age):
    assert retention.parse_age(text) == age


@pytest.mark.parametrize(
    "text", ["", "30", "d", "-1d", "1.5d", "30w", "٣d", "30 d", "99999d", "9" * 30 + "d"]
)
def test_an_invalid_age_is_refused(text):
    with pytest.raises(InvalidInput):
        retention.parse_age(text)


@pytest.mark.parametrize("days", [-1, 10**6])
def test_a_task_refuses_to_purge_by_an_invalid_age(days, owner):
    issue(OLD[0], owner)
    with pytest.raises(InvalidInput):
        retention.purge(timedelta(days=days))
    assert count(Message) == 1


def test_events_go_with_their_deliveries_and_what_waits_is_kept(context):
    then = datetime.now(UTC) - timedelta(days=31)
    for number, due_at in enumerate((None, then)):
        event = telling.event_row(f"{number}" * 32, "message.sent", "", {}, then)
        delivery = telling.delivery_row(event["id"], "w" * 32, then)
        with db.engine.begin() as connection:
            telling.put(connection, event, [{**delivery, "due_at": due_at}])
    deleted = retention.purge(MONTH)
    assert (deleted["events"], deleted["event deliveries"]) == (1, 1)
    assert retention.purge(MONTH)["events"] == 0
