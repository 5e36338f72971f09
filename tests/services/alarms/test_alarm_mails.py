"""Mails to owners and operators when something keeps messages from being sent: in their language and zone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.alarms import CALM, RESTART
from domain.gateway_errors import TemporaryGatewayError
from domain.statuses import Channel, Lane
from exts import db
from models import Administrator, Incident, Message
from services.alarms import incidents, mails, watching
from services.alarms.watching import AlarmWatch
from services.codes import verifications
from services.codes.verifications import Request
from services.delivery import settling, worker
from services.gateways import gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.limits import pumping_watch
from services.outbox.bell import Bell
from services.people import administrators
from services.process import health, parts
from services.process.freshness import STORE
from services.process.housekeeping import say_alive
from services.process.parts import part
from tests.services.limits.test_pumping_guard import PREFIX, START, send

pytestmark = pytest.mark.usefixtures("context")
OTHER = "+861380014"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def settings(settings):
    return {
        **settings,
        "PUMPING_GUARD_SENDS_PER_HOUR": 4,
        "PREFIX_SENDS_PER_10_MINUTES": 1000,
        "RESEND_COOLDOWN_SECONDS": 0,
        "DESTINATION_SENDS_PER_DAY": 0,
        "SMS_SENDS_PER_DAY": 0,
        "CELERY_BROKER_URL": "amqp://127.0.0.1:1//",  # no Redis that would be away
    }


@pytest.fixture(autouse=True)
def people(context):
    for name, role in (("olga", "owner"), ("otto", "operator"), ("vera", "viewer"), ("dan", "owner")):
        administrators.add(f"{name}@example.org", role, "seven purple otters")
    administrators.disable("dan@example.org")
    speaks("otto", "de", "Europe/Berlin")


def speaks(name, locale, zone=None):
    changed = update(Administrator).where(Administrator.email == f"{name}@example.org")
    db.session.execute(changed.values(locale=locale, zone=zone))
    db.session.commit()


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def bells(monkeypatch):
    """The lanes for which a bell was rung; nobody hears it."""
    rung = []
    monkeypatch.setattr(Bell, "ring", lambda _, lane: rung.append(lane))
    return rung


@pytest.fixture
def inbox(mails):
    """Return the mails that were sent since it was called last, by recipient."""

    def inbox():
        sent, mails.sent = mails.sent, []
        return sorted(sent, key=lambda one: one.to)

    return inbox


@pytest.fixture
def look(app):
    """Look as a worker that lives beside a clock; the bell has the mails sent at once."""
    watch = AlarmWatch(app, part(GatewayHealth).is_open, worker.send_without_worker)

    def look(at, *, alive=("worker", "beat")):
        for kind in alive:
            say_alive(db.engine, kind, list(Lane), at)
        with time_machine.travel(at, tick=False):
            watch(at)

    return look


@pytest.fixture
def told(inbox):
    """Return who got which mails since it was called last."""
    return lambda: [(one.to.partition("@")[0], one.template) for one in inbox()]


TO_BOTH = [("olga", "alarm"), ("otto", "alarm")]
OVER_TO_BOTH = [("olga", "alarm_over"), ("otto", "alarm_over")]


def waiting():
    """Return who is to get the mails that wait in the outbox."""
    db.session.rollback()
    found = select(Message.to).where(Message.owner == mails.OWNER, Message.due_at.is_not(None))
    return sorted(db.session.scalars(found))


def break_down(name):
    for _ in range(5):
        part(GatewayHealth).failed(name)


@pytest.fixture
def two(app, sms, mails):
    """Two gateways for SMS."""
    parts.put(app, Gateways([sms, MemoryGateway("spare", Channel.SMS), mails]))


def test_a_gateway_that_is_down_is_told_once_and_so_is_its_return(look, two, inbox):
    look(START)
    assert inbox() == []
    break_down("memory-sms")
    look(START)
    english, german = inbox()
    assert (english.to, german.to) == ("olga@example.org", "otto@example.org")
    assert english.subject == "Sendcode: Gateway “memory-sms” is down"
    assert "The gateway “memory-sms” fails. It is tried again every 15 seconds." in english.text
    assert "Its messages are sent through spare." in english.text
    assert "Since 1 Mar 2026, 12:00:00 (UTC)." in english.text
    assert "http://sendcode.test/cms/gateways/memory-sms" in english.text
    assert "Seit 01.03.2026, 13:00:00 (Europe/Berlin)." in german.text
    assert german.subject == "Sendcode: Gateway „memory-sms“ ist ausgefallen"
    for minute in range(1, 15):
        look(START + minute * MINUTE)
    part(GatewayHealth).succeeded("memory-sms")
    look(START + 15 * MINUTE)
    assert inbox() == []
    look(START + 14 * MINUTE + CALM)
    look(START + 15 * MINUTE + CALM)
    english, german = inbox()
    assert english.subject == "Sendcode: Gateway “memory-sms” works again, after 14 minutes"
    assert "from 1 Mar 2026, 12:00:00 (UTC)\nto 1 Mar 2026, 12:14:00 (UTC)" in english.text
    assert german.subject == "Sendcode: Gateway „memory-sms“ funktioniert wieder (Dauer: 14 Minuten)"


def test_the_mails_wait_in_the_outbox_and_a_bell_tells_of_them(look, bells):
    break_down("memory-sms")
    look(START)
    assert waiting() == ["olga@example.org", "otto@example.org"]
    assert bells == [Lane.EMAIL]
    look(START + MINUTE)
    assert bells == [Lane.EMAIL]


def test_the_last_gateway_of_a_channel_is_one_mail_about_the_channel(look, inbox):
    break_down("memory-sms")
    look(START)
    english, _ = inbox()
    assert english.subject == "Sendcode: All SMS gateways fail"
    part(GatewayHealth).succeeded("memory-sms")
    look(START + CALM)
    english, _ = inbox()
    assert english.subject == "Sendcode: SMS gateways work again, after 1 minute"


def test_mails_about_a_mail_gateway_take_the_other_one(look, app, sms, mails):
    parts.put(app, Gateways([sms, mails, spare := MemoryGateway("spare-mail", Channel.EMAIL)]))
    break_down("memory-mail")
    look(START)
    assert {one.to for one in spare.sent} == {"olga@example.org", "otto@example.org"}


def test_mails_about_the_only_mail_gateway_wait_until_it_is_back(look, told):
    break_down("memory-mail")
    look(START)
    assert waiting() == ["olga@example.org", "otto@example.org"]
    part(GatewayHealth).succeeded("memory-mail")
    with time_machine.travel(START + MINUTE, tick=False):
        worker.drain_now()
    assert told() == TO_BOTH


def test_whoever_is_no_longer_to_be_told_gets_no_mail_that_waits(look):
    break_down("memory-mail")
    look(START)
    assert set(waiting()) == {"olga@example.org", "otto@example.org"}
    administrators.change_role("otto@example.org", "owner")
    assert set(waiting()) == {"olga@example.org", "otto@example.org"}
    administrators.change_role("otto@example.org", "viewer")
    assert waiting() == ["olga@example.org"]
    administrators.add("nora@example.org", "owner", "seven purple otters")  # the last owner can't be disabled
    administrators.disable("olga@example.org")
    assert waiting() == []


def test_a_mail_that_is_being_sent_is_not_tried_again_for_whoever_is_no_longer_to_be_told(
    app, look, mails, told
):
    break_down("memory-mail")
    look(START)
    part(GatewayHealth).succeeded("memory-mail")
    send = mails.send

    def taken_meanwhile(outgoing):
        if outgoing.to == "otto@example.org":
            with app.app_context():
                administrators.change_role("otto@example.org", "viewer")
            raise TemporaryGatewayError("busy")
        return send(outgoing)

    mails.send = taken_meanwhile
    with time_machine.travel(START + MINUTE, tick=False):
        worker.drain_now()
    mails.send = send
    with time_machine.travel(START + 10 * MINUTE, tick=False):
        worker.drain_now()
    assert told() == [("olga", "alarm")]
    with db.engine.begin() as connection:
        assert settling.expire(connection, START + 10 * MINUTE) == 1
    assert waiting() == []


def test_gateways_that_are_switched_off_are_told_after_a_minute(look, inbox, told):
    with time_machine.travel(START, tick=False):
        gateway_switches.switch_off("memory-sms", is_meant=True)
    look(START + 50 * SECOND)
    assert told() == []
    look(START + MINUTE)
    english, _ = inbox()
    assert english.subject == "Sendcode: SMS gateways are switched off"
    assert "“memory-sms” was switched off by the command line, 1 Mar 2026, 12:00:00 (UTC)." in english.text
    with time_machine.travel(START + 2 * MINUTE, tick=False):
        gateway_switches.switch_on("memory-sms")
    look(START + MINUTE + CALM)
    assert told() == OVER_TO_BOTH


def test_a_gateway_that_is_switched_off_while_it_is_down_does_not_work_again(look, two, told):
    break_down("spare")
    look(START)
    assert told() == TO_BOTH
    gateway_switches.switch_off("spare")
    look(START + CALM)
    assert told() == []


def test_a_budget_that_is_nearly_used_is_told(app, look, owner, clock, inbox):
    app.config["SMS_SENDS_PER_DAY"] = 5
    subjects = []
    for number in range(5):
        verifications.issue(Request(Channel.SMS, f"+861380013800{number}"), owner)
        app.extensions.get(STORE, {}).clear()
        look(START)
        subjects.append([one.subject for one in inbox() if one.to == "olga@example.org"])
    assert subjects[:3] == [[], [], []]
    assert subjects[3:] == [
        ["Sendcode: The day's SMS budget is nearly used up"],
        ["Sendcode: The day's SMS budget is used up"],
    ]


def test_a_clock_that_is_gone_is_told_by_a_worker(look, told, inbox):
    look(START)
    for seconds in range(20, 20 + int(RESTART.total_seconds()), 10):
        look(START + seconds * SECOND, alive=["worker"])
    assert told() == []
    look(START + 20 * SECOND + RESTART, alive=["worker"])
    english, _ = inbox()
    assert english.subject == "Sendcode: No clock is running"


def test_a_broker_that_is_away_is_told_by_a_worker(app, monkeypatch, inbox):
    monkeypatch.setattr(health, "broker_answers", lambda: False)
    watch = AlarmWatch(app, part(GatewayHealth).is_open, worker.send_without_worker)
    for at in (START, START + RESTART):
        with time_machine.travel(at, tick=False):
            say_alive(db.engine, "beat", [], at)
            say_alive(db.engine, "worker", list(Lane), at)
            watch(at)
    english, _ = inbox()
    assert "schedules and other tasks wait" in english.text


@pytest.fixture
def of_clock(app, bells):
    """Look as the clock does, which sends mails itself; no worker hears the bell."""
    watch = AlarmWatch(app, part(GatewayHealth).tells_of_all, worker.send_without_worker)

    def look(at):
        with time_machine.travel(at, tick=False):
            say_alive(db.engine, "beat", [], at)
            watch(at)

    return look


def test_the_clock_sends_the_mail_that_no_worker_is_running_itself(of_clock, inbox):
    of_clock(START)
    assert inbox() == []
    of_clock(START + RESTART)
    english, german = inbox()
    assert english.subject == "Sendcode: No worker is running"
    assert german.subject == "Sendcode: Kein Worker läuft"
    assert {row.status for row in db.session.query(Message)} == {"sent"}
    of_clock(START + 2 * RESTART)
    assert inbox() == []


def test_the_clock_sends_nothing_else_and_tries_again_what_was_not_taken(of_clock, mails, told, owner):
    with time_machine.travel(START, tick=False):
        verifications.issue(Request(Channel.EMAIL, "kim@example.org"), owner)
    of_clock(START)
    mails.failures.extend(TemporaryGatewayError("down") for _ in range(2))
    of_clock(START + RESTART)
    assert told() == []
    of_clock(START + RESTART + MINUTE)
    assert told() == TO_BOTH
    codes = select(Message.status).where(Message.verification_id.is_not(None))
    assert db.session.scalars(codes).all() == ["queued"]


def test_a_look_that_fails_halfway_loses_no_mail_of_the_clock(of_clock, inbox, monkeypatch):
    of_clock(START)
    follow = incidents.follow

    def fail(*arguments):
        follow(*arguments)
        raise ConnectionError

    monkeypatch.setattr(incidents, "follow", fail)
    with pytest.raises(ConnectionError):
        of_clock(START + RESTART)
    monkeypatch.setattr(incidents, "follow", follow)
    assert inbox() == []
    of_clock(START + RESTART + MINUTE)
    assert len(inbox()) == 2


def test_another_process_sends_the_mails_that_the_one_before_could_not(app, of_clock, inbox):
    of_clock(START)
    taken = []
    AlarmWatch(app, part(GatewayHealth).tells_of_all, taken.append)(START + RESTART)
    assert len(taken[0]) == 2
    assert inbox() == []
    of_clock(START + RESTART + MINUTE)
    assert len(inbox()) == 2


def test_a_worker_of_other_lanes_tells_that_no_worker_takes_mails_and_sends_that_mail(
    app, bells, mails, inbox
):
    watch = AlarmWatch(app, part(GatewayHealth).is_open, worker.send_without_worker)
    for at in (START, START + RESTART):
        with time_machine.travel(at, tick=False):
            say_alive(db.engine, "beat", [], at)
            say_alive(db.engine, "worker", ["bulk"], at)
            watch(at)
    english, _ = inbox()
    assert english.subject == "Sendcode: A queue has no worker"
    assert "these queues: sms, email. Start one: celery -A tasks.celery worker -Q sms,email" in english.text


def test_the_clock_leaves_it_to_workers_while_there_is_one(app):
    now = datetime.now(UTC)
    patrol = watching.of_clock(app, worker.send_without_worker)
    say_alive(db.engine, "worker", [], now)
    assert not patrol._is_needed(now)
    assert patrol._is_needed(now + MINUTE)


def test_a_closed_prefix_is_told_in_their_language(look, app, owner, clock, inbox):
    send(owner, 4)
    assert pumping_watch.look(db.engine, app.config, START) == [PREFIX]
    look(START)
    english, german = inbox()
    assert {one.template for one in (english, german)} == {"prefix_closed"}
    assert english.subject == f"Codes to {PREFIX}… are stopped"
    assert "of 4 codes to it in an hour, 0 were entered" in english.text
    assert "http://sendcode.test/cms/settings/pumping" in english.text
    assert "13:00:00 (UTC)" in english.text
    assert "14:00:00 (Europe/Berlin)" in german.text


def test_one_mail_tells_of_many_closures(look, app, owner, clock, told):
    def close(*prefixes):
        for prefix in prefixes:
            send(owner, 4, prefix=prefix)
        now = datetime.now(UTC)
        assert sorted(pumping_watch.look(db.engine, app.config, now)) == [*prefixes]
        look(now)
        return len(told())

    assert close(PREFIX, OTHER) == 2
    clock.shift(30 * MINUTE)
    assert close("+861380015") == 0
    clock.shift(61 * MINUTE)
    look(datetime.now(UTC))
    assert close("+861380016") == 2


def test_a_dry_run_tells_nobody(look, app, owner, clock, told):
    app.config["PUMPING_GUARD_DRY_RUN"] = True
    send(owner, 4)
    assert pumping_watch.look(db.engine, app.config, START) == [PREFIX]
    look(START)
    assert told() == []


def test_mails_that_can_not_be_written_are_tried_once(look, told, monkeypatch, caplog):
    monkeypatch.setattr(mails, "notice", lambda *_, **__: 1 / 0)
    break_down("memory-sms")
    look(START)
    look(START + MINUTE)
    assert told() == []
    assert db.session.scalars(select(Incident.told_at)).all() == [START]
    assert caplog.text.count("can't be written") == 1
