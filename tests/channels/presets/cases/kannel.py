"""Kannel (its User's Guide)."""

from urllib.parse import parse_qsl, urlsplit

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, query, report_by_get, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target.partition("?")[0], call.body) == ("GET", "/cgi-bin/sendsms", b"")
    fields = query(call)
    assert (fields["username"], fields["password"], fields["from"]) == ("shop", "s3cret", "Example")
    assert (fields["charset"], fields["dlr-mask"]) == ("UTF-8", "19")
    assert fields["coding"] == ("2" if "您" in fields["text"] else "0")
    assert fields["dlr-url"].startswith(f"{CALLBACK}&")
    told = dict(parse_qsl(urlsplit(fields["dlr-url"]).query.replace("%", "%25")))
    assert told["status"] == "%d"
    assert told["reference"]
    return fields["to"], fields["text"]


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_get(reference=reference, status=word)


CASE = Case(
    preset="kannel",
    keys={
        "address": "http://127.0.0.1:13013",
        "username": "shop",
        "password": "s3cret",
        "from": "Example",
    },
    arrived=arrived,
    accepted=[Answer(202, "0: Accepted for delivery"), Answer(202, "3: Queued for later delivery")],
    reference=None,
    refusals={
        "later": [Answer(503, "Temporal failure, try again later."), Answer(500, "")],
        "account": [
            Answer(403, "Authorization failed for sendsms"),
            Answer(400, "Sender missing and no global set, rejected"),
            Answer(404, ""),
        ],
        "another": [
            Answer(400, "Number(s) has/have been denied by white- and/or black-lists."),
            Answer(404, "Not routable. Do not try again."),
        ],
        "final": [Answer(400, "Garbage 'to' field, rejected.")],
    },
    report=report,
    words={"1": "delivered", "2": "undelivered", "16": "undelivered", "4": None, "8": None},
    forged=[without_token],
    code_in_address=True,
)
