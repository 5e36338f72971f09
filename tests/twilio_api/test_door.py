"""Who may come in, and what every error looks like."""

import base64

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from exts import db
from models import ApiRequest
from services.codes import repeats
from services.keys import api_keys, twilio_tokens
from services.process.parts import part
from services.request_log.noting import RequestLog
from serving.parser import TWILIO_ERROR
from tests.api.conftest import stop_database
from tests.twilio_api.conftest import NUMBER, Program, new_program, refused


def knock(program: Program, account: str, token: str) -> TestResponse:
    return program.client.get("/twilio/v2/Services", auth=(account, token))


def test_only_the_right_credentials_open(program: Program, app: Flask) -> None:
    account, token = program.credentials.account_sid, program.credentials.auth_token
    other = new_program(app, "bank")
    assert knock(program, account, token).status_code == 200
    for wrong in (
        (account, "x"),
        (account, ""),
        ("", token),
        (account.replace("AC", "SK"), token),
        (other.credentials.account_sid, token),
        (account, token.upper()),
        ("ü", "\0"),
        (account, token * 9),
    ):
        answer = knock(program, *wrong)
        assert refused(answer, 401, 20003)["message"] == "Authenticate"
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("header", ["", "Basic", "Basic ???", "Bearer x", "Digest a=b", "Basic \udcff"])
def test_other_headers_do_not(program: Program, header: str) -> None:
    headers = [("Authorization", header.encode("utf-8", "replace").decode("latin-1"))]
    refused(program.client.get("/twilio/v2/Services", headers=headers), 401, 20003)


def test_an_api_key_is_no_credential_here(app: Flask, program: Program) -> None:
    with app.app_context():
        view, key = api_keys.create("bare")
    refused(knock(program, f"AC{view.id}", key), 401, 20003)
    text = base64.b64encode(f":{key}".encode()).decode()
    answer = program.client.get("/twilio/v2/Services", headers={"Authorization": f"Basic {text}"})
    refused(answer, 401, 20003)


def test_a_revoked_key_is_out(app: Flask, program: Program) -> None:
    with app.app_context():
        api_keys.revoke(program.view.id)
    refused(program.get("/twilio/v2/Services"), 401, 20003)


def test_an_older_token_still_opens(app: Flask, program: Program) -> None:
    with app.app_context():
        twilio_tokens.give(program.view.id)
    assert program.get("/twilio/v2/Services").status_code == 200


def test_another_account_in_the_path_is_not_ours(app: Flask, program: Program) -> None:
    other = new_program(app, "bank")
    refused(program.get(f"{other.account}/Messages.json"), 401, 20003)
    refused(program.get("/twilio/2010-04-01/Accounts/ACx/Messages.json"), 401, 20003)


def test_scopes_and_networks_hold(app: Flask) -> None:
    reader = new_program(app, "reader", scopes=["read"])
    assert reader.get("/twilio/v2/Services").status_code == 200
    assert reader.get(f"{reader.account}/Messages.json").status_code == 200
    refused(reader.post(f"{reader.service}/Verifications", To=NUMBER, Channel="sms"), 403, 20006)
    notices = new_program(app, "notices", scopes=["messages"])
    refused(notices.get("/twilio/v2/Services"), 403, 20006)
    elsewhere = new_program(app, "elsewhere", networks=["203.0.113.0/24"])
    refused(elsewhere.get("/twilio/v2/Services"), 403, 20006)


def test_the_keys_limit_holds(app: Flask, program: Program) -> None:
    app.config["KEY_REQUESTS_PER_MINUTE"] = 2
    for _ in range(2):
        assert program.get("/twilio/v2/Services").status_code == 200
    refused(program.get("/twilio/v2/Services"), 429, 20429)


def test_a_test_key_reaches_no_gateway(app: Flask, sms) -> None:
    program = new_program(app, "tests", is_test=True)
    program.verify()
    assert program.check("000000").json["valid"] is True
    assert sms.sent == []


def test_unknown_addresses_and_methods(program: Program) -> None:
    for path in (
        "/twilio",
        "/twilio/",
        "/twilio/v2",
        "/twilio/v2/Nothing",
        "/twilio/v1/Services",
        "/twilio/%00",
    ):
        refused(program.get(path), 404, 20404)
    refused(program.get(f"{program.service}/Verifications"), 405, 20004)
    refused(program.client.delete(f"{program.service}/Verifications", auth=("a", "b")), 405, 20004)
    refused(program.post("/twilio/v2/Attempts"), 405, 20004)


def test_bodies_that_are_no_form(program: Program) -> None:
    path = f"{program.service}/Verifications"
    refused(program.send(path, b"{}", content_type="application/json"), 415, 20415)
    form = "application/x-www-form-urlencoded"
    refused(program.send(path, b"To=%FF", content_type=form), 400, 20400)
    refused(program.send(path, b"To=\xff", content_type=form), 400, 20400)
    refused(program.send(path, b"a=b&" * 300, content_type=form), 400, 20400)
    refused(program.send(path, b"", content_type=None), 400, 60200)
    refused(program.send(path, b"To=+", content_type=form), 400, 60200)


def test_a_body_that_is_too_long_is_refused_as_the_web_server_does(program: Program) -> None:
    answer = program.send(f"{program.service}/Verifications", {"To": "x" * 70_000, "Channel": "sms"})
    assert refused(answer, 413, 20413) == TWILIO_ERROR


def test_our_own_faults(app: Flask, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(repeats, "issue_or_repeat", broken)
    answer = program.post(f"{program.service}/Verifications", To=NUMBER, Channel="sms")
    assert "secret" not in refused(answer, 500, 20500)["message"]


def test_a_database_that_does_not_answer(app: Flask, program: Program) -> None:
    stop_database(app)
    answer = program.post(f"{program.service}/Verifications", To=NUMBER, Channel="sms")
    refused(answer, 503, 20503)
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("doors", [("api", "twilio_api", "cms")])
def test_it_is_the_same_beside_the_other_doors(program: Program) -> None:
    program.client.set_cookie("session", "x")
    for answer, status, code in (
        (program.get("/twilio/nothing"), 404, 20404),
        (program.get(f"{program.service}/Verifications"), 405, 20004),
        (program.client.post(f"{program.service}/Verifications"), 401, 20003),
        (program.post(f"{program.service}/Verifications"), 400, 60200),
    ):
        refused(answer, status, code)
        assert "Set-Cookie" not in answer.headers
    program.verify()


def test_calls_are_in_the_log_of_the_key_with_the_numbers_of_their_errors(
    app: Flask, program: Program
) -> None:
    program.verify()
    program.post(f"{program.service}/VerificationCheck", To=NUMBER, Code="x")
    with app.app_context():
        part(RequestLog).write()
        rows = db.session.scalars(db.select(ApiRequest).order_by(ApiRequest.id)).all()
        assert {row.api_key_id for row in rows} == {program.view.id}
        assert [(row.path, row.status, row.code) for row in rows] == [
            ("/twilio/v2/Services/{service}/Verifications", 201, None),
            ("/twilio/v2/Services/{service}/VerificationCheck", 400, "60200"),
        ]
