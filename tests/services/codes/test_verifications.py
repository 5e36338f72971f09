from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.errors import Conflict, CountryNotAllowed, InvalidInput, LimitExceeded, NotFound
from domain.gateway_errors import TemporaryGatewayError
from domain.owners import Owner
from domain.statuses import Channel, VerificationStatus
from exts import db
from models import Message, Verification
from services.codes import pending, verifications
from services.codes.verifications import Request
from services.outbox.bell import Bell
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
PHONE = "+8613800138000"


def sms_to(to=PHONE, **more):
    return Request(Channel.SMS, to, **more)


def later(seconds):
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)


def test_a_code_reaches_the_gateway_and_its_sealed_copy_is_erased(sms, owner):
    issued = verifications.issue(sms_to("138 0013 8000"), owner)
    (sent,) = sms.sent
    assert sent.to == PHONE
    assert sent.params["code"] in sent.text
    message = db.session.get(Message, issued.message_id)
    assert (message.status, message.result, message.sealed, message.due_at) == ("sent", 0, None, None)
    assert (message.gateway, message.gateway_reference, message.tries) == ("memory-sms", "memory-sms-1", 1)
    assert sent.id == message.id


def test_no_row_holds_the_code_in_clear(sms, owner):
    sms.failures.append(TemporaryGatewayError("busy"))
    issued = verifications.issue(sms_to(), owner)
    rows = [db.session.get(Verification, issued.id), db.session.get(Message, issued.message_id)]
    assert rows[1].sealed, "still waiting for its second try"
    with later(4):
        part(Bell).ring(verifications.Lane.SMS)
    code = sms.sent[0].params["code"]
    for row in rows:
        for column in row.__table__.columns:
            assert code not in str(getattr(row, {"metadata": "details"}.get(column.key, column.key))), column


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "your code is"), ("zh-Hans-CN", "验证码"), ("de_AT", "Ihr Code"), ("fr", "your code is")],
)
def test_the_text_is_in_the_nearest_language_we_have(sms, owner, locale, words):
    verifications.issue(sms_to(locale=locale), owner)
    assert words in sms.sent[0].text


def test_a_mail_has_a_subject_without_the_code_and_both_bodies(mails, owner):
    verifications.issue(Request(Channel.EMAIL, "Anna@x.org"), owner)
    (sent,) = mails.sent
    code = sent.params["code"]
    assert code not in sent.subject
    assert code in sent.text
    assert code in sent.html
    assert sent.to == "Anna@x.org"


def test_a_second_send_within_the_cooldown_is_refused_with_the_time_to_wait(sms, owner):
    with time_machine.travel(datetime.now(UTC), tick=False):
        issued = verifications.issue(sms_to(), owner)
        with pytest.raises(LimitExceeded) as refused:
            verifications.issue(sms_to("0086 13800138000"), owner)
        assert refused.value.limit == "resend_cooldown"
        assert 58 <= refused.value.retry_after <= 60
        assert 59 <= (issued.resend_at - datetime.now(UTC)).total_seconds() <= 60
    assert len(sms.sent) == 1


def test_five_sends_in_ten_minutes_and_ten_a_day_whatever_the_owner(sms):
    start = datetime.now(UTC)
    sends, refusals = [], set()
    for minute in (*range(40), *range(40, 23 * 60, 20), *range(23 * 60, 26 * 60)):
        with time_machine.travel(start + timedelta(minutes=minute, seconds=1), tick=False):
            try:
                verifications.issue(sms_to(), Owner(f"key:{minute}"))
                sends.append(minute)
            except LimitExceeded as refused:
                refusals.add(refused.limit)
    assert refusals == {"destination_sends_per_10_minutes", "destination_sends_per_day"}
    assert sends[:10] == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    assert all(sum(minute <= other < minute + 1440 for other in sends) <= 10 for minute in sends)


def test_a_tag_does_not_make_another_mailbox_for_the_limits(mails, owner):
    verifications.issue(Request(Channel.EMAIL, "a@b.ORG"), owner)
    with pytest.raises(LimitExceeded):
        verifications.issue(Request(Channel.EMAIL, "A+x@B.org"), owner)


def test_a_country_that_is_not_switched_on_gets_nothing(sms, owner):
    with pytest.raises(CountryNotAllowed):
        verifications.issue(sms_to("+44 7400 123456"), owner)
    assert sms.sent == []


def test_one_ip_address_can_not_send_without_limit(sms, owner, app):
    app.config["IP_SENDS_PER_MINUTE"] = 3
    for n in range(3):
        verifications.issue(sms_to(f"+49170123456{n}", client_ip=f"2001:db8::{n}"), owner)
    with pytest.raises(LimitExceeded) as refused:
        verifications.issue(sms_to("+491701234569", client_ip="2001:db8::ffff:1"), owner)
    assert refused.value.limit == "ip_sends_per_minute"
    verifications.issue(sms_to("+491701234569", client_ip="2001:db8:0:1::1"), owner)
    verifications.issue(sms_to("+491701234568"), owner)


def test_numbers_of_one_prefix_share_a_window(sms, owner, app):
    app.config["PREFIX_SENDS_PER_10_MINUTES"] = 3
    for n in range(3):
        verifications.issue(sms_to(f"+861380013800{n}"), owner)
    with pytest.raises(LimitExceeded) as refused:
        verifications.issue(sms_to("+8613800138009"), owner)
    assert refused.value.limit == "prefix_sends_per_10_minutes"
    verifications.issue(sms_to("+8613800148009"), owner)


