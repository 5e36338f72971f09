"""NetEase Yunxin (documentation of the SMS interface and of message copies)."""

import hashlib
import json
from urllib.parse import parse_qsl

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, other_body, without_headers, without_token
from tests.servers.http import Answer, Call


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(parts).encode()).hexdigest()


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/sms/sendtemplate.action")
    head = call.headers
    assert head["appkey"] == "key1"
    assert head["checksum"] == sha1("s3cret", head["nonce"], head["curtime"])
    fields = dict(parse_qsl(call.body.decode(), strict_parsing=True))
    assert fields["templateid"] == "14830000"
    (number,), (code,) = json.loads(fields["mobiles"]), json.loads(fields["params"])
    return f"+86{number}", code


def answer(code: int) -> Answer:
    return Answer(200, {"code": code, "msg": "…", "obj": 88 if code == 200 else None})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    one = {"mobile": "+8613812345678", "sendid": reference, "result": word, "spliced": "1"}
    body = json.dumps({"eventType": "11", "objects": json.dumps([one])}).encode()
    md5, time = hashlib.md5(body).hexdigest(), str(int(at))
    headers = {
        "content-type": "application/json",
        "md5": md5,
        "curtime": time,
        "checksum": sha1("s3cret", md5, time),
    }
    return ReceiptRequest("POST", CALLBACK, headers, body)


CASE = Case(
    preset="netease",
    keys={"app_key": "key1", "app_secret": "s3cret", "template_id": "14830000"},
    arrived=arrived,
    accepted=[answer(200)],
    reference="88",
    refusals={
        "later": [answer(500), Answer(502, "")],
        "rate": [answer(416)],
        "account": [answer(403), answer(404), answer(422)],
        "another": [answer(414)],
    },
    report=report,
    words={
        "DELIVRD": "delivered",
        **dict.fromkeys(("UNDELIV", "EXPIRED", "REJECTD", "DELETED", "UNKNOWN", "MK:0001"), "undelivered"),
    },
    forged=[without_token, without_headers, other_body],
    signed_time=True,
    answer=(200, '{"code":200}'),
    has_own_text=True,
)
