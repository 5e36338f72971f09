"""Callers' own codes: sent, limited and checked like ours, for keys that may have them."""

import pytest

from exts import db
from models import Message, Verification
from tests.api.conftest import NUMBER, new_caller, problem

URL = "/api/v1/verifications"


@pytest.fixture
def own(app):
    return new_caller(app, scopes=["verifications", "own_codes"])


@pytest.mark.parametrize("code", ["0000", "123456", "1234567890", "AB12CD", "ABCD"])
def test_it_is_sent_and_checked(own, sms, code):
    made = own.verify(code=code)
    assert sms.sent[-1].params["code"] == code
    assert code in sms.sent[-1].text
    wrong = ("1" if code[0] != "1" else "2") + code[1:]
    assert own.post(f"{URL}/{made['id']}/check", {"code": wrong}).json["valid"] is False
    answer = own.post(f"{URL}/{made['id']}/check", {"code": f" {code[:2]}-{code[2:].lower()} "})
    assert (answer.json["valid"], answer.json["attempts_left"]) == (True, 3)


@pytest.mark.parametrize("code", ["123", "12345678901", "abcd", "AB 12", "AB-12", "ÄBCD", "١٢٣٤", 123456, ""])
def test_another_form_is_refused_and_nothing_is_sent(own, sms, code):
    answer = own.post(URL, {"channel": "sms", "to": NUMBER, "code": code})
    problem(answer, 422, "invalid_input")
    assert [one["field"] for one in answer.json["errors"]] == ["code"]
    assert str(code) == "" or str(code) not in answer.text
    assert sms.sent == []


def test_a_key_without_the_scope_may_not(caller, sms):
    answer = caller.post(URL, {"channel": "sms", "to": NUMBER, "code": "123456"})
    problem(answer, 403, "not_allowed")
    assert "own_codes" in answer.json["detail"]
    assert sms.sent == []
    assert caller.post(URL, {"channel": "sms", "to": NUMBER, "code": None}).status_code == 202


def test_it_is_limited_like_ours(own):
    own.verify(code="4711")
    answer = own.post(URL, {"channel": "sms", "to": NUMBER, "code": "4712"})
    assert (answer.status_code, answer.json["limit"]) == (429, "resend_cooldown")


def test_a_malformed_guess_costs_no_attempt(own):
    made = own.verify(code="AB12")
    for guess in ("AB123", "AB1", "AB1€"):
        assert own.post(f"{URL}/{made['id']}/check", {"code": guess}).status_code == 422
    assert own.get(f"{URL}/{made['id']}").json["attempts_left"] == 5


def test_no_answer_and_no_row_has_it_in_clear(own, app, sms):
    made = own.verify(code="ZEBRA77")
    answers = [own.get(f"{URL}/{made['id']}").text, str(made), own.get("/api/v1/messages").text]
    assert not any("ZEBRA77" in text for text in answers)
    with app.app_context():
        rows = [db.session.get(Verification, made["id"]), db.session.get(Message, made["message"]["id"])]
        for row in rows:
            for name in row.__mapper__.column_attrs.keys():  # noqa: SIM118
                assert "ZEBRA77" not in str(getattr(row, name))
                assert b"ZEBRA77" not in (
                    getattr(row, name) if isinstance(getattr(row, name), bytes) else b""
                )


def test_a_resend_carries_the_same_one(own, app, sms):
    app.config["RESEND_COOLDOWN_SECONDS"] = 0
    made = own.verify(code="QQ99")
    assert own.post(f"{URL}/{made['id']}/resend").status_code == 202
    assert [one.params["code"] for one in sms.sent] == ["QQ99", "QQ99"]


def test_a_test_key_may_have_one_that_reaches_no_gateway(app, sms):
    tester = new_caller(app, scopes=["verifications", "own_codes"], is_test=True)
    made = tester.verify(code="5555")
    assert tester.post(f"{URL}/{made['id']}/check", {"code": "5555"}).json["valid"] is True
    assert sms.sent == []
