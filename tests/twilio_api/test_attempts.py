"""The attempts to bring codes to people."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from tests.twilio_api.conftest import NUMBER, Program, new_program, refused

ATTEMPTS = "/twilio/v2/Attempts"
SUMMARY = f"{ATTEMPTS}/Summary"


def test_the_last_send_before_an_approval_is_converted(program: Program, code: Any) -> None:
    program.verify()
    made = program.verify()
    program.check(code())
    program.verify("jane@example.org")
    listed = program.get(ATTEMPTS).json
    assert listed["meta"]["key"] == "attempts"
    rows = listed["attempts"]
    told = [(row["channel"], row["conversion_status"]) for row in rows]
    assert told == [("email", "unconverted"), ("sms", "converted"), ("sms", "unconverted")]
    assert [row["sid"] for row in rows[:0:-1]] == [one["attempt_sid"] for one in made["send_code_attempts"]]
    assert rows[1]["verification_sid"] == made["sid"]
    assert rows[1]["channel_data"] == {"to": NUMBER, "country": "CN", "message_status": "sent"}
    assert program.get(f"{ATTEMPTS}/{rows[1]['sid']}").json == rows[1]
    assert program.get(SUMMARY).json == {
        "total_attempts": 3,
        "total_converted": 1,
        "total_unconverted": 2,
        "conversion_rate_percentage": "33.33",
        "url": f"http://localhost{SUMMARY}",
    }


def test_filters(app: Flask, program: Program, code: Any) -> None:
    made = program.verify()
    program.check(code())
    program.verify("jane@example.org")
    new_program(app, "bank").verify("+4915112345678")
    now = datetime.now(UTC)
    for query, count in (
        ({}, 2),
        ({"Channel": "sms"}, 1),
        ({"Channel": "call"}, 0),
        ({"Status": "converted"}, 1),
        ({"Status": "unconverted"}, 1),
        ({"Country": "CN"}, 1),
        ({"Country": "DE"}, 0),
        ({"ChannelData.To": NUMBER}, 1),
        ({"VerificationSid": made["sid"]}, 1),
        ({"VerificationSid": "VE1"}, 0),
        ({"VerifyServiceSid": program.credentials.service_sid}, 2),
        ({"VerifyServiceSid": "VA1"}, 0),
        ({"DateCreatedAfter": (now - timedelta(hours=1)).isoformat()}, 2),
        ({"DateCreatedBefore": (now - timedelta(hours=1)).isoformat()}, 0),
    ):
        assert len(program.get(ATTEMPTS, **query).json["attempts"]) == count, query
        assert program.get(SUMMARY, **query).json["total_attempts"] == count, query
    for query in ({"Status": "x"}, {"DateCreatedAfter": "x"}, {"ChannelData.To": "x"}, {"PageToken": "x"}):
        refused(program.get(ATTEMPTS, **query), 400, 60200)


def test_pages(app: Flask, program: Program) -> None:
    for number in range(5):
        program.verify(f"jane{number}@example.org")
    found, url = [], f"{ATTEMPTS}?PageSize=2&Channel=email"
    while url:
        page = program.get(url.removeprefix("http://localhost")).json
        found += [row["sid"] for row in page["attempts"]]
        url = page["meta"]["next_page_url"]
    assert len(found) == len(set(found)) == 5


def test_another_keys_attempts_are_unknown(app: Flask, program: Program) -> None:
    program.verify()
    sid = program.get(ATTEMPTS).json["attempts"][0]["sid"]
    other = new_program(app, "bank")
    for unknown in (sid, "VL1", f"VL{'0' * 32}"):
        refused(other.get(f"{ATTEMPTS}/{unknown}"), 404, 20404)
