"""/api/v1/verifications, from the caller's side."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.api.conftest import NUMBER, new_caller, problem

URL = "/api/v1/verifications"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


def later(seconds):
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)


def test_a_verification_is_accepted_with_its_location_and_its_whole_state(caller, sms):
    answer = caller.post(
        URL,
        {
            "channel": "sms",
            "to": " 0086 138-0013-8000 ",
            "purpose": "login",
            "locale": "zh-CN",
            "metadata": {"user": "42", "empty": ""},
            "client_ip": "2001:db8::7",
        },
    )
    assert answer.status_code == 202
    made = answer.json
    assert answer.headers["Location"] == f"{URL}/{made['id']}"
    assert list(made) == [
        *(
            "id",
            "channel",
            "to",
            "purpose",
            "status",
            "attempts_left",
            "created_at",
            "expires_at",
            "resend_at",
        ),
        *("message", "metadata"),
    ]
    assert (made["channel"], made["to"], made["purpose"]) == ("sms", NUMBER, "login")
    assert (made["status"], made["attempts_left"]) == ("pending", 5)
    assert made["metadata"] == {"user": "42", "empty": ""}
    assert made["message"].keys() == {"id", "status"}
    assert all(TIME.fullmatch(made[name]) for name in ("created_at", "expires_at", "resend_at"))
    assert "验证码" in sms.sent[0].text


def test_a_mail_address_is_returned_normalised(caller, mails):
    made = caller.verify(" A+x@BÜCHER.example ")
    assert made["to"] == "A+x@xn--bcher-kva.example"
    assert mails.sent[0].to == made["to"]


def test_a_verification_can_be_read_until_it_is_approved(caller, code):
    made = caller.verify()
    seen = caller.get(f"{URL}/{made['id']}").json
    assert seen == {**made, "message": {"id": made["message"]["id"], "status": "sent"}}
    caller.post(f"{URL}/{made['id']}/check", {"code": code()})
    assert caller.get(f"{URL}/{made['id']}").json["status"] == "approved"


def test_the_right_code_is_valid_once(caller, code):
    made = caller.verify()
    first = caller.post(f"{URL}/{made['id']}/check", {"code": code()})
    assert first.status_code == 200
    assert first.json == {"id": made["id"], "status": "approved", "valid": True, "attempts_left": 4}
    second = caller.post(f"{URL}/{made['id']}/check", {"code": code()})
    assert (second.status_code, second.json["status"], second.json["valid"]) == (200, "approved", False)


def test_a_wrong_code_costs_an_attempt_and_a_malformed_one_costs_none(caller, code):
    made = caller.verify()
    answer = caller.post(f"{URL}/{made['id']}/check", {"code": wrong(code())})
    assert answer.json == {"id": made["id"], "status": "pending", "valid": False, "attempts_left": 4}
    for malformed in ("12345", "1234567", "abcdef", "１２三４５６", "12.456"):
        refused = problem(
            caller.post(f"{URL}/{made['id']}/check", {"code": malformed}), 422, "malformed_code"
        )
        assert [error["field"] for error in refused["errors"]] == ["code"]
    assert caller.get(f"{URL}/{made['id']}").json["attempts_left"] == 4


def test_a_code_may_be_typed_with_spaces_and_full_width_digits(caller, code):
    made = caller.verify()
    typed = f"{code()[:3]} {code()[3:]}".translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert caller.post(f"{URL}/{made['id']}/check", {"code": typed}).json["valid"]


@pytest.mark.parametrize(
    "pasted",
    ["{0}\u3000{1}", "{0}\u00a0{1}\n", "\ufeff{0}\u2011{1}\u200b", "\u202a{0}−{1}\u202c", "\t{0}ー{1}"],
)
@pytest.mark.parametrize("path", ["{id}/check", "check"])
def test_a_code_may_be_pasted_with_what_its_page_had_around_it(caller, code, pasted, path):
    made = caller.verify()
    guess = {"code": pasted.format(code()[:3], code()[3:])}
    body = guess if "id" in path else {"to": NUMBER, **guess}
    assert caller.post(f"{URL}/{path.format(**made)}", body).json["valid"]


def test_after_the_last_attempt_the_right_code_is_refused_too(caller, code):
    made = caller.verify()
    for _ in range(5):
        last = caller.post(f"{URL}/{made['id']}/check", {"code": wrong(code())})
    assert last.json["status"] == "locked"
    refused = problem(caller.post(f"{URL}/{made['id']}/check", {"code": code()}), 429, "verification_locked")
    assert refused["limit"] == "code_attempts"
    assert caller.get(f"{URL}/{made['id']}").json["status"] == "locked"


class TestALockedDestination:
    @pytest.fixture
    def settings(self, settings):
        return {**settings, "DESTINATION_FAILURES_PER_DAY": 2}

    def test_is_429_for_each_of_its_codes(self, caller, code):
        made = caller.verify()
        for _ in range(2):
            caller.post(f"{URL}/{made['id']}/check", {"code": wrong(code())})
        answer = caller.post(f"{URL}/check", {"to": NUMBER, "code": code()})
        assert problem(answer, 429, "destination_locked")["limit"] == "destination_failures_per_day"


def test_an_expired_or_canceled_verification_is_checked_as_not_valid(caller, code):
    expired, digits = caller.verify(), code()
    with later(301):
        answer = caller.post(f"{URL}/{expired['id']}/check", {"code": digits})
        assert (answer.status_code, answer.json["status"], answer.json["valid"]) == (200, "expired", False)
    canceled = caller.verify("+8613800138001")
    assert caller.post(f"{URL}/{canceled['id']}/cancel").json["status"] == "canceled"
    answer = caller.post(f"{URL}/{canceled['id']}/check", {"code": code()})
    assert (answer.status_code, answer.json["status"], answer.json["valid"]) == (200, "canceled", False)


def test_a_code_can_be_checked_by_its_destination_however_that_is_typed(caller, code):
    made = caller.verify(purpose="login")
    for to, channel in (("0086 138 0013 8000", None), ("+86(138)0013-8000", "sms")):
        body = {"to": to, "purpose": "login", "code": wrong(code())} | (
            {"channel": channel} if channel else {}
        )
        assert caller.post(f"{URL}/check", body).json["id"] == made["id"]
    problem(caller.post(f"{URL}/check", {"to": NUMBER, "code": code()}), 404, "not_found")  # another purpose
    right = caller.post(f"{URL}/check", {"to": NUMBER, "purpose": "login", "code": code()})
    assert right.json == {"id": made["id"], "status": "approved", "valid": True, "attempts_left": 2}
    problem(caller.post(f"{URL}/check", {"to": NUMBER, "purpose": "login", "code": code()}), 404, "not_found")


def test_a_resend_brings_the_same_code_in_a_new_message(caller, code, sms):
    made, first = caller.verify(), code()
    caller.post(f"{URL}/{made['id']}/check", {"code": wrong(first)})
    early = problem(caller.post(f"{URL}/{made['id']}/resend"), 429, "limit_exceeded")
    assert early["limit"] == "resend_cooldown"
    with later(61):
        answer = caller.post(f"{URL}/{made['id']}/resend", {})
        assert answer.status_code == 202
        assert answer.headers["Location"] == f"{URL}/{made['id']}"
        assert (len(sms.sent), code()) == (2, first)
        assert answer.json["message"]["id"] != made["message"]["id"]
        assert (answer.json["expires_at"], answer.json["attempts_left"]) == (made["expires_at"], 4)


def test_an_ended_verification_is_neither_sent_again_nor_canceled(caller, code, sms):
    made = caller.verify()
    caller.post(f"{URL}/{made['id']}/check", {"code": code()})
    problem(caller.post(f"{URL}/{made['id']}/resend"), 409, "conflict")
    problem(caller.post(f"{URL}/{made['id']}/cancel"), 409, "conflict")
    assert len(sms.sent) == 1


def test_another_key_finds_nothing(app, caller, code):
    made = caller.verify()
    stranger = new_caller(app, "stranger")
    unknown = stranger.get(f"{URL}/{'0' * 32}")
    for answer in (
        stranger.get(f"{URL}/{made['id']}"),
        stranger.post(f"{URL}/{made['id']}/check", {"code": code()}),
        stranger.post(f"{URL}/{made['id']}/resend"),
        stranger.post(f"{URL}/{made['id']}/cancel"),
        stranger.post(f"{URL}/check", {"to": NUMBER, "code": code()}),
    ):
        problem(answer, 404, "not_found")
    same = stranger.get(f"{URL}/{made['id']}").json
    assert same | {"request_id": ""} == unknown.json | {"request_id": ""}
    assert caller.post(f"{URL}/{made['id']}/check", {"code": code()}).json["valid"]


@pytest.mark.parametrize(
    "odd", ["x", "0" * 31, "F" * 32, "0" * 33, "%00" + "0" * 31, "０" * 32, "..", "a" * 2000]
)
def test_an_invalid_id_is_not_found(caller, odd):
    problem(caller.get(f"{URL}/{odd}"), 404, "not_found")


def test_a_second_send_to_one_destination_waits_for_the_cool_down(caller, sms):
    caller.verify()
    refused = problem(caller.post(URL, {"channel": "sms", "to": "13800138000"}), 429, "limit_exceeded")
    assert refused["limit"] == "resend_cooldown"
    assert len(sms.sent) == 1


def test_a_country_that_is_not_switched_on_is_refused(caller, sms):
    refused = problem(caller.post(URL, {"channel": "sms", "to": "+12015550123"}), 422, "country_not_allowed")
    assert [error["field"] for error in refused["errors"]] == ["to"]
    assert sms.sent == []


def test_the_limit_per_ip_counts_the_address_given_by_the_caller(app, caller, sms):
    app.config["IP_SENDS_PER_MINUTE"] = 2
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]  # one /64
    answers = [
        caller.post(URL, {"channel": "sms", "to": f"1380013800{n}", "client_ip": address})
        for n, address in enumerate(addresses)
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert problem(answers[2], 429, "limit_exceeded")["limit"] == "ip_sends_per_minute"
    caller.verify("13800138009")  # the caller's own address is never counted


def test_a_test_key_runs_the_whole_path_and_reaches_no_gateway(app, sms):
    caller = new_caller(app, is_test=True)
    made = caller.verify()
    assert caller.get(f"{URL}/{made['id']}").json["message"]["status"] == "sent"
    assert caller.post(f"{URL}/{made['id']}/check", {"code": "000000"}).json["valid"]
    assert sms.sent == []


def test_no_answer_holds_the_code(caller, code):
    answers = [caller.post(URL, {"channel": "sms", "to": NUMBER})]
    made = answers[0].json
    answers += [
        caller.get(f"{URL}/{made['id']}"),
        caller.post(f"{URL}/{made['id']}/check", {"code": wrong(code()) + "0"}),
        caller.post(f"{URL}/{made['id']}/check", {code(): code(), "code": code()}),
        caller.post(f"{URL}/{made['id']}/check", {"code": wrong(code())}),
        caller.post(f"{URL}/{made['id']}/check", {"code": code()}),
    ]
    identifiers = made["id"], made["message"]["id"]
    for answer in answers:
        text = answer.text
        for opaque in (*identifiers, made["to"], *re.findall(r"\.\d{6}Z", text)):
            text = text.replace(opaque, "")
        assert code() not in text
        assert code() not in str(answer.headers)
