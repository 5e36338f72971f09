"""What programs are tested with: destinations with a fixed code, and endings of a test key's messages."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from services.test_numbers import test_numbers
from tests.api.conftest import NUMBER, Caller, new_caller

FIXED = "246810"


def test_a_test_number_is_verified_with_its_code_and_never_sent_to(
    app: Flask, caller: Caller, sms: MemoryGateway
) -> None:
    with app.app_context():
        test_numbers.add(NUMBER, FIXED, f"{datetime.now(UTC):%Y-%m-%d}")
    made = caller.verify()
    assert caller.get(f"/api/v1/verifications/{made['id']}").json["message"]["status"] == "sent"
    shown = caller.get(f"/api/v1/messages/{made['message']['id']}")
    assert (shown.json["status"], shown.json["gateway"], sms.sent) == ("sent", "test", [])
    assert FIXED not in shown.text
    checked = caller.post("/api/v1/verifications/check", {"to": NUMBER, "code": FIXED})
    assert checked.json["valid"]


@pytest.mark.parametrize(
    ("to", "status", "result"),
    [
        ("+8613800130001", "delivered", 0),
        ("undelivered@example.org", "undelivered", -1),
        ("+8613800130003", "failed", -1),
        ("expired@example.org", "expired", -1),
        ("+8613800130005", "sending", None),
        ("kim@example.org", "sent", 0),
    ],
)
def test_a_test_keys_message_ends_as_its_destination_asks(
    app: Flask, to: str, status: str, result: int | None
) -> None:
    tester = new_caller(app, is_test=True)
    made = tester.verify(to)
    shown = tester.get(f"/api/v1/messages/{made['message']['id']}").json
    assert (shown["status"], shown["result"]) == (status, result)
    assert tester.post(f"/api/v1/verifications/{made['id']}/check", {"code": "000000"}).json["valid"]
