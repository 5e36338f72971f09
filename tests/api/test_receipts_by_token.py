"""`/receipts/<name>` for the companies that sign nothing: a token in the URL authenticates the caller."""

import json
import logging

import pytest

from channels.options import Options
from channels.sms.aliyun import AliyunGateway
from channels.sms.ronglian import RonglianGateway
from channels.sms.tencent import TencentGateway
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.codes import verifications
from services.codes.verifications import Request

TOKEN = "t0ken-of-the-reports"
KEYS = {
    "ronglian": {"account_sid": "8aaf07", "auth_token": "s3cret", "app_id": "8aaf08"},
    "aliyun": {"access_key_id": "AKID", "access_key_secret": "s3cret", "sign_name": "示例"},
    "tencent": {"secret_id": "AKID", "secret_key": "s3cret", "app_id": "1400006666"},
}
CLASSES = {"ronglian": RonglianGateway, "aliyun": AliyunGateway, "tencent": TencentGateway}


def ronglian(*reports):
    """Return one XML body per report, as the company sends them."""
    xml = "<Request><smsType>1</smsType><content>{}</content><status>{}</status></Request>"
    return [xml.format(theirs, 0 if good else 1) for theirs, good in reports]


def aliyun(*reports):
    """Return all reports in one body."""
    return [json.dumps([{"biz_id": theirs, "success": good, "err_code": "X"} for theirs, good in reports])]


def tencent(*reports):
    """Return all reports in one body."""
    words = {True: "SUCCESS", False: "FAIL"}
    return [json.dumps([{"sid": theirs, "report_status": words[good]} for theirs, good in reports])]


BODIES = {"ronglian": ronglian, "aliyun": aliyun, "tencent": tencent}
ANSWERS = {
    "ronglian": "<Response><statuscode>000000</statuscode></Response>",
    "aliyun": '{"code": 0, "msg": "接收成功"}',
    "tencent": '{"result": 0, "errmsg": "OK"}',
}


@pytest.fixture(params=KEYS)
def kind(request):
    return request.param


@pytest.fixture
def sms(kind):
    """Reads reports like the real gateway, but sends nothing; the company's references are theirs-1, theirs-2 …"""

    class Reporting(CLASSES[kind]):
        count = 0

        def send(self, outgoing):
            self.count += 1
            return f"theirs-{self.count}"

    table = {"url": "http://127.0.0.1:9", "templates": {"code": {"id": "1"}}, "receipt_token": TOKEN}
    return Reporting(Options(table | KEYS[kind], "here", name="main"))


@pytest.fixture
def sent(app):
    """Send two messages."""
    with app.app_context():
        return [
            verifications.issue(Request(Channel.SMS, f"+861380013800{n}"), Owner("key:x")).message_id
            for n in range(2)
        ]


def statuses_of(app, ids):
    with app.app_context():
        return [db.session.get(Message, one).status for one in ids]


def report(client, body, query=f"?token={TOKEN}"):
    return client.post(f"/receipts/main{query}", data=body, content_type="application/json")


def test_reports_are_applied_once_and_acknowledged_in_the_companys_format(app, client, kind, sent, caplog):
    caplog.set_level(logging.DEBUG)
    for body in BODIES[kind](("theirs-1", True), ("theirs-2", False), ("theirs-9", True)) * 2:
        answer = report(client, body)
        assert answer.status_code == 200
        assert answer.text.endswith(ANSWERS[kind])
    assert statuses_of(app, sent) == ["delivered", "undelivered"]
    for body in BODIES[kind](("theirs-1", False), ("theirs-2", True)):
        assert report(client, body).status_code == 200
    assert statuses_of(app, sent) == ["delivered", "undelivered"]
    assert TOKEN not in caplog.text


def test_without_the_token_every_report_is_refused(app, client, kind, sent):
    (body, *_) = BODIES[kind](("theirs-1", True))
    for query in ("", "?token=", f"?token={TOKEN[:-1]}", "?token=%ff", f"?token=x&token={TOKEN}"):
        answer = report(client, body, query)
        assert (answer.status_code, answer.json["code"]) == (401, "forged_receipt")
        assert TOKEN not in answer.text
    assert client.get(f"/receipts/main?token={TOKEN[:-1]}").status_code == 401
    assert statuses_of(app, sent) == ["sent", "sent"]


@pytest.mark.parametrize("body", [b"", b"no report", b"\xff", b"[" * 10_000, b"[5]", b"\x00"])
def test_an_authentic_report_that_makes_no_sense_is_422(client, sent, body):
    assert report(client, body).status_code == 422
