"""Another way when a code does not arrive: when a step is taken, what it shares with the first send, what ends it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select, update

from channels.memory import MemoryGateway
from domain.errors import (
    CountryNotAllowed,
    InvalidDestination,
    InvalidInput,
    LimitExceeded,
    NoNextChannel,
    NotAgain,
    NotFound,
)
from domain.fallback import GivenStep
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from domain.owners import Owner
from domain.statuses import Channel, Lane, VerificationStatus
from exts import db
from models import LimitWindow, Message, PrefixClosure, Verification, clock
from models.limit_window import unpack
from services.audit.trail import COMMAND_LINE
from services.codes import checks, default_chains, next_steps, pending, verifications
from services.codes.due_steps import DueSteps, due
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.delivery import settling
from services.limits.pumping_guard import FreshClosures
from services.outbox.bell import Bell
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
PHONE, MAIL = "+8613800138000", "kim@example.org"
BY_MAIL = GivenStep(Channel.EMAIL, MAIL, 30)
AGAIN = GivenStep(Channel.SMS, None, 60)


@pytest.fixture
def travel() -> Iterator[Any]:
    """A clock that moves when it is told to."""
    with time_machine.travel(datetime.now(UTC), tick=False) as moving:
        yield moving


def issue(owner: Owner, *fallback: GivenStep, **more: Any) -> VerificationView:
    return verifications.issue(Request(Channel.SMS, PHONE, fallback=fallback or (BY_MAIL,), **more), owner)


def look(app: Flask) -> None:
    """Do what a worker does twice a second."""
    DueSteps(app, db.engine)(clock.now())
    db.session.rollback()


def statuses(view: VerificationView, owner: Owner) -> list[str]:
    return [step.status for step in verifications.get(view.id, owner).steps]


def codes(*gateways: MemoryGateway) -> set[str]:
    return {one.params["code"] for gateway in gateways for one in gateway.sent}


def arrive(message_id: str) -> None:
    db.session.execute(update(Message).where(Message.id == message_id).values(status="delivered"))
    db.session.commit()


def test_the_same_code_goes_the_next_way_after_its_time_and_not_before(app, travel, sms, mails, owner):
    issued = issue(owner)
    assert [(one.channel, one.to, one.status, one.after_seconds) for one in issued.steps] == [
        ("sms", PHONE, "queued", None),
        ("email", MAIL, "waiting", 30),
    ]
    travel.shift(29.9)
    look(app)
    assert (len(mails.sent), statuses(issued, owner)) == (0, ["sent", "waiting"])
    travel.shift(0.1)
    look(app)
    look(app)
    assert (len(sms.sent), [one.to for one in mails.sent]) == (1, [MAIL])
    assert len(codes(sms, mails)) == 1
    shown = verifications.get(issued.id, owner)
    assert [one.status for one in shown.steps] == ["sent", "sent"]
    assert (shown.message_id, shown.expires_at) == (shown.steps[1].message.id, issued.expires_at)
    assert (shown.steps[1].at, shown.to) == (clock.now(), PHONE)


def test_a_verification_without_a_fallback_has_no_steps(owner):
    issued = verifications.issue(Request(Channel.SMS, PHONE), owner)
    assert issued.steps == verifications.get(issued.id, owner).steps == ()


def test_a_click_without_a_fallback_asks_nothing_about_steps(sms, owner):
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *all_of: asked.append(all_of[2]))
    issued = verifications.issue(Request(Channel.SMS, PHONE), owner)
    verifications.get(issued.id, owner)
    approve(issued, owner, sms.sent[0].params["code"])
    assert not [statement for statement in asked if "verification_step" in statement]


def test_up_to_three_steps_follow_one_another(app, travel, sms, mails, owner):
    issued = issue(owner, BY_MAIL, AGAIN, GivenStep(Channel.EMAIL, "jo@example.org", 15))
    for seconds, by_sms, by_mail in ((30, 1, 1), (59, 1, 1), (1, 2, 1), (15, 2, 2), (240, 2, 2)):
        travel.shift(seconds)
        look(app)
        assert (len(sms.sent), len(mails.sent)) == (by_sms, by_mail)
    assert len(codes(sms, mails)) == 1
    assert len(verifications.get(issued.id, owner).steps) == 4


def test_what_was_delivered_in_time_ends_the_steps_but_not_those_by_hand(app, travel, mails, owner):
    issued = issue(owner)
    arrive(issued.message_id)
    travel.shift(31)
    look(app)
    assert (statuses(issued, owner), due(db.engine, clock.now())) == (["delivered", "waiting"], [])
    next_steps.next_channel(issued.id, owner)
    assert len(mails.sent) == 1


def test_a_late_report_of_the_first_send_ends_the_steps_after_the_second(app, travel, sms, mails, owner):
    issued = issue(owner, BY_MAIL, AGAIN)
    travel.shift(30)
    look(app)
    arrive(issued.message_id)
    travel.shift(61)
    look(app)
    assert (len(sms.sent), len(mails.sent)) == (1, 1)


@pytest.mark.parametrize("failure", [GatewayError("no such subscriber"), None])
def test_a_handover_that_failed_for_good_or_too_late_makes_the_step_due_at_once(
    app, travel, settings, sms, mails, owner, failure
):
    app.config["SEND_DEADLINE_SECONDS"] = 20
    sms.failures.append(failure or TemporaryGatewayError("busy"))
    issued = issue(owner, GivenStep(Channel.EMAIL, MAIL, 240))
    if failure is None:
        look(app)
        assert not mails.sent
        travel.shift(21)
        with db.engine.begin() as connection:
            assert settling.expire(connection, clock.now()) == 1
    look(app)
    assert len(mails.sent) == 1
    assert statuses(issued, owner) == ["failed" if failure else "expired", "sent"]


def test_a_message_that_is_tried_again_makes_nothing_due(app, sms, mails, owner):
    sms.failures.append(TemporaryGatewayError("busy"))
    issue(owner)
    look(app)
    assert not mails.sent


def approve(issued: VerificationView, owner: Owner, code: str) -> None:
    assert checks.check(issued.id, code, owner).valid


def lock(issued: VerificationView, owner: Owner, code: str) -> None:
    for _ in range(5):
        checks.check(issued.id, f"{(int(code) + 1) % 1_000_000:06d}", owner)


def cancel(issued: VerificationView, owner: Owner, _: str) -> None:
    verifications.cancel(issued.id, owner)


@pytest.mark.parametrize("end", [approve, lock, cancel])
def test_the_end_of_a_verification_ends_its_steps(app, travel, sms, mails, owner, end):
    issued = issue(owner)
    end(issued, owner, sms.sent[0].params["code"])
    travel.shift(30)
    look(app)
    assert not mails.sent
    assert statuses(issued, owner) == ["sent", "canceled"]
    assert due(db.engine, clock.now()) == []
    with pytest.raises(NotAgain):
        next_steps.next_channel(issued.id, owner)


def test_an_expired_verification_takes_no_step(app, travel, mails, owner):
    app.config["CODE_TTL_SECONDS"] = 60
    issue(owner, GivenStep(Channel.EMAIL, MAIL, 61))
    travel.shift(61)
    look(app)
    assert (mails.sent, due(db.engine, clock.now())) == ([], [])


def test_a_refused_step_is_skipped_and_the_next_one_taken_at_once(app, travel, sms, mails, owner):
    app.config["DESTINATION_SENDS_PER_DAY"] = 1
    verifications.issue(Request(Channel.EMAIL, MAIL), owner)
    issued = issue(owner, BY_MAIL, GivenStep(Channel.SMS, "+4915112345678", 240))
    travel.shift(30)
    look(app)
    assert [one.to for one in sms.sent] == [PHONE, "+4915112345678"]
    first, skipped, taken = verifications.get(issued.id, owner).steps
    assert (skipped.status, skipped.reason, skipped.message) == (
        "skipped",
        "destination_sends_per_day",
        None,
    )
    assert (first.status, taken.status, taken.at) == ("sent", "sent", skipped.at)


def test_the_budget_of_the_day_and_closed_prefixes_skip_steps(app, travel, sms, owner):
    until = clock.now() + timedelta(hours=1)
    closed = {"country": "CN", "times": 1, "sends": 30, "approved": 0, "closed_at": clock.now()}
    db.session.add(PrefixClosure(prefix="+861390013", until=until, **closed))
    db.session.commit()
    app.config["SMS_SENDS_PER_DAY"] = 1
    part(FreshClosures).forget()
    steps = (GivenStep(Channel.SMS, "+8613900139000", 30), GivenStep(Channel.SMS, "+8613700137000", 30))
    issued = issue(owner, *steps)
    travel.shift(30)
    look(app)
    reasons = [one.reason for one in verifications.get(issued.id, owner).steps]
    assert (reasons, len(sms.sent)) == ([None, "pumping_guard", "sms_sends_per_day"], 1)
    assert due(db.engine, clock.now()) == []


def test_steps_to_countries_that_were_closed_meanwhile_are_skipped(app, travel, owner):
    issued = issue(owner, GivenStep(Channel.SMS, "+4915112345678", 30))
    app.config["SMS_COUNTRIES"] = ["CN"]
    travel.shift(30)
    look(app)
    assert verifications.get(issued.id, owner).steps[1].reason == "country_not_allowed"
    with pytest.raises(NoNextChannel):
        next_steps.next_channel(issued.id, owner)


def test_a_code_that_can_not_be_read_any_more_goes_no_other_way(app, travel, mails, owner):
    issued = issue(owner)
    db.session.execute(update(Verification).values(sealed_code=b"x" * 40))
    db.session.commit()
    travel.shift(30)
    look(app)
    assert (mails.sent, verifications.get(issued.id, owner).steps[1].reason) == ([], "conflict")


def test_every_step_counts_for_its_own_destination(app, travel, owner):
    issue(owner, BY_MAIL, AGAIN)
    for seconds in (30, 60):
        travel.shift(seconds)
        look(app)
    counted = {row.key: len(unpack(row.events)) for row in db.session.scalars(select(LimitWindow))}
    assert {key: number for key, number in counted.items() if key.startswith("send|")} == {
        f"send|sms|{PHONE}": 2,
        f"send|email|{MAIL}": 1,
    }
    with pytest.raises(LimitExceeded) as refused:
        verifications.issue(Request(Channel.SMS, PHONE), owner)
    assert refused.value.limit == "resend_cooldown"


def test_the_cooldown_holds_for_steps_by_hand_only(app, travel, sms, owner):
    issued = issue(owner, GivenStep(Channel.SMS, None, 15))
    with pytest.raises(LimitExceeded) as refused:
        next_steps.next_channel(issued.id, owner)
    assert (refused.value.limit, statuses(issued, owner)) == ("resend_cooldown", ["sent", "waiting"])
    travel.shift(15)
    look(app)
    assert len(sms.sent) == 2
    assert verifications.get(issued.id, owner).resend_at == clock.now() + timedelta(seconds=60)


def test_next_channel_takes_the_next_step_now_and_times_the_one_after(app, travel, sms, mails, owner):
    issued = issue(owner, BY_MAIL, AGAIN)
    shown = next_steps.next_channel(issued.id, owner)
    assert [one.status for one in shown.steps] == ["sent", "queued", "waiting"]
    assert (shown.message_id, shown.message_status) == (shown.steps[1].message.id, "queued")
    assert len(mails.sent) == 1
    travel.shift(59)
    look(app)
    assert len(sms.sent) == 1
    travel.shift(1)
    look(app)
    assert len(sms.sent) == 2
    with pytest.raises(NoNextChannel):
        next_steps.next_channel(issued.id, owner)
    with pytest.raises(NotFound):
        next_steps.next_channel(issued.id, Owner("key:other"))


def test_a_resend_goes_to_its_own_destination_also_after_a_step(app, travel, sms, mails, owner):
    issued = issue(owner, BY_MAIL, AGAIN)
    travel.shift(61)
    look(app)
    shown = verifications.resend(issued.id, owner)
    assert (len(sms.sent), len(mails.sent), len(codes(sms, mails))) == (2, 1, 1)
    assert shown.steps[0].message.id == shown.message_id != issued.message_id
    assert shown.steps[2].status == "waiting"


def test_a_step_is_written_in_the_text_of_its_channel(app, travel, sms, mails, owner):
    issue(owner, locale="de")
    travel.shift(30)
    look(app)
    code = sms.sent[0].params["code"]
    assert code in mails.sent[0].html
    assert "Ihr Code" in sms.sent[0].text
    assert code not in mails.sent[0].subject


def test_a_step_to_the_same_destination_takes_the_place_of_the_message_that_waits(app, travel, sms, owner):
    sms.failures.extend([TemporaryGatewayError("busy")] * 2)
    issued = issue(owner, GivenStep(Channel.SMS, None, 15))
    travel.shift(15)
    look(app)
    travel.shift(60)
    part(Bell).ring(Lane.SMS)
    assert (len(sms.sent), statuses(issued, owner)) == (1, ["canceled", "sent"])


def test_another_way_does_not_take_back_the_first_but_the_right_code_does(app, travel, sms, mails, owner):
    sms.failures.append(TemporaryGatewayError("busy", retry_after=100))
    issued = issue(owner)
    travel.shift(30)
    look(app)
    assert statuses(issued, owner) == ["queued", "sent"]
    approve(issued, owner, mails.sent[0].params["code"])
    assert statuses(issued, owner) == ["canceled", "sent"]
    travel.shift(120)
    part(Bell).ring(Lane.SMS)
    assert not sms.sent


def test_cancel_takes_back_every_message_that_waits(app, travel, sms, mails, owner):
    sms.failures.append(TemporaryGatewayError("busy", retry_after=100))
    mails.failures.append(TemporaryGatewayError("busy", retry_after=100))
    issued = issue(owner)
    travel.shift(30)
    look(app)
    verifications.cancel(issued.id, owner)
    assert statuses(issued, owner) == ["canceled", "canceled"]


def test_attempts_are_shared(app, travel, sms, owner):
    issued = issue(owner)
    wrong = f"{(int(sms.sent[0].params['code']) + 1) % 1_000_000:06d}"
    for _ in range(2):
        checks.check(issued.id, wrong, owner)
    travel.shift(30)
    look(app)
    assert verifications.get(issued.id, owner).attempts_left == 3
    assert checks.check(issued.id, wrong, owner).attempts_left == 2


def test_a_destination_finds_the_code_once_it_went_there(app, travel, mails, owner):
    issued = issue(owner)
    find = {"purpose": "default", "channel": None}
    with pytest.raises(NotFound):
        pending.newest_sent_to(owner, to=MAIL, **find)
    travel.shift(30)
    look(app)
    assert pending.newest_sent_to(owner, to=" Kim@Example.org", **find) == issued.id
    assert pending.newest_sent_to(owner, to=PHONE, **find) == issued.id
    with pytest.raises(NotFound):
        pending.newest(owner, to=MAIL, **find)
    with pytest.raises(NotFound):
        pending.newest_sent_to(Owner("key:other"), to=MAIL, **find)
    travel.shift(60)
    newer = verifications.issue(Request(Channel.EMAIL, MAIL), owner)
    assert pending.newest_sent_to(owner, to=MAIL, **find) == newer.id
    result = checks.check(issued.id, mails.sent[0].params["code"], owner)
    assert (result.valid, result.status) == (True, VerificationStatus.APPROVED)


def test_the_failures_of_a_day_are_those_of_the_verification(app, travel, sms, owner):
    issued = issue(owner)
    wrong = f"{(int(sms.sent[0].params['code']) + 1) % 1_000_000:06d}"
    checks.check(issued.id, wrong, owner)
    travel.shift(30)
    look(app)
    checks.check(pending.newest_sent_to(owner, to=MAIL, purpose="default", channel=None), wrong, owner)
    counted = [row for row in db.session.scalars(select(LimitWindow)) if row.key.startswith("fail|")]
    assert [(row.key, len(unpack(row.events))) for row in counted] == [(f"fail|sms|default|{PHONE}", 2)]


@pytest.mark.parametrize(
    ("steps", "error", "told"),
    [
        ([GivenStep(Channel.EMAIL)], InvalidInput, "needs a `to` for the channel email"),
        ([GivenStep(Channel.EMAIL, "nobody")], InvalidDestination, "`to` of email is not one e-mail address"),
        ([GivenStep(Channel.SMS, "+14155552671")], CountryNotAllowed, "`to` of sms SMS to this country"),
        ([GivenStep(Channel.EMAIL, MAIL, 14)], InvalidInput, "after_seconds must be 15 to 240"),
        ([GivenStep(Channel.EMAIL, MAIL, 241)], InvalidInput, "after_seconds must be 15 to 240"),
        ([AGAIN] * 4, InvalidInput, "must have at most 3 steps"),
    ],
)
def test_a_wrong_fallback_is_refused_and_nothing_is_sent(sms, owner, steps, error, told):
    with pytest.raises(error) as refused:
        issue(owner, *steps)
    assert refused.value.problems[0].field == "fallback"
    assert told in refused.value.problems[0].message
    assert not sms.sent


def test_the_chain_of_a_purpose_gives_order_and_seconds(app, owner):
    default_chains.put("login", [(Channel.EMAIL, 20), (Channel.SMS, 45)], by=COMMAND_LINE)
    steps = (GivenStep(Channel.SMS), GivenStep(Channel.EMAIL, MAIL))
    told = {
        purpose: [(one.channel, one.after_seconds) for one in issue(owner, *steps, purpose=purpose).steps[1:]]
        for purpose in ("login",)
    }
    assert told == {"login": [("email", 20), ("sms", 45)]}
    app.config["RESEND_COOLDOWN_SECONDS"] = 0
    other = issue(owner, *steps, purpose="other").steps[1:]
    assert [(one.channel, one.after_seconds) for one in other] == [("sms", 60), ("email", 60)]
    mixed = issue(owner, GivenStep(Channel.SMS, None, 30), steps[1], purpose="login").steps[1:]
    assert [(one.channel, one.after_seconds) for one in mixed] == [("sms", 30), ("email", 20)]


def test_the_row_of_a_step_outlives_a_worker_that_dies_with_it(app, travel, mails, owner, monkeypatch):
    issued = issue(owner)
    travel.shift(30)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(next_steps, "_carried_by", die)
        with pytest.raises(KeyboardInterrupt):
            look(app)
    db.session.rollback()
    assert (statuses(issued, owner), mails.sent) == (["sent", "waiting"], [])
    look(app)
    assert len(mails.sent) == 1


def test_a_step_that_fails_by_an_error_of_ours_keeps_no_other_from_being_taken(
    app, travel, mails, owner, monkeypatch, caplog
):
    first, second = (
        issue(owner),
        verifications.issue(
            Request(
                Channel.SMS, "+8613900139000", fallback=(GivenStep(Channel.EMAIL, "jo@example.org", 30),)
            ),
            owner,
        ),
    )
    travel.shift(30)
    follow = next_steps.follow

    def fail(verification_id: str) -> None:
        if verification_id == first.id:
            raise RuntimeError("secret")
        follow(verification_id)

    monkeypatch.setattr(next_steps, "follow", fail)
    look(app)
    assert statuses(second, owner) == ["sent", "sent"]
    assert first.id in caplog.text
    assert "secret" not in caplog.text
