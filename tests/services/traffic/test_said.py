"""What a message said, as the console shows it."""

import pytest
import sqlalchemy as sa

from domain.errors import NotFound
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.audit import trail
from services.audit.trail import Actor
from services.codes import verifications
from services.messaging import broadcasts, messages
from services.traffic import said

pytestmark = pytest.mark.usefixtures("context")
KIM = Actor(7, "kim@example.org", "192.0.2.1")
KEY = Owner("key:a")
NUMBER = "+8613800138000"


def test_the_text_of_a_code_never_has_the_code(owner, sms):
    issued = verifications.issue(verifications.Request(Channel.SMS, NUMBER, locale="en"), owner)
    (sent,) = sms.sent
    shown = said.of_code(issued.message_id)
    assert shown.text.text == sent.text.replace(sent.params["code"], "••••••")
    assert shown.segments.count == 1, "as if the dots were digits"


def test_the_mail_of_a_code_is_shown_with_its_subject(owner, mails):
    issued = verifications.issue(verifications.Request(Channel.EMAIL, "kim@example.org"), owner)
    (sent,) = mails.sent
    shown = said.of_code(issued.message_id)
    assert shown.text == tuple(
        part.replace(sent.params["code"], "••••••") for part in (sent.text, sent.subject, sent.html)
    )
    assert shown.segments is None


def test_reading_a_notice_is_audited():
    sent = messages.send(messages.Request(Channel.EMAIL, "kim@example.org", text="Hello", subject="Hi"), KEY)
    shown = said.notice(sent.id, by=KIM)
    assert (shown.text.subject, shown.text.text) == ("Hi", "Hello")
    entry = trail.entries().shown[0]
    assert (entry.action, entry.subject, entry.subject_id) == (
        "message.text_shown",
        "k***@example.org",
        sent.id,
    )
    assert said.of_code(sent.id) is None


def test_a_message_of_a_broadcast_is_shown_with_its_own_values():
    recipients = [{"to": NUMBER, "params": {"name": "Kim"}}]
    made = broadcasts.start(broadcasts.Request(Channel.SMS, recipients, text="Hello {{ name }}"), KEY)
    (message_id,) = db.session.scalars(sa.select(Message.id).where(Message.broadcast_id == made.id))
    assert said.notice(message_id, by=KIM).text.text == "Hello Kim"


def test_nothing_is_shown_of_what_was_erased(owner):
    sent = messages.send(messages.Request(Channel.SMS, NUMBER, text="Hello"), KEY)
    db.session.execute(sa.update(Message).values(sealed=None))
    db.session.commit()
    assert said.notice(sent.id, by=KIM) is None
    assert not trail.entries().shown
    issued = verifications.issue(verifications.Request(Channel.SMS, "+8613800138001"), owner)
    assert said.notice(issued.message_id, by=KIM) is None, "a code's message is no notice"
    with pytest.raises(NotFound):
        said.notice("nowhere", by=KIM)