def test_the_days_budget_holds_from_the_rows_when_there_is_no_redis(sms, owner, app):
    app.config["SMS_SENDS_PER_DAY"] = 2
    verifications.issue(sms_to("+8613800138001"), owner)
    verifications.issue(sms_to("+8613900138002"), owner)
    with pytest.raises(LimitExceeded) as refused:
        verifications.issue(sms_to("+8613700138003"), owner)
    assert refused.value.limit == "sms_sends_per_day"
    verifications.issue(Request(Channel.EMAIL, "a@b.org"), owner)


def test_a_refused_send_counts_against_nothing(sms, owner, app):
    app.config["IP_SENDS_PER_MINUTE"] = 1
    verifications.issue(sms_to(client_ip="192.0.2.1"), owner)
    with pytest.raises(LimitExceeded, match="resend_cooldown"):
        verifications.issue(sms_to(client_ip="192.0.2.2"), owner)
    verifications.issue(sms_to("+8613900139000", client_ip="192.0.2.2"), owner)


def test_zero_switches_a_limit_off(sms, owner, app):
    app.config.update(
        RESEND_COOLDOWN_SECONDS=0,
        DESTINATION_SENDS_PER_10_MINUTES=0,
        DESTINATION_SENDS_PER_DAY=0,
        PREFIX_SENDS_PER_10_MINUTES=0,
        SMS_SENDS_PER_DAY=0,
    )
    for _ in range(15):
        verifications.issue(sms_to(), owner)
    assert len(sms.sent) == 15


def test_a_resend_sends_the_same_code_and_does_not_live_longer(sms, owner):
    issued = verifications.issue(sms_to(), owner)
    with pytest.raises(LimitExceeded):
        verifications.resend(issued.id, owner)
    with later(61):
        again = verifications.resend(issued.id, owner)
        assert again.resend_at > issued.resend_at
    first, second = sms.sent
    assert first.params["code"] == second.params["code"]
    assert first.id != second.id, "another message to the gateway, else its idempotency would swallow it"
    assert again.expires_at == issued.expires_at
    assert again.message_id == second.id


def test_an_ended_verification_can_not_be_sent_again(sms, owner):
    issued = verifications.issue(sms_to(), owner)
    with later(301), pytest.raises(Conflict):
        verifications.resend(issued.id, owner)
    verifications.cancel(issued.id, owner)
    with later(61), pytest.raises(Conflict):
        verifications.resend(issued.id, owner)


def test_a_cancel_ends_it_and_takes_back_what_was_not_sent(sms, owner):
    sms.failures.append(TemporaryGatewayError("busy"))
    issued = verifications.issue(sms_to(), owner)
    canceled = verifications.cancel(issued.id, owner)
    assert (canceled.status, canceled.message_status) == (VerificationStatus.CANCELED, "canceled")
    assert verifications.cancel(issued.id, owner).status is VerificationStatus.CANCELED
    with later(10):
        part(Bell).ring(verifications.Lane.SMS)
    assert sms.sent == []
    assert db.session.get(Verification, issued.id).sealed_code is None


def test_only_the_owner_sees_it(sms, owner):
    issued = verifications.issue(sms_to(), owner)
    stranger = Owner("key:stranger")
    for use in (verifications.get, verifications.resend, verifications.cancel):
        with pytest.raises(NotFound):
            use(issued.id, stranger)
    assert verifications.get(issued.id, owner).status is VerificationStatus.PENDING


def test_the_newest_pending_one_is_found_by_any_spelling_of_its_destination(sms, owner):
    first = verifications.issue(sms_to(), owner)
    with later(61):
        second = verifications.issue(sms_to(), owner)
        assert pending.newest(owner, to="138-0013-8000", purpose="default", channel=None) == second.id
        verifications.cancel(second.id, owner)
        assert pending.newest(owner, to=PHONE, purpose="default", channel=Channel.SMS) == first.id
        with pytest.raises(NotFound):
            pending.newest(owner, to=PHONE, purpose="login", channel=None)
        with pytest.raises(NotFound):
            pending.newest(Owner("key:x"), to=PHONE, purpose="default", channel=None)


def test_a_test_key_runs_the_whole_path_and_reaches_no_gateway(sms):
    tester = Owner("key:test", is_test=True)
    issued = verifications.issue(sms_to(), tester)
    message = db.session.get(Message, issued.message_id)
    assert (message.status, message.gateway) == ("sent", "test")
    assert sms.sent == []


@pytest.mark.parametrize(
    "broken",
    [
        {"purpose": "Two Words"},
        {"locale": "../etc"},
        {"metadata": {"a": "b\r\nc"}},
        {"client_ip": "example.org"},
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(sms, owner, broken):
    with pytest.raises(InvalidInput):
        verifications.issue(sms_to(**broken), owner)
    assert sms.sent == []
    assert db.session.query(Verification).count() == db.session.query(Message).count() == 0
    verifications.issue(sms_to(), owner)


def test_a_message_that_no_worker_takes_by_its_deadline_is_expired(sms, owner):
    sms.failures.append(TemporaryGatewayError("busy"))
    issued = verifications.issue(sms_to(), owner)
    with later(239):
        assert verifications.get(issued.id, owner).message_status == "queued"
    with later(241):
        assert verifications.get(issued.id, owner).message_status == "expired"
