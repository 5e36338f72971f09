"""One message, sent from the console."""

import re

from flask import Flask

from channels.memory import MemoryGateway
from domain.actions import Action
from services.audit import trail
from tests.cms.conftest import EMAIL, Visitor

NEW = "/cms/messages/new"


def test_a_template_has_a_field_for_each_of_its_values(signed_in: Visitor) -> None:
    page = signed_in.get(f"{NEW}?what=email/notice").text
    assert re.findall(r'name="value-(\w+)"', page) == ["text", "title"]
    assert signed_in.get(f"{NEW}?what=email/nothing").location == NEW


def test_it_is_looked_at_and_sent_in_ones_own_name(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    fields = {
        "what": "email/notice",
        "to": "kim@example.org",
        "value-title": "News",
        "value-text": "Hello Kim",
    }
    looked = signed_in.submit(f"{NEW}/preview", page=NEW, **fields)
    assert "Hello Kim" in looked.text
    assert mails.sent == []
    sent = signed_in.submit(NEW, page=NEW, **fields)
    assert [(one.to, one.subject) for one in mails.sent] == [("kim@example.org", "News")]
    assert EMAIL in signed_in.get(sent.location).text
    with app.app_context():
        (entry,) = trail.entries(trail.Wanted(actions=[Action.MESSAGE_SENT])).shown
    assert (entry.actor, entry.subject, entry.subject_id) == (
        EMAIL,
        "k***@example.org",
        sent.location.rpartition("/")[2],
    )


def test_an_own_text_by_sms_shows_its_segments(signed_in: Visitor, sms: MemoryGateway) -> None:
    fields = {"what": "sms/", "to": "138 0013 8000", "text": "é" * 71 + "中"}
    assert "2 segments" in signed_in.submit(f"{NEW}/preview", page=NEW, **fields).text
    assert signed_in.submit(NEW, page=NEW, **fields).status_code == 303
    assert [one.to for one in sms.sent] == ["+8613800138000"]


def test_faults_are_told_beside_their_fields_and_what_was_typed_stays(signed_in: Visitor) -> None:
    wrong = [
        ({"what": "sms/", "to": "12", "text": "Hello"}, "Enter one phone number"),
        ({"what": "sms/", "to": "13800138000", "text": ""}, "Write a text of up to"),
        ({"what": "email/", "to": "kim@example.org", "text": "Hello"}, "A mail needs a subject"),
        (
            {"what": "email/notice", "to": "kim@example.org", "value-text": "Hello"},
            "Each value must be filled in",
        ),
    ]
    for fields, told in wrong:
        answer = signed_in.submit(NEW, page=NEW, **fields)
        assert (answer.status_code, told in answer.text) == (422, True), fields
        assert f'value="{fields["to"]}"' in answer.text


def test_a_budget_that_is_used_up_is_told(signed_in: Visitor, app: Flask, sms: MemoryGateway) -> None:
    app.config["SMS_SENDS_PER_DAY"] = 1
    fields = {"what": "sms/", "to": "13800138000", "text": "Hello"}
    assert [signed_in.submit(NEW, page=NEW, **fields).status_code for _ in range(2)] == [303, 429]
    assert len(sms.sent) == 1
