"""What a broadcast says, as the console shows it."""

import io

import pytest
import sqlalchemy as sa

from domain.errors import NotFound
from domain.owners import Owner
from domain.statuses import Channel
from domain.template_keys import parse
from exts import db
from models import Broadcast, BroadcastPart, Message
from services.audit import trail
from services.audit.trail import Actor
from services.messaging import broadcasts
from services.sheets import sending
from services.templating import templates
from services.templating.text_sources import Source
from services.traffic import broadcast_texts

pytestmark = pytest.mark.usefixtures("context")
KIM = Actor(7, "kim@example.org", "192.0.2.1")
KEY = Owner("key:a")
OFFER = parse("offer.sms.en")


@pytest.fixture
def settings(settings):
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False}


def publish(text: str, number: int) -> None:
    templates.save(OFFER, Source(text), base=number - 1, by=KIM)
    templates.publish(OFFER, number, by=KIM)


def start(**more) -> str:
    recipients = [{"to": "+8613800138000", "params": {"name": "Kim"}}]
    return broadcasts.start(broadcasts.Request(Channel.SMS, recipients, **more), KEY).id


def test_the_version_is_the_one_that_its_messages_have():
    publish("Hello {{ name }}", 1)
    made = start(template="offer", locale="en")
    publish("Bye {{ name }}", 2)
    found = broadcast_texts.of_template(made)
    assert (found.source.text, found.version) == ("Hello {{ name }}", (OFFER, 1))


def test_recipients_that_still_wait_know_their_version_too():
    publish("Hello {{ name }}", 1)
    list_of_one = io.BytesIO(b"to,name\n+8613800138000,Kim\n")
    made = sending.send(list_of_one, sending.Request(Channel.SMS, "offer", locale="en"), KEY).id
    assert not db.session.scalar(sa.select(Message.id))
    assert broadcast_texts.of_template(made).version == (OFFER, 1)
    db.session.execute(sa.delete(BroadcastPart))
    db.session.commit()
    assert broadcast_texts.of_template(made) is None


def test_a_shipped_text_is_the_version_0():
    recipients = [{"to": "kim@example.org", "params": {"title": "T", "text": "Hi"}}]
    request = broadcasts.Request(Channel.EMAIL, recipients, template="notice", locale="de")
    found = broadcast_texts.of_template(broadcasts.start(request, KEY).id)
    assert found.version == (parse("notice.email.de"), 0)
    assert "{{ text }}" in found.source.text


def test_an_own_text_is_shown_with_its_names_and_audited():
    made = start(text="Hello {{ name }}")
    assert broadcast_texts.of_template(made) is None
    shown = broadcast_texts.own(made, by=KIM)
    assert (shown.source.text, shown.version) == ("Hello {{ name }}", None)
    entry = trail.entries().shown[0]
    assert (entry.action, entry.subject_id, entry.actor) == ("broadcast.text_shown", made, KIM.name)
    assert "Hello" not in repr(entry)


def test_nothing_is_shown_of_what_can_not_be_opened():
    made = start(text="Hello {{ name }}")
    db.session.execute(sa.update(Broadcast).values(sealed=b"x" * 60))
    db.session.commit()
    assert broadcast_texts.own(made, by=KIM) is None
    with pytest.raises(NotFound):
        broadcast_texts.own("nowhere", by=KIM)
    assert not trail.entries().shown
