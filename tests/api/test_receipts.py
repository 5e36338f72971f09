"""`/receipts/<name>` for a gateway of type `http`, from the carrier's side."""

import json
import time

import pytest

from channels.http.http_gateway import HttpGateway
from channels.signatures import webhooks
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.codes import verifications
from services.codes.verifications import Request

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cw=="


class ReportingGateway(HttpGateway):
    """Reads reports like the real gateway, but sends nothing."""

    def send(self, outgoing):
        return "theirs-1"


@pytest.fixture
def sms():
    return ReportingGateway("http://127.0.0.1:1/sms", name="main", secret=SECRET)


@pytest.fixture
def sent(app):
    with app.app_context():
        return verifications.issue(Request(Channel.SMS, "+8613800138000"), Owner("key:x")).message_id


def status_of(app, message_id):
    with app.app_context():
        return db.session.get(Message, message_id).status


def report(client, body, *, at=None, secret=SECRET, name="main", **changed):
    data = json.dumps(body).encode() if not isinstance(body, bytes) else body
    headers = webhooks.headers(secret, "report-1", int(at or time.time()), data) | changed
    return client.post(f"/receipts/{name}", data=data, headers=headers, content_type="application/json")


def test_a_signed_report_is_applied_once_and_a_replay_changes_nothing(app, client, sent):
    for _ in range(3):
        assert report(client, {"reference": sent, "status": "delivered"}).status_code == 200
        assert status_of(app, sent) == "delivered"
    assert report(client, {"reference": sent, "status": "undelivered", "reason": "late"}).status_code == 200
    assert status_of(app, sent) == "delivered"


def test_unsigned_wrongly_signed_and_stale_reports_are_refused(app, client, sent):
    body = {"reference": sent, "status": "delivered"}
    answers = [
        client.post("/receipts/main", json=body),
        report(client, body, secret="another secret"),
        report(client, body, at=time.time() - 301),
        report(client, body, at=time.time() + 301),
        report(client, body, **{"webhook-id": "another"}),
        report(client, body, **{"webhook-signature": "v1,"}),
    ]
    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert all(answer.content_type == "application/problem+json" for answer in answers)
    assert status_of(app, sent) == "sent"


def test_a_report_about_an_unknown_message_is_acknowledged(client, sent):
    assert report(client, {"reference": "0" * 32, "status": "delivered"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b"[" * 10_000,
        b"\xff",
        {"status": "delivered"},
        {"reference": 5, "status": "delivered"},
        {"reference": "x", "status": "sent"},
        {"reference": "x", "status": ["delivered"]},
        {"reference": "x" * 200, "status": "delivered"},
        {"reference": "x", "status": "delivered", "reason": 5},
    ],
)
def test_a_signed_report_that_makes_no_sense_is_422(client, sent, body):
    assert report(client, body).status_code == 422


def test_a_reason_with_line_ends_is_one_line(app, client, sent):
    report(client, {"reference": sent, "status": "undelivered", "reason": "no\r\nroute\x00"})
    with app.app_context():
        assert db.session.get(Message, sent).error == "noroute"


@pytest.mark.parametrize("name", ["nobody", "memory-mail", "MAIN", "%00"])
def test_an_unknown_gateway_is_404(client, name):
    assert report(client, {"reference": "x", "status": "delivered"}, name=name).status_code == 404


def test_a_report_may_not_be_larger_than_any_other_body(client):
    assert client.post("/receipts/main", data=b"x" * 65_537).status_code == 413
