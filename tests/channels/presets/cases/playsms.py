"""playSMS (its documentation of webservices)."""

from tests.channels.presets.case import Case, form
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/index.php")
    fields = form(call)
    assert (fields["app"], fields["op"], fields["u"], fields["h"]) == ("ws", "pv", "shop", "s3cret")
    assert fields["unicode"] == ("1" if "您" in fields["msg"] else "0")
    return fields["to"], fields["msg"]


def error(code: str) -> Answer:
    return Answer(200, {"status": "ERR", "error": code, "error_string": "…", "timestamp": 1796000000})


CASE = Case(
    preset="playsms",
    keys={"address": "https://sms.example.com", "username": "shop", "token": "s3cret"},
    arrived=arrived,
    accepted=[
        Answer(
            200,
            {
                "data": [{"status": "OK", "error": "0", "smslog_id": "4711", "queue": "q1", "to": "+861"}],
                "error_string": None,
            },
        )
    ],
    reference="4711",
    refusals={
        "later": [Answer(503, "")],
        "account": [error("100"), error("103")],
        "another": [error("102")],
        "final": [error("202")],
    },
)
