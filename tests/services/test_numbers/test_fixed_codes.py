"""A test number has one code, by whichever door, and no gateway hears of it until it has ended."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, select

import models
from domain.actions import Action
from domain.errors import CountryNotAllowed, InvalidDestination, InvalidInput, LimitExceeded, NotFound
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from services.audit import trail
from services.codes import repeats, verifications
from services.codes.checks import check
from services.codes.verifications import Request
from services.hooks import alerts, deliveries, hooks
from services.hooks.alerts import Group
from services.hooks.exchange import Delivery
from services.messaging import broadcasts, incoming, messages
from services.process.parts import part
from services.test_numbers import fixed_codes, test_numbers
from services.test_numbers.ends import EndWatch
from services.test_numbers.fixed_codes import FreshTestNumbers

pytestmark = pytest.mark.usefixtures("context")
PHONE, OTHER, MAIL = "+8613800138000", "+8613900139000", "reviewer@example.org"
CODE, FIXED = Request(Channel.SMS, PHONE), "246810"
TEST_KEY = Owner("key:t", is_test=True)


@pytest.fixture(autouse=True)
def without_cooldown(app):
    app.config["RESEND_COOLDOWN_SECONDS"] = 0


def today():
    return datetime.now(UTC).date()


def add(to=PHONE, code=FIXED, days=3):
    test_numbers.add(to, code, (today() + timedelta(days=days)).isoformat())


def rows(to=PHONE):
    db.session.rollback()
    found = select(models.Message).where(models.Message.to == to).order_by(models.Message.created_at)
    return db.session.scalars(found).all()


def told(rows):
    return {(row.status, row.gateway, row.is_test, row.sealed) for row in rows}


SETTLED = {("sent", "test", True, None)}


def test_the_code_is_always_the_same_and_no_gateway_sees_it(owner, sms):
    add()
    for _ in range(2):
        made = verifications.issue(CODE, owner)
        assert check(made.id, FIXED, owner).valid
    assert sms.sent == []
    assert told(rows()) == SETTLED


def test_another_destination_is_sent_a_code_of_its_own(owner, sms):
    add()
    made = verifications.issue(replace(CODE, to=OTHER), owner)
    assert [one.to for one in sms.sent] == [OTHER]
    assert not check(made.id, FIXED, owner).valid


def test_after_its_last_day_it_is_a_number_like_any_other(owner, sms):
    add(days=0)
    end = datetime.combine(today() + timedelta(days=1), datetime.min.time(), UTC)
    with time_machine.travel(end - timedelta(seconds=2), tick=False):
        last = verifications.issue(CODE, owner)
        assert (sms.sent, last.expires_at) == ([], end)
    with time_machine.travel(end, tick=False):
        assert not check(last.id, FIXED, owner).valid
        first = verifications.issue(CODE, owner)
    assert [one.to for one in sms.sent] == [PHONE]
    assert first.expires_at > end + timedelta(minutes=1)


def test_a_removed_one_is_a_number_like_any_other(owner, sms):
    add()
    test_numbers.remove(test_numbers.find("138 0013 8000").id)
    verifications.issue(CODE, owner)
    assert [one.to for one in sms.sent] == [PHONE]


def test_a_code_sent_again_is_not_sent_either(owner, sms):
    add()
    made = verifications.issue(CODE, owner)
    verifications.resend(made.id, owner)
    assert repeats.issue_or_repeat(CODE, owner).id == made.id
    assert (sms.sent, len(rows())) == ([], 3)
    assert told(rows()) <= {*SETTLED, ("canceled", None, True, None)}


def test_a_code_of_before_is_not_sent_again(owner, sms):
    made = verifications.issue(CODE, owner)
    add()
    verifications.resend(made.id, owner)
    assert len(sms.sent) == 1


def test_a_letter_code_and_a_mail(owner, mails):
    add(MAIL, "ABC4")
    made = verifications.issue(Request(Channel.EMAIL, "Reviewer@Example.org"), owner)
    assert check(made.id, "abc4", owner).valid
    assert mails.sent == []


def test_a_callers_own_code_and_a_test_key_get_the_fixed_one(owner):
    add()
    own = verifications.issue(replace(CODE, code="4711"), owner)
    assert check(own.id, FIXED, owner).valid
    assert check(verifications.issue(CODE, TEST_KEY).id, FIXED, TEST_KEY).valid


def test_a_number_that_ends_like_a_magic_one_is_sent_at_once(owner):
    add("+8613800130003")
    made = verifications.issue(replace(CODE, to="+8613800130003"), owner)
    assert verifications.get(made.id, owner).message_status == "sent"


def test_the_console_never_uses_it(sms):
    add()
    verifications.issue(CODE, Owner("session:a"))
    assert [one.to for one in sms.sent] == [PHONE]
    assert sms.sent[0].params["code"] != FIXED


def test_hooks_tasks_notices_and_broadcasts_send_nothing_to_it(owner, sms, mails):
    add()
    add(MAIL)
    ours = hooks.add("generic", "ours")[0]
    alarms = hooks.add("alertmanager", "ours", destinations=[PHONE])[0]
    deliveries.send(ours, [Delivery(Channel.SMS, PHONE, code="987654")])
    alerts.send(alarms, Group("disk", "The disk is full", ["now"]))
    assert incoming.accept_sms_code("a", PHONE, "987654") == incoming.ACCEPTED
    assert incoming.accept_mail("b", "Hello", [MAIL], "you") == incoming.ACCEPTED
    notice = messages.send(messages.Request(Channel.SMS, PHONE, text="Hello"), owner)
    messages.resend(notice.id, owner)
    many = broadcasts.Request(Channel.SMS, [{"to": PHONE}, {"to": OTHER}], text="Hello")
    broadcasts.start(many, owner)
    assert [one.to for one in sms.sent] == [OTHER]
    assert mails.sent == []
    assert {(row.status, row.gateway) for row in (*rows(), *rows(MAIL))} == {("sent", "test")}
    assert (len(rows()), len(rows(MAIL))) == (6, 1)


def test_it_uses_up_nobody_elses_limits(app, owner):
    app.config["SMS_SENDS_PER_DAY"] = 1
    add()
    verifications.issue(CODE, owner)
    messages.send(messages.Request(Channel.SMS, OTHER, text="Hello"), owner)
    with pytest.raises(LimitExceeded, match="sms_sends_per_day"):
        messages.send(messages.Request(Channel.SMS, OTHER, text="Hello"), owner)


def test_attempts_are_counted_as_for_any_code(app, owner):
    app.config |= {"CODE_ATTEMPTS": 2}
    add()
    made = verifications.issue(CODE, owner)
    assert [check(made.id, "111111", owner).attempts_left for _ in range(2)] == [1, 0]
    assert verifications.get(made.id, owner).status == "locked"


def test_a_click_costs_no_query(owner):
    add()
    fixed_codes.of(owner, verifications.typed.destination(Channel.SMS, PHONE))
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    verifications.issue(CODE, owner)
    assert asked
    assert not [statement for statement in asked if "test_number" in statement]


def test_another_process_follows_when_its_copy_is_too_old():
    other = FreshTestNumbers(seconds=0.05)
    assert other.get() == {}
    add()
    end = time.monotonic() + 10
    while not other.get() and time.monotonic() < end:
        time.sleep(0.01)
    assert list(other.get()) == list(part(FreshTestNumbers).get()) == [PHONE]


def test_the_list_has_uses_and_no_code(owner):
    add()
    verifications.issue(CODE, owner)
    (view,) = test_numbers.everything()
    assert (view.to, view.channel, view.uses, view.is_over) == (PHONE, "sms", 1, False)
    assert view.last_day == today() + timedelta(days=3)
    assert view.last_used_at is not None
    assert FIXED not in repr(view)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "nobody"}, "to"),
        ({"code": "123"}, "code"),
        ({"code": "abcd"}, "code"),
        ({"code": "12345678901"}, "code"),
        ({"until": "soon"}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": (datetime.now(UTC) + timedelta(days=400)).date().isoformat()}, "until"),
    ],
)
def test_what_does_not_fit_is_refused(change, field):
    with pytest.raises(InvalidInput) as refused:
        test_numbers.add(**{"to": PHONE, "code": FIXED, "until": today().isoformat(), **change})
    assert [problem.field for problem in refused.value.problems] == [field]


def test_there_are_fifty_at_most_and_each_is_there_once():
    add()
    with pytest.raises(InvalidInput, match="already"):
        add("138 0013 8000")
    with pytest.raises(CountryNotAllowed):
        add("+14155552671")
    for number in range(49):
        add(f"user{number}@example.org")
    with pytest.raises(test_numbers.Conflict, match="50"):
        add("another@example.org")


def test_unknown_ones_are_not_found():
    with pytest.raises(NotFound):
        test_numbers.find(PHONE)
    with pytest.raises(NotFound):
        test_numbers.remove("0" * 32)
    with pytest.raises(InvalidDestination):
        test_numbers.find("x@")


def test_adding_removing_and_ending_are_audited_and_the_code_is_erased():
    add()
    add(MAIL)
    test_numbers.remove(test_numbers.find(MAIL).id)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=5)):
        for _ in range(2):
            EndWatch(db.engine)()
    db.session.rollback()
    entries = [(entry.action, entry.actor, entry.subject) for entry in trail.entries().shown]
    assert entries == [
        (Action.TEST_NUMBER_ENDED, "service", "+86138****8000"),
        (Action.TEST_NUMBER_REMOVED, "command line", "r***@example.org"),
        (Action.TEST_NUMBER_ADDED, "command line", "r***@example.org"),
        (Action.TEST_NUMBER_ADDED, "command line", "+86138****8000"),
    ]
    assert db.session.scalars(select(models.TestNumber.sealed_code)).all() == [None]
    assert FIXED not in repr([(entry.before, entry.after) for entry in trail.entries().shown])
