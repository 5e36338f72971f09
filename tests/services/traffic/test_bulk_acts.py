"""Actions on all messages of a filter: each once, none against the rules, all of them audited."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.gateway_errors import GatewayError, TemporaryGatewayError
from domain.owners import Owner
from domain.refusals import Refusal
from domain.statuses import Channel, MessageStatus, SuppressionReason, VerificationStatus
from exts import db
from models import AuditEntry, LimitWindow, Message, Verification
from services.audit import trail
from services.audit.trail import Actor
from services.codes import verifications
from services.messaging import broadcasts, messages, suppressions
from services.traffic import bulk_acts, bulk_cancels, bulk_resends, verification_lists
from services.traffic.bulk_acts import Act
from services.traffic.message_lists import Filter

pytestmark = pytest.mark.usefixtures("context")
KEY, KIM = Owner("key:a"), Actor(7, "kim@example.org", "192.0.2.1")
ALL = Filter()


def send(to="+8613800138000", **options):
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    subject = "Hi" if channel is Channel.EMAIL else None
    return messages.send(messages.Request(channel, to, text="Hello", subject=subject, **options), KEY).id


def later():
    return datetime.now(UTC) + timedelta(hours=1)


def fail(gateway, *sends):
    gateway.failures += [GatewayError("no such number") for _ in sends]
    return [one() for one in sends]


def row(message_id):
    return db.session.get(Message, message_id, populate_existing=True)


def notes():
    found = [(one.action, one.subject, dict(one.after)) for one in trail.entries().shown]
    assert all(one.actor == KIM.name for one in trail.entries().shown)
    return found


def test_failed_ones_are_sent_again_once(sms):
    first, second = fail(sms, send, send)
    arrived = send()
    chosen = Filter(statuses=(MessageStatus.FAILED,))
    assert bulk_acts.count(chosen, Act.REPLAY) == bulk_acts.Count(2, False)
    outcome = bulk_acts.run(chosen, Act.REPLAY, by=KIM)
    assert (outcome.done, sum(outcome.refused.values())) == (2, 0)
    copies = [row(row(one).resent_as) for one in (first, second)]
    assert [(copy.to, copy.status) for copy in copies] == [("+8613800138000", "sent")] * 2
    assert row(arrived).resent_as is None
    assert bulk_acts.count(ALL, Act.REPLAY).number == 0
    assert bulk_acts.run(ALL, Act.REPLAY, by=KIM).done == 0
    assert notes() == [("message.resent_in_bulk", "statuses=failed", {"messages": 2})]
    assert len(sms.sent) == 3


def test_waiting_messages_are_canceled_except_codes(sms, owner):
    waiting = [send(send_at=later()), send("kim@example.org", send_at=later())]
    code = verifications.issue(verifications.Request(Channel.SMS, "+8613900139000"), owner)
    db.session.execute(sa.update(Message).where(Message.id == code.message_id).values(status="queued"))
    db.session.commit()
    outcome = bulk_acts.run(ALL, Act.CANCEL, by=KIM)
    assert (outcome.done, outcome.refused[Refusal.CODE]) == (2, 1)
    assert [row(one).status for one in waiting] == ["canceled", "canceled"]
    assert row(code.message_id).status == "queued"
    assert notes() == [("message.canceled_in_bulk", "all", {"messages": 2})]


def test_a_code_is_sent_again_while_it_is_good_and_never_after(sms, owner):
    numbers = [f"+861380013800{digit}" for digit in range(3)]
    issued = []
    for number in numbers:
        sms.failures.append(GatewayError("not now"))
        issued.append(verifications.issue(verifications.Request(Channel.SMS, number), owner))
    good, expired, just_sent = (one.id for one in issued)
    past = datetime.now(UTC) - timedelta(seconds=1)
    db.session.execute(sa.update(Verification).where(Verification.id == expired).values(expires_at=past))
    of_the_first = LimitWindow.key == f"send|sms|{numbers[0]}"
    db.session.execute(sa.delete(LimitWindow).where(of_the_first))  # its cool-down is over
    db.session.commit()
    outcome = bulk_acts.run(ALL, Act.REPLAY, by=KIM)
    assert outcome.done == 1
    assert (outcome.refused[Refusal.ENDED], outcome.refused[Refusal.LIMIT]) == (1, 1)
    assert verifications.get(good, owner).message_status == "sent"
    assert verifications.get(just_sent, owner).message_status == "failed"
    assert [one[0] for one in notes()] == ["verification.resent"]
    assert row(issued[2].message_id).resent_as is None, "it can be tried again"


def test_messages_that_may_not_be_sent_again_are_counted_by_reason(sms, mails, app):
    mails.failures.append(GatewayError("550"))
    request = broadcasts.Request(
        Channel.EMAIL, recipients=[{"to": "kim@example.org"}], subject="News", text="News"
    )
    broadcasts.start(request, KEY)
    suppressions.add(Channel.EMAIL, "kim@example.org", SuppressionReason.UNSUBSCRIBED, by=None)
    gone, abroad = fail(sms, send, lambda: send("+8613900139000"))
    db.session.execute(sa.update(Message).where(Message.id == gone).values(sealed=None))
    foreign = {"to": "+12025550123", "canonical": "+12025550123"}
    db.session.execute(sa.update(Message).where(Message.id == abroad).values(foreign))
    db.session.commit()
    outcome = bulk_acts.run(ALL, Act.REPLAY, by=KIM)
    assert outcome.done == 0
    assert {why: number for why, number in outcome.refused.items() if number} == {
        Refusal.SUPPRESSED: 1,
        Refusal.GONE: 1,
        Refusal.COUNTRY: 1,
    }
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0
    assert not db.session.scalars(sa.select(Message.resent_as).where(Message.resent_as.is_not(None))).all()


def test_the_budget_of_the_day_holds(sms, app):
    fail(sms, send, send)
    app.config["SMS_SENDS_PER_DAY"] = 3
    outcome = bulk_acts.run(ALL, Act.REPLAY, by=KIM)
    assert (outcome.done, outcome.refused[Refusal.LIMIT]) == (0, 2)


def test_many_are_done_in_blocks_up_to_the_most(mails, monkeypatch):
    monkeypatch.setattr(bulk_acts, "MOST", 5)
    monkeypatch.setattr(bulk_acts, "BLOCK", 2)
    for number in range(7):
        send(f"reader{number}@example.org")
    chosen = Filter(statuses=(MessageStatus.SENT,))
    assert bulk_acts.count(chosen, Act.RESEND) == bulk_acts.Count(5, True)
    assert bulk_acts.run(chosen, Act.RESEND, by=KIM).done == 5
    assert [one[2]["messages"] for one in notes()] == [1, 2, 2]
    assert db.session.scalar(sa.select(sa.func.count()).where(Message.resent_as.is_not(None))) == 5


def test_a_filter_lists_its_allowed_actions():
    assert bulk_acts.fitting(ALL) == [Act.REPLAY, Act.CANCEL]
    assert bulk_acts.fitting(Filter(statuses=(MessageStatus.SENT,))) == [Act.RESEND]
    assert bulk_acts.fitting(Filter(statuses=(MessageStatus.CANCELED,))) == []
    assert bulk_acts.count(Filter(statuses=(MessageStatus.SENT,)), Act.CANCEL).number == 0


def test_two_parallel_resends_send_a_message_once(app, mails):
    sent = [send(f"reader{number}@example.org") for number in range(20)]
    start, done, refused = threading.Barrier(2), [], Counter()

    def press():
        with app.app_context():
            start.wait(10)
            done.append(bulk_resends.resend(sent, "all", refused, KIM))
            db.session.remove()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(done) == refused[Refusal.MOVED] == len(sent)
    copies = db.session.scalars(sa.select(Message.resent_as).where(Message.id.in_(sent))).all()
    there = set(db.session.scalars(sa.select(Message.id)).all())
    assert set(copies) == there - set(sent)
    assert len(there) == 2 * len(sent)


def test_pending_verifications_end_with_their_waiting_messages(sms, owner):
    request = verifications.Request(Channel.SMS, "+8613800138000", "login")
    sms.failures.append(TemporaryGatewayError("busy"))
    waiting = verifications.issue(request, owner)
    sent = verifications.issue(replace(request, to="+8613900139000"), owner)
    other = verifications.issue(replace(request, to="+8613700137000", purpose="other"), owner)
    chosen = verification_lists.Filter(purpose="login")
    assert bulk_cancels.count(chosen) == bulk_acts.Count(2, False)
    assert bulk_cancels.cancel(chosen, by=KIM) == 2
    found = [verifications.get(one.id, owner) for one in (waiting, sent, other)]
    assert [one.status for one in found] == ["canceled", "canceled", "pending"]
    assert [one.message_status for one in found] == ["canceled", "sent", "sent"]
    assert bulk_cancels.cancel(chosen, by=KIM) == 0
    assert notes() == [("verification.canceled_in_bulk", "purpose=login", {"verifications": 2})]
    assert bulk_cancels.count(verification_lists.Filter(status=VerificationStatus.EXPIRED)).number == 0
