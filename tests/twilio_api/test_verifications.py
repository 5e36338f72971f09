"""Verify over plain HTTP: statuses, codes and bodies."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from domain.errors import LimitExceeded
from exts import db
from models import Verification
from services.limits import pumping_guard
from services.test_numbers import test_numbers
from tests.twilio_api.conftest import NUMBER, Program, new_program, refused, wrong

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def later(seconds: int):
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds))


def test_a_new_verification_has_twilios_body(program: Program) -> None:
    made = program.verify()
    assert re.fullmatch(r"VE[0-9a-f]{32}", made["sid"])
    (attempt,) = made.pop("send_code_attempts")
    assert re.fullmatch(r"VL[0-9a-f]{32}", attempt["attempt_sid"])
    assert attempt["channel"] == "SMS"
    for time in (made["date_created"], made["date_updated"], attempt["time"]):
        assert ISO.fullmatch(time)
    assert made == {
        "sid": made["sid"],
        "service_sid": program.credentials.service_sid,
        "account_sid": program.credentials.account_sid,
        "to": NUMBER,
        "channel": "sms",
        "status": "pending",
        "valid": False,
        "date_created": made["date_created"],
        "date_updated": made["date_updated"],
        "lookup": {},
        "amount": None,
        "payee": None,
        "sna": None,
        "url": f"http://localhost{program.service}/Verifications/{made['sid']}",
    }


def test_the_code_goes_to_the_destination_and_into_no_answer(
    program: Program, sms: MemoryGateway, mails: MemoryGateway
) -> None:
    made = program.verify()
    mail = program.verify("Jane@Example.org", Locale="de")
    assert sms.sent[-1].to == NUMBER
    assert sms.sent[-1].params["code"] not in str(made)
    assert mails.sent[-1].params["code"] not in str(mail)
    assert "Ihr Code" in mails.sent[-1].text
    assert (mail["channel"], mail["send_code_attempts"][0]["channel"]) == ("email", "EMAIL")


def test_a_repeat_sends_the_same_code_of_the_same_verification_without_cooldown(
    program: Program, sms: MemoryGateway
) -> None:
    first, second = program.verify(), program.verify()
    assert first["sid"] == second["sid"]
    assert first["date_created"] == second["date_created"]
    assert [one.params["code"] for one in sms.sent] == [sms.sent[0].params["code"]] * 2
    sids = [one["attempt_sid"] for one in second["send_code_attempts"]]
    assert sids[:1] == [one["attempt_sid"] for one in first["send_code_attempts"]]
    assert len(set(sids)) == 2


def test_another_key_gets_a_verification_of_its_own(app: Flask, program: Program) -> None:
    made = program.verify("jane@example.org")
    other = new_program(app, "bank")
    refused(other.get(f"{other.service}/Verifications/{made['sid']}"), 404, 20404)
    refused(other.check("123456", "jane@example.org"), 404, 20404)
    refused(other.get(f"{program.service}/Verifications/{made['sid']}"), 404, 20404)


def test_a_wrong_code_is_no_error_and_the_right_one_approves_once(program: Program, code: Any) -> None:
    made = program.verify()
    missed = program.check(wrong(code()))
    assert (missed.status_code, missed.json["status"], missed.json["valid"]) == (201, "pending", False)
    hit = program.post(f"{program.service}/VerificationCheck", VerificationSid=made["sid"], Code=code())
    assert (hit.status_code, hit.json["status"], hit.json["valid"]) == (201, "approved", True)
    assert set(hit.json) == {
        *("sid", "service_sid", "account_sid", "to", "channel", "status", "valid", "amount", "payee"),
        *("date_created", "date_updated", "sna_attempts_error_codes"),
    }
    assert (hit.json["sid"], hit.json["to"]) == (made["sid"], NUMBER)
    for finished in (
        program.check(code()),
        program.post(f"{program.service}/VerificationCheck", VerificationSid=made["sid"], Code=code()),
    ):
        body = refused(finished, 404, 20404)
        told = f"/Services/{program.credentials.service_sid}/VerificationCheck"
        assert body["message"] == f"The requested resource {told} was not found"
    for which in (made["sid"], NUMBER):
        refused(program.get(f"{program.service}/Verifications/{which}"), 404, 20404)


def test_it_is_fetched_by_sid_number_or_address(program: Program) -> None:
    made, mail = program.verify(), program.verify("jane@example.org")
    for which in (made["sid"], made["sid"].replace("VE", "ve").replace("ve", "VE").upper(), NUMBER):
        assert program.get(f"{program.service}/Verifications/{which}").json == made
    assert program.get(f"{program.service}/Verifications/jane@example.org").json == mail
    for which in ("VE" + "0" * 32, "VE1", "nobody", "+4915112345678", "x@y.org", "%00", "+" * 300):
        refused(program.get(f"{program.service}/Verifications/{which}"), 404, 20404)


def test_the_sixth_check_is_too_many(program: Program, code: Any) -> None:
    made = program.verify()
    for _ in range(5):
        missed = program.check(wrong(code()))
        assert (missed.status_code, missed.json["status"], missed.json["valid"]) == (201, "pending", False)
    refused(program.check(code()), 429, 60202)
    shown = program.get(f"{program.service}/Verifications/{made['sid']}").json
    assert shown["status"] == "max_attempts_reached"


def test_the_sixth_send_is_too_many(program: Program) -> None:
    for _ in range(5):
        program.verify()
    sixth = program.post(f"{program.service}/Verifications", To=NUMBER, Channel="sms")
    refused(sixth, 429, 60203)


def test_a_new_verification_right_after_the_last_one_has_to_wait(program: Program) -> None:
    made = program.verify()
    canceled = program.post(f"{program.service}/Verifications/{made['sid']}", Status="canceled")
    assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
    again = program.post(f"{program.service}/Verifications", To=NUMBER, Channel="sms")
    refused(again, 429, 60212)
    assert 50 <= int(again.headers["Retry-After"]) <= 60
    with later(61):
        assert program.verify()["sid"] != made["sid"]


def test_an_expired_one_is_finished(program: Program, code: Any) -> None:
    made = program.verify()
    with later(301):
        for path in ("VerificationCheck", f"Verifications/{made['sid']}"):
            answer = program.post(
                f"{program.service}/{path}", VerificationSid=made["sid"], Code=code(), Status="canceled"
            )
            refused(answer, 404, 20404)
        assert program.verify()["sid"] != made["sid"]


@pytest.mark.parametrize("by_number", [True, False])
def test_a_program_may_approve_without_the_code(program: Program, code: Any, by_number: bool) -> None:
    made = program.verify()
    which = NUMBER if by_number else made["sid"]
    approved = program.post(f"{program.service}/Verifications/{which}", Status="approved")
    assert (approved.status_code, approved.json["status"], approved.json["valid"]) == (200, "approved", True)
    refused(program.post(f"{program.service}/Verifications/{made['sid']}", Status="approved"), 404, 20404)
    refused(program.check(code()), 404, 20404)


def test_approving_erases_the_code(app: Flask, program: Program) -> None:
    made = program.verify()
    program.post(f"{program.service}/Verifications/{made['sid']}", Status="approved")
    with app.app_context():
        assert db.session.get(Verification, made["sid"][2:]).sealed_code is None


def test_invalid_fields_are_named(program: Program) -> None:
    for fields, name in (
        ({"Channel": "sms"}, "To"),
        ({"To": NUMBER}, "Channel"),
        ({"To": "", "Channel": "sms"}, "To"),
        ({"To": "12", "Channel": "sms"}, "To"),
        ({"To": NUMBER, "Channel": "call"}, "Channel"),
        ({"To": NUMBER, "Channel": "whatsapp"}, "Channel"),
        ({"To": "jane@example.org", "Channel": "sms"}, "To"),
        ({"To": NUMBER, "Channel": "sms", "Locale": "x" * 50}, "Locale"),
        ({"To": NUMBER, "Channel": "sms", "DeviceIp": "nowhere"}, "DeviceIp"),
        ({"To": NUMBER, "Channel": "sms", "CustomCode": "123456"}, "CustomCode"),
        ({"To": NUMBER, "Channel": "sms", "Amount": "10"}, "Amount"),
        ({"To": f"{NUMBER}\0", "Channel": "sms"}, "To"),
        ({"To": [NUMBER, "+4915112345678"], "Channel": "sms"}, "To"),
    ):
        body = refused(program.send(f"{program.service}/Verifications", fields), 400, 60200)
        assert f"`{name}`" in body["message"], fields
    made = program.verify()
    for path, fields in (
        ("VerificationCheck", {"To": NUMBER, "Code": "12"}),
        ("VerificationCheck", {"To": NUMBER}),
        ("VerificationCheck", {"Code": "123456"}),
        ("VerificationCheck", {"To": "what", "Code": "123456"}),
        (f"Verifications/{made['sid']}", {"Status": "pending"}),
        (f"Verifications/{made['sid']}", {}),
    ):
        refused(program.send(f"{program.service}/{path}", fields), 400, 60200)


def test_fields_that_we_do_not_know_are_left_alone(program: Program, sms: MemoryGateway) -> None:
    program.verify(CustomFriendlyName="Bank", RiskCheck="enable", Tags='{"a": "b"}', RateLimits="{}", X="y")
    assert len(sms.sent) == 1


def test_a_country_that_is_not_allowed(program: Program) -> None:
    answer = program.post(f"{program.service}/Verifications", To="+442079460958", Channel="sms")
    refused(answer, 403, 60605)


def test_a_prefix_that_the_guard_closed(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: Any, **__: Any) -> None:
        raise LimitExceeded(pumping_guard.LIMIT, 3600)

    monkeypatch.setattr(pumping_guard, "ensure_open", closed)
    answer = program.post(f"{program.service}/Verifications", To=NUMBER, Channel="sms")
    refused(answer, 403, 60410)
    assert answer.headers["Retry-After"] == "3600"


def test_the_end_users_address_is_counted(app: Flask, program: Program) -> None:
    app.config["IP_SENDS_PER_MINUTE"] = 1
    program.verify("a@example.org", DeviceIp="203.0.113.7")
    answer = program.post(
        f"{program.service}/Verifications", To="b@example.org", Channel="email", DeviceIp="203.0.113.7"
    )
    refused(answer, 429, 20429)


def test_the_service_is_the_keys_own(app: Flask, program: Program) -> None:
    shown = program.get(program.service).json
    listed = program.get("/twilio/v2/Services").json
    assert listed["services"] == [shown]
    assert listed["meta"]["key"] == "services"
    assert listed["meta"]["next_page_url"] is None
    assert (shown["sid"], shown["code_length"]) == (program.credentials.service_sid, 6)
    assert ISO.fullmatch(shown["date_created"])
    refused(program.get(f"/twilio/v2/Services/VA{'0' * 32}"), 404, 20404)
    refused(program.get("/twilio/v2/Services/VA1"), 404, 20404)
    refused(program.post("/twilio/v2/Services", FriendlyName="x"), 405, 20004)


def test_a_code_of_the_programs_own_needs_the_scope_and_takes_the_place_of_another(
    app: Flask, sms: MemoryGateway
) -> None:
    program = new_program(app, scopes=["verifications", "own_codes"])
    first = program.verify(CustomCode="4711")
    again = program.verify(CustomCode="4711")
    assert again["sid"] == first["sid"], "the same code is sent again"
    assert len(again["send_code_attempts"]) == 2
    assert [one.params["code"] for one in sms.sent] == ["4711", "4711"]
    other = program.verify(CustomCode="AB12")
    assert other["sid"] != first["sid"]
    assert program.get(f"{program.service}/Verifications/{first['sid']}").status_code == 404, "canceled"
    checked = program.check("ab12")
    assert (checked.status_code, checked.json["valid"]) == (201, True)
    assert program.get(program.service).json["custom_code_enabled"] is True


def test_a_test_number_has_its_code(app: Flask, program: Program, sms: MemoryGateway) -> None:
    with app.app_context():
        test_numbers.add(NUMBER, "246810", f"{datetime.now(UTC):%Y-%m-%d}")
    made = program.verify()
    assert program.verify()["sid"] == made["sid"]
    assert program.check("246810").json["valid"]
    assert sms.sent == []
