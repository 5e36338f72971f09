"""What a key has of its own applies to its codes and notices, and to nobody else's."""

from email import message_from_bytes, policy

import pytest
import time_machine

from channels.email import mime
from channels.email.mail_headers import parse_sender
from domain.errors import InvalidInput
from domain.owners import Owner
from domain.profiles import check
from domain.statuses import Channel
from services import profiles
from services.codes import checks, verifications
from services.codes.verifications import Request
from services.keys import api_keys
from services.messaging import broadcasts, messages

pytestmark = pytest.mark.usefixtures("context")
PHONE = "+8613800138000"
OWN = {
    "service_name": "Bücher & Co",
    "code_length": 8,
    "code_ttl_seconds": 120,
    "code_attempts": 2,
    "locale": "de",
}


@pytest.fixture
def shop():
    key, _ = api_keys.create("shop")
    api_keys.configure(key.id, OWN)
    return Owner(f"key:{key.id}")


def test_its_codes_have_its_length_life_attempts_language_and_name(shop, sms):
    made = verifications.issue(Request(Channel.SMS, PHONE), shop)
    (sent,) = sms.sent
    assert len(sent.params["code"]) == 8
    assert "Bücher & Co" in sent.text
    assert "2 Minuten" in sent.text
    assert made.attempts_left == 2
    assert (made.expires_at - made.created_at).total_seconds() == 120
    assert checks.check(made.id, sent.params["code"], shop).valid


def test_a_resend_has_its_name_too(shop, sms, app):
    app.config["RESEND_COOLDOWN_SECONDS"] = 0
    made = verifications.issue(Request(Channel.SMS, PHONE), shop)
    verifications.resend(made.id, shop)
    assert "Bücher & Co" in sms.sent[1].text


def test_the_locale_of_a_call_comes_first(shop, sms):
    verifications.issue(Request(Channel.SMS, PHONE, locale="zh-CN"), shop)
    assert "验证码" in sms.sent[0].text


def test_a_code_of_before_a_change_is_checked_by_its_own_length(shop, sms):
    made = verifications.issue(Request(Channel.SMS, PHONE), shop)
    api_keys.configure(shop.id.removeprefix("key:"), {"code_length": 6})
    assert checks.check(made.id, sms.sent[0].params["code"], shop).valid


def test_notices_have_its_name(shop, sms):
    messages.send(messages.Request(Channel.SMS, PHONE, text="{{ service }}: open until 8"), shop)
    assert sms.sent[0].text == "Bücher & Co: open until 8"


def test_others_have_the_installations(shop, sms, owner):
    made = verifications.issue(Request(Channel.SMS, PHONE), owner)
    assert len(sms.sent[0].params["code"]) == 6
    assert (made.attempts_left, "Sendcode" in sms.sent[0].text) == (5, True)


def test_a_change_is_seen_here_at_once_and_elsewhere_soon(shop, app):
    assert profiles.of(shop).code_length == 8
    api_keys.configure(shop.id.removeprefix("key:"), {"code_length": "7"})
    assert profiles.of(shop).code_length == 7
    assert profiles.of(shop).service_name == app.config["SERVICE_NAME"]


def test_it_is_read_once_in_a_while(shop, monkeypatch):
    profiles.of(shop)
    monkeypatch.setattr("services.profiles.select", None)  # another look would fail
    assert profiles.of(shop).code_length == 8
    with time_machine.travel(0):
        assert profiles.of(shop).code_length == 8


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code_length", "5"),
        ("code_length", "11"),
        ("code_length", "six"),
        ("code_length", "٧"),
        ("code_ttl_seconds", "59"),
        ("code_ttl_seconds", "601"),
        ("code_attempts", "0"),
        ("code_attempts", "-1"),
        ("locale", "deutsch!"),
        ("service_name", "x" * 61),
        ("service_name", "two\nlines"),
        ("sender", "a\nb"),
        ("colour", "red"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(InvalidInput) as caught:
        check({name: value, "code_length" if name != "code_length" else "code_attempts": "7"})
    assert [one.field for one in caught.value.problems] == [name]


def test_empty_values_are_left_out():
    assert check({"service_name": "  ", "locale": None, "code_length": "6"}) == {"code_length": 6}


def test_mails_come_from_its_name_at_the_usual_address(shop, mails):
    api_keys.configure(shop.id.removeprefix("key:"), {"sender": "Bücher"})
    verifications.issue(Request(Channel.EMAIL, "kim@example.org"), shop)
    messages.send(messages.Request(Channel.EMAIL, "kim@example.org", subject="News", text="Hello"), shop)
    assert [one.sender for one in mails.sent] == ["Bücher", "Bücher"]
    assert not [name for one in mails.sent for name in one.params if name.startswith("_")]
    sender = parse_sender("Sendcode <no-reply@x.org>")
    mail = message_from_bytes(mime.render(mails.sent[0], sender).content, policy=policy.SMTP)
    assert mail["From"].addresses[0].display_name == "Bücher"
    assert mail["From"].addresses[0].addr_spec == "no-reply@x.org"


def test_a_broadcast_and_what_is_sent_again_come_from_it_too(shop, mails):
    api_keys.configure(shop.id.removeprefix("key:"), {"sender": "Books"})
    many = broadcasts.Request(Channel.EMAIL, [{"to": "kim@example.org"}], subject="News", text="Hello")
    broadcasts.start(many, shop)
    one = messages.send(messages.Request(Channel.EMAIL, "lee@example.org", subject="a", text="b"), shop)
    messages.resend(one.id, shop)
    assert [sent.sender for sent in mails.sent] == ["Books"] * 3


def test_others_have_no_name_of_their_own(owner, mails):
    verifications.issue(Request(Channel.EMAIL, "kim@example.org"), owner)
    assert mails.sent[0].sender is None
