"""Jasmin (docs.jasminsms.com)."""

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, form, report_by_form, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/send")
    fields = form(call)
    assert (fields["username"], fields["password"], fields["from"]) == ("shop", "s3cret", "Example")
    assert (fields["dlr"], fields["dlr-level"], fields["dlr-method"]) == ("yes", "3", "POST")
    assert fields["dlr-url"] == CALLBACK
    if fields["coding"] == "0":
        assert "hex-content" not in fields
        return f"+{fields['to']}", fields["content"]
    assert fields["coding"] == "8"
    assert "content" not in fields
    return f"+{fields['to']}", bytes.fromhex(fields["hex-content"]).decode("utf-16-be")


def error(http: int, text: str) -> Answer:
    return Answer(http, f'Error "{text}"')


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_form(id=reference, message_status=word, level="2", id_smsc="99", sub="001", err="000")


CASE = Case(
    preset="jasmin",
    keys={"address": "http://127.0.0.1:1401", "username": "shop", "password": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[Answer(200, 'Success "07033084-5cfd-4812-90a4-e4d24ffb6e3d"')],
    reference="07033084-5cfd-4812-90a4-e4d24ffb6e3d",
    refusals={
        "later": [Answer(503, "")],
        "rate": [error(403, "User throughput exceeded")],
        "account": [
            error(403, "Authentication failure for username:shop"),
            error(403, "Cannot charge submit_sm, check RouterPB log file for details"),
            error(400, "Argument [password] has an invalid value: [s3cret]."),
            error(412, "No route found"),
        ],
        "another": [error(400, "Argument [coding] has an invalid value: [9].")],
        "final": [error(400, "Argument [to] has an invalid value: [x].")],
    },
    report=report,
    words={
        "DELIVRD": "delivered",
        **dict.fromkeys(
            ("UNDELIV", "EXPIRED", "REJECTD", "DELETED", "UNKNOWN", "ESME_RINVDSTADR"), "undelivered"
        ),
        **dict.fromkeys(("ACCEPTD", "ENROUTE", "ESME_ROK"), None),
    },
    forged=[without_token],
    answer=(200, "ACK/Jasmin"),
)
