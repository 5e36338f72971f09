"""What companies that send mails do beside the table of cases: Amazon's topics, references of ours, a vector."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.http import dialect
from channels.receipts import Receipt, ReceiptRequest
from domain.errors import ForgedReceipt, InvalidInput
from domain.mail_outcomes import MailOutcome
from domain.statuses import MessageStatus
from tests.channels.presets.case import ADDRESS, gateway_of, report_by_json, without_token
from tests.channels.presets.cases import resend, ses

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
SUBSCRIBE = (
    "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:x&Token=abc"
)


def read(case: Any, report: ReceiptRequest, now: datetime = NOW) -> list[Receipt]:
    return list(gateway_of(case, 9).read_receipts(report, now))


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    urls: list[str] = []
    monkeypatch.setattr(dialect, "visit", urls.append)
    return urls


def test_a_subscription_to_a_topic_is_confirmed_once_proven(visited: list[str]):
    asked = report_by_json(
        {"Type": "SubscriptionConfirmation", "SubscribeURL": SUBSCRIBE, "Message": "You …"}
    )
    with pytest.raises(ForgedReceipt):
        read(ses.CASE, without_token(asked))
    assert visited == []
    assert read(ses.CASE, asked) == []
    assert visited == [SUBSCRIBE]


def test_no_address_but_amazons_is_visited(visited: list[str]):
    for url in ("https://169.254.169.254/", SUBSCRIBE.replace(".com/", ".com.example.org/")):
        with pytest.raises(InvalidInput):
            read(ses.CASE, report_by_json({"Type": "SubscriptionConfirmation", "SubscribeURL": url}))
    assert visited == []


def test_amazon_may_leave_out_the_envelope_of_the_topic():
    event = ses.event("Permanent", "0107018c-000000")
    expected = Receipt.of_mail(MailOutcome.HARD_BOUNCE, gateway_reference="0107018c-000000", reason="5.1.1")
    assert read(ses.CASE, report_by_json(event)) == [expected]
    event["notificationType"] = event.pop("eventType")  # of an identity, without a configuration set
    assert read(ses.CASE, report_by_json({"Message": json.dumps(event)})) == [expected]


def test_a_reference_of_ours_names_the_message_before_it_has_theirs():
    event = ses.event("Delivery", "0107018c-000000")
    event["mail"]["tags"]["reference"] = ["msg-1"]
    (receipt,) = read(ses.CASE, report_by_json(event))
    assert (receipt.reference, receipt.gateway_reference) == ("msg-1", "0107018c-000000")
    genuine = resend.report("email.delivered", "re-1", NOW.timestamp())
    tagged = json.loads(genuine.body)
    tagged["data"]["tags"] = {"reference": "msg-1"}
    (receipt,) = read(resend.CASE, resend.signed(tagged, NOW.timestamp()))
    assert (receipt.reference, receipt.gateway_reference) == ("msg-1", "re-1")


def test_svixs_own_example_is_genuine():
    """Of docs.svix.com/receiving/verifying-payloads/how-manual; Resend's webhooks are Svix's."""
    body = b'{"event_type":"ping","data":{"success":true}}'
    headers = {
        "svix-id": "msg_loFOjxBNrRLzqYUf",
        "svix-timestamp": "1731705121",
        "svix-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }
    case = replace(resend.CASE, keys={**resend.CASE.keys, "webhook_secret": "whsec_plJ3nmyCDGBKInavdOK15jsl"})
    at = datetime.fromtimestamp(1731705121, UTC)
    with pytest.raises(InvalidInput):  # genuine, and about no mail
        read(case, ReceiptRequest("POST", ADDRESS, headers, body), at)
    with pytest.raises(ForgedReceipt):
        read(case, ReceiptRequest("POST", ADDRESS, headers, body + b" "), at)


@pytest.mark.parametrize("tags", [None, {}, {"reference": "msg-1"}])
def test_a_bounce_is_told_with_its_status(tags: Any):
    genuine = json.loads(resend.report("Permanent", "re-1", NOW.timestamp()).body)
    genuine["data"]["tags"] = tags
    (receipt,) = read(resend.CASE, resend.signed(genuine, NOW.timestamp()))
    assert (receipt.status, receipt.reason) == (MessageStatus.UNDELIVERED, "General")
