"""The guard, from the click to the closure and back, on real rows; only the clock is fake."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event

from domain.errors import LimitExceeded, NameTaken
from domain.fallback import GivenStep
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message, PrefixClosure
from services import retention
from services.codes import checks, next_steps, verifications
from services.codes.verifications import Request
from services.limits import pumping_list, pumping_watch, safe_prefixes, send_limits
from services.limits.pumping_guard import FreshClosures
from services.limits.refusals import Refusals
from services.messaging import incoming, messages
from services.process import parts
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PREFIX = "+861380013"


@pytest.fixture
def settings(settings):
    return {
        **settings,
        "PREFIX_SENDS_PER_10_MINUTES": 1000,
        "RESEND_COOLDOWN_SECONDS": 0,
        "DESTINATION_SENDS_PER_DAY": 0,
        "DESTINATION_SENDS_PER_10_MINUTES": 0,
        "SMS_SENDS_PER_DAY": 0,
    }


@pytest.fixture(autouse=True)
def always_fresh(app):
    """Read the closures on every click: these tests are not about the cache of one second."""
    fresh = FreshClosures(seconds=0)
    parts.put(app, fresh)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def send(owner, count=1, *, first=0, prefix=PREFIX):
    return [verifications.issue(Request(Channel.SMS, f"{prefix}{first + n:04}"), owner) for n in range(count)]


def look(app):
    return pumping_watch.look(db.engine, app.config, datetime.now(UTC))


@pytest.mark.slow
def test_codes_that_were_entered_from_mails_keep_no_prefix_open(app, owner, mails, clock):
    for number in range(30):
        steps = (GivenStep(Channel.EMAIL, f"fraud{number}@example.org"),)
        request = Request(Channel.SMS, f"{PREFIX}{number:04}", fallback=steps)
        issued = verifications.issue(request, owner)
        next_steps.next_channel(issued.id, owner)
        assert checks.check(issued.id, mails.sent[-1].params["code"], owner).valid
    assert look(app) == [PREFIX]


def refusal(owner, number=9999, prefix=PREFIX):
    with pytest.raises(LimitExceeded) as refused:
        send(owner, first=number, prefix=prefix)
    return refused.value


def test_thirty_codes_that_nobody_enters_close_the_prefix_and_the_next_is_refused(clock, app, owner, sms):
    send(owner, 29)
    assert look(app) == []
    send(owner, 1, first=29)
    assert look(app) == [PREFIX]
    refused = refusal(owner)
    assert (refused.limit, refused.retry_after, refused.who) == ("pumping_guard", 3600, PREFIX)
    assert len(sms.sent) == 30
    send(owner, prefix="+861380014")
    verifications.issue(Request(Channel.EMAIL, "a@b.org"), owner)


@pytest.mark.slow
def test_it_opens_after_an_hour_and_each_repeat_is_closed_twice_as_long_up_to_twelve(clock, app, owner):
    for hours in (1, 2, 4, 8, 12, 12):
        send(owner, 30)
        assert look(app) == [PREFIX]
        assert look(app) == [], "it is closed already"
        assert refusal(owner).retry_after == hours * 3600
        clock.shift(hours * HOUR - timedelta(seconds=1))
        assert refusal(owner).retry_after == 1
        clock.shift(timedelta(seconds=1))
        send(owner)
        assert look(app) == [], "what was sent before it was closed counts no more"
    clock.shift(timedelta(hours=24))
    send(owner, 30)
    look(app)
    assert refusal(owner).retry_after == 3600, "after a day of peace it begins anew"


def test_a_prefix_whose_codes_are_entered_stays_open(clock, app, owner, sms):
    for n, view in enumerate(send(owner, 30)):
        if n % 10 == 0:
            checks.check(view.id, sms.sent[n].params["code"], owner)
    assert look(app) == []
    send(owner, first=30)
    assert look(app) == [PREFIX], "three of thirty-one are less than a tenth"


def test_codes_older_than_an_hour_or_never_sent_do_not_count(clock, app, owner):
    send(owner, 29)
    clock.shift(HOUR + timedelta(seconds=1))
    send(owner, 29)
    assert look(app) == []
    db.session.query(Message).update({"sent_at": None})
    db.session.commit()
    send(owner, first=29)
    assert look(app) == [], "a gateway that is away is no fraud"


def test_codes_of_test_keys_do_not_count(clock, app):
    send(Owner("key:tests", is_test=True), 30)
    assert look(app) == []


def test_a_resend_of_the_code_is_refused_too(clock, app, owner):
    (view,) = send(owner)
    send(owner, 29, first=1)
    look(app)
    with pytest.raises(LimitExceeded, match="pumping_guard"):
        verifications.resend(view.id, owner)


def test_codes_that_other_projects_queue_are_refused_too_and_notices_are_not(clock, app, owner, sms):
    send(owner, 30)
    look(app)
    assert incoming.accept_sms_code("task", f"{PREFIX}9999", "123456") == incoming.REFUSED
    notice = messages.Request(Channel.SMS, f"{PREFIX}9999", text="Your parcel is here.")
    messages.send(notice, owner)
    assert sms.sent[-1].to == f"{PREFIX}9999"


def test_prefixes_of_the_safe_list_are_never_closed(clock, app, owner):
    safe_prefixes.add("+86 138", "our own country")
    send(owner, 40)
    assert look(app) == []
    with pytest.raises(NameTaken):
        safe_prefixes.add("+86138", "")


def test_a_safe_number_of_a_closed_prefix_gets_its_codes(clock, app, owner):
    safe_prefixes.add(f"{PREFIX}0007", "the night watch")
    send(owner, 30)
    assert look(app) == [PREFIX]
    send(owner, first=7)
    assert refusal(owner, 8).limit == "pumping_guard"
    (entry,) = safe_prefixes.everything()
    safe_prefixes.remove(entry.id)
    assert refusal(owner, 7).limit == "pumping_guard"


def test_a_dry_run_logs_and_refuses_nothing(clock, app, owner, caplog):
    app.config["PUMPING_GUARD_DRY_RUN"] = True
    send(owner, 30)
    assert look(app) == [PREFIX]
    assert "would be closed" in caplog.text
    send(owner, first=30)
    assert f"{PREFIX}0030" not in caplog.text
    assert part(Refusals).today(10).by_limit == {"pumping_guard_dry_run": 1}
    assert [view.prefix for view in pumping_list.closed()] == [PREFIX]


def test_a_guard_that_is_switched_off_lets_everything_through(clock, app, owner):
    send(owner, 30)
    look(app)
    app.config["PUMPING_GUARD_SENDS_PER_HOUR"] = 0
    send(owner, first=30)
    assert look(app) == []


def test_a_refused_send_uses_up_nobodys_window(clock, app, owner):
    send(owner, 30)
    look(app)
    app.config["IP_SENDS_PER_MINUTE"] = 1
    with pytest.raises(LimitExceeded, match="pumping_guard"):
        verifications.issue(Request(Channel.SMS, f"{PREFIX}9999", client_ip="192.0.2.1"), owner)
    verifications.issue(Request(Channel.SMS, "+8613900139000", client_ip="192.0.2.1"), owner)


def test_the_closures_are_read_once_a_second_and_not_at_every_click(app, owner):
    fresh = FreshClosures(seconds=60)
    parts.put(app, fresh)
    seen = []
    event.listen(db.engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
    send(owner, 5)
    assert len([statement for statement in seen if "prefix_closure" in statement]) == 1


def test_a_country_has_a_budget_of_a_day(app, owner):
    app.config["COUNTRY_SENDS_PER_DAY"] = {"CN": 2, "*": 1}
    send(owner, 2)
    refused = refusal(owner)
    assert (refused.limit, refused.who) == ("country_sends_per_day", "CN")
    send(owner, prefix="+49170123")
    assert refusal(owner, prefix="+49170124").who == "DE"
    with pytest.raises(LimitExceeded, match="country_sends_per_day"):
        send_limits.take_budget(["DE"], owner)


def test_several_sms_at_once_use_a_budget_all_or_none(app, owner):
    app.config["COUNTRY_SENDS_PER_DAY"] = {"CN": 2}
    with pytest.raises(LimitExceeded, match="country_sends_per_day"):
        send_limits.take_budget(["CN", "CN", "CN", "DE"], owner)
    send(owner, 2)


def test_the_purge_forgets_closures_that_no_repeat_needs(clock, app, owner):
    send(owner, 30)
    look(app)
    clock.shift(HOUR + timedelta(hours=23))
    assert retention.purge(timedelta())["closed prefixes"] == 0
    clock.shift(2 * HOUR)
    assert retention.purge(timedelta())["closed prefixes"] == 1


def test_a_worker_closes_by_itself(app, owner, monkeypatch):
    monkeypatch.setattr(pumping_watch, "FIRST_LOOK_SECONDS", 0.05)
    send(owner, 30)
    watch = pumping_watch.patrol(db.engine, app.config)
    watch.start()
    try:
        until(lambda: refused_by_now(owner))
        assert pumping_list.is_watched()
    finally:
        watch.stop()
    assert not pumping_list.is_watched()
    assert not [thread for thread in threading.enumerate() if thread.name == "pumping-guard"]
    db.session.rollback()
    assert db.session.query(PrefixClosure).count() == 1


def refused_by_now(owner):
    try:
        verifications.issue(Request(Channel.SMS, f"{PREFIX}9999"), owner)
    except LimitExceeded:
        return True
    return False


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def test_several_prefixes_at_once_are_counted_as_each_alone(clock, owner, sms):
    send(owner, 3)
    busy = send(owner, 5, prefix="+861390014")
    checks.check(busy[0].id, sms.sent[-5].params["code"], owner)
    since = datetime.now(UTC) - HOUR
    prefixes = ["+861390014", PREFIX, "+861370000"]
    with db.engine.connect() as connection:
        found = pumping_watch.conversions(connection, prefixes, since)
        assert found == [pumping_watch.conversion(connection, prefix, since) for prefix in prefixes[:2]]
        assert [(one.sends, one.approved) for one in found] == [(5, 1), (3, 0)]
