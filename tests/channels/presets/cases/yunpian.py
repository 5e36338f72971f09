"""Yunpian (yunpian.com/official/document/sms)."""

import json
from urllib.parse import parse_qsl

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, report_by_form, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v2/sms/single_send.json")
    assert call.headers["content-type"] == "application/x-www-form-urlencoded;charset=utf-8"
    fields = dict(parse_qsl(call.body.decode(), strict_parsing=True))
    assert (fields["apikey"], fields["callback_url"]) == ("s3cret", CALLBACK)
    assert fields["text"].startswith("【示例】")
    return fields["mobile"], fields["text"].removeprefix("【示例】")


def error(code: int) -> Answer:
    return Answer(400, {"http_status_code": 400, "code": code, "msg": "…", "detail": "…"})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    one = {
        "sid": reference,
        "uid": None,
        "user_receive_time": "2026-11-30 18:00:00",
        "error_msg": "",
        "mobile": "13812345678",
        "report_status": word,
    }
    return report_by_form(sms_status=json.dumps([one]))


CASE = Case(
    preset="yunpian",
    keys={"apikey": "s3cret", "signature": "示例"},
    arrived=arrived,
    accepted=[
        Answer(200, {"code": 0, "msg": "发送成功", "count": 1, "fee": 0.05, "unit": "RMB", "sid": 3310228982})
    ],
    reference="3310228982",
    refusals={
        "later": [error(-51), Answer(502, "")],
        "rate": [error(-5)],
        "account": [error(-1), error(3)],
        "another": [error(17), error(5)],
        "final": [error(10)],
    },
    report=report,
    words={"SUCCESS": "delivered", "FAIL": "undelivered", "UNKNOWN": None},
    forged=[without_token],
    answer=(200, "SUCCESS"),
)
