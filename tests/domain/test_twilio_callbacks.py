"""Signatures of call-backs, pinned by Twilio's own validator and by the example of its documentation."""

import pytest

from domain import twilio_callbacks
from domain.statuses import MessageStatus

TOKEN = "0123456789abcdef" * 2
SM, AC = "SM" + "1" * 32, "AC" + "2" * 32


def test_the_example_of_the_documentation() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert twilio_callbacks.signature("12345", url, fields) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (MessageStatus.SENT, "sent", None),
        (MessageStatus.DELIVERED, "delivered", None),
        (MessageStatus.UNDELIVERED, "undelivered", "30003"),
        (MessageStatus.FAILED, "failed", "30008"),
        (MessageStatus.EXPIRED, "failed", "30036"),
        (MessageStatus.CANCELED, "canceled", None),
    ],
)
def test_the_form(status: MessageStatus, word: str, code: str | None) -> None:
    fields = twilio_callbacks.form(status, message_sid=SM, account_sid=AC, to="+4915112345678")
    assert fields.pop("ErrorCode", None) == code
    assert fields == {
        "AccountSid": AC,
        "ApiVersion": "2010-04-01",
        "From": "",
        "MessageSid": SM,
        "MessageStatus": word,
        "SmsSid": SM,
        "SmsStatus": word,
        "To": "+4915112345678",
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/status",
        "https://shop.example:443/status?a=b&c=%20d",
        "https://shop.example:8443/status",
        "http://shop.example:80/status",
        "http://shop.example/status",
        "http://user:pass@shop.example:8080/status",
    ],
)
def test_twilios_validator_takes_it(url: str) -> None:
    reason = "the tests' requirements are not installed"
    validator = pytest.importorskip("twilio.request_validator", reason=reason).RequestValidator(TOKEN)
    fields = twilio_callbacks.form(
        MessageStatus.FAILED, message_sid=SM, account_sid=AC, to="+4915112345678", sender="Käse"
    )
    signed = twilio_callbacks.signature(TOKEN, url, fields)
    assert validator.validate(url, fields, signed)
    assert not validator.validate(url, {**fields, "MessageStatus": "sent"}, signed)
    assert not validator.validate(url.replace("status", "other"), fields, signed)


@pytest.mark.parametrize("port", [":443", ""])
def test_the_receiver_may_see_the_address_with_or_without_its_port(port: str) -> None:
    reason = "the tests' requirements are not installed"
    validator = pytest.importorskip("twilio.request_validator", reason=reason).RequestValidator(TOKEN)
    fields = {"MessageSid": SM}
    signed = twilio_callbacks.signature(TOKEN, f"https://shop.example{port}/status", fields)
    for seen in ("https://shop.example/status", "https://shop.example:443/status"):
        assert validator.validate(seen, fields, signed)


def test_a_planned_message_is_scheduled_until_it_is_taken() -> None:
    assert twilio_callbacks.status_word(MessageStatus.QUEUED, is_planned=True) == "scheduled"
    assert twilio_callbacks.status_word(MessageStatus.QUEUED) == "queued"
    assert twilio_callbacks.status_word(MessageStatus.CANCELED, is_planned=True) == "canceled"
