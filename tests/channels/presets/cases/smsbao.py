"""SMSBao (public client code for api.smsbao.com)."""

from tests.channels.presets.case import Case, query
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target.partition("?")[0], call.body) == ("GET", "/sms", b"")
    fields = query(call)
    assert (fields["u"], fields["p"]) == ("sendcode", "s3cret")
    assert fields["c"].startswith("【示例】")
    return f"+86{fields['m']}", fields["c"].removeprefix("【示例】")


CASE = Case(
    preset="smsbao",
    keys={"username": "sendcode", "api_key": "s3cret", "signature": "示例"},
    arrived=arrived,
    accepted=[Answer(200, "0"), Answer(200, "0\n")],
    reference=None,
    refusals={
        "later": [Answer(502, "")],
        "account": [Answer(200, code) for code in ("30", "40", "41", "42", "43")],
        "another": [Answer(200, "-1"), Answer(200, "<html>")],
        "final": [Answer(200, "51"), Answer(200, "50\n")],
    },
    code_in_address=True,
)
