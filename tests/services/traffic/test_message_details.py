"""The timeline of one message."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.errors import NotFound
from domain.gateway_errors import GatewayError, TemporaryGatewayError, UnknownResult
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.codes import verifications
from services.keys import api_keys
from services.messaging import messages
from services.traffic import message_details, verification_lists
from services.traffic.message_details import Happening

pytestmark = pytest.mark.usefixtures("context")
KEY = Owner("key:unknown")


def send(**values):
    request = messages.Request(Channel.SMS, "+8613800138000", text="Hello")
    sent = messages.send(request, KEY)
    if values:
        db.session.execute(sa.update(Message).where(Message.id == sent.id).values(values))
        db.session.commit()
    return sent.id


def told(message_id):
    return [(event.what, event.number, event.gateway) for event in message_details.get(message_id).timeline]


def test_a_good_first_try():
    details = message_details.get(send())
    queued, sent = details.timeline
    assert (queued.what, queued.at) == (Happening.QUEUED, details.created_at)
    assert (sent.what, sent.number, sent.gateway, sent.reason) == ("sent", 1, "memory-sms", "memory-sms-1")
    assert sent.took_ms is not None
    assert details.to == "+86138****8000"
    assert "13800138000" not in repr(details)
    assert message_details.get(details.id, unmasked=True).to == "+8613800138000"


def test_a_try_that_failed_for_good(sms):
    sms.failures.append(GatewayError("no such number"))
    _, asked, failed = message_details.get(send()).timeline
    assert (asked.what, asked.answer, asked.reason) == (Happening.ASKED, "refused", "no such number")
    assert failed.what is Happening.FAILED


def test_a_waiting_retry_shows_its_time(sms):
    sms.failures.append(TemporaryGatewayError("busy"))
    _, asked, next_try = message_details.get(send()).timeline
    assert (asked.number, asked.answer) == (1, "temporary")
    assert next_try.what is Happening.SCHEDULED
    assert next_try.at > asked.at


def test_a_try_of_a_worker_that_ended_is_not_passed_over(sms):
    sms.failures.append(UnknownResult("time ran out"))
    message_id = send(tries=3, status="sending")
    assert told(message_id) == [
        ("queued", None, None),
        ("asked", 1, "memory-sms"),
        ("lost", 2, None),
        ("sending", 3, None),
    ]


@pytest.mark.parametrize("status", ["delivered", "undelivered"])
def test_a_carriers_report_comes_last(status):
    now = datetime.now(UTC)
    *_, sent, report = message_details.get(send(status=status, settled_at=now, error="why")).timeline
    assert sent.what is Happening.SENT
    assert (report.what, report.at, report.gateway, report.reason) == (status, now, "memory-sms", "why")


def test_a_waiting_message_shows_what_it_waits_for():
    later = datetime.now(UTC) + timedelta(hours=1)
    scheduled = messages.send(
        messages.Request(Channel.SMS, "+8613800138000", text="Hello", send_at=later), KEY
    ).id
    assert told(scheduled)[-1][0] == "planned"
    db.session.execute(sa.update(Message).values(due_at=None))
    db.session.commit()
    assert told(scheduled)[-1][0] == "held_back"
    messages.cancel(send(status="queued"), KEY)


def test_the_sender_has_a_name(owner):
    key = api_keys.create("Web shop")[0]
    sent = messages.send(
        messages.Request(Channel.SMS, "+8613800138000", text="Hello"), Owner(f"key:{key.id}")
    )
    asked = message_details.get(sent.id).asked
    assert (asked.name, asked.key_id, asked.client_ip, asked.metadata) == ("Web shop", key.id, None, {})
    code = verifications.issue(
        verifications.Request(
            Channel.EMAIL, "kim@example.org", metadata={"order": "A-77"}, client_ip="2001:db8::1"
        ),
        Owner("key:gone"),
    )
    for asked in (message_details.get(code.message_id).asked, verification_lists.get(code.id).asked):
        assert (asked.name, asked.key_id) == ("gone", "gone")
        assert (asked.client_ip, asked.metadata) == ("2001:db8::1", {"order": "A-77"})


def test_a_code_sent_again_points_to_the_new_message(owner):
    issued = verifications.issue(verifications.Request(Channel.EMAIL, "kim@example.org"), owner)
    db.session.execute(sa.text("DELETE FROM limit_window"))
    db.session.commit()
    again = verifications.resend(issued.id, owner)
    assert message_details.get(issued.message_id).resent_as == again.message_id


def test_a_missing_message_is_not_found():
    with pytest.raises(NotFound):
        message_details.get("nowhere")
