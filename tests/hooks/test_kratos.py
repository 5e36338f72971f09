"""Ory Kratos: the bodies of our jsonnet for every template type, the default body, 200 and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hooks.conftest import CODE, DIGITS, PHONE

JSONNET = Path(__file__).resolve().parents[2] / "deploy" / "kratos" / "sendcode.jsonnet"
RUN = "import _gojsonnet as g, sys; print(g.evaluate_file(sys.argv[1], tla_codes={'ctx': sys.stdin.read()}))"
IDENTITY = {"id": "9f4c", "traits": {"email": "kim@example.org", "name": "Kim Secret"}}
SMS_CODES = {
    "login_code_valid": "login_code",
    "registration_code_valid": "registration_code",
    "verification_code_valid": "verification_code",
    "recovery_code_valid": "verification_code",
}
MAIL_CODES = {**SMS_CODES, "recovery_code_valid": "recovery_code"}
MAIL_TEXTS = (
    "recovery_code_invalid",
    "verification_code_invalid",
    "recovery_invalid",
    "verification_invalid",
)
MAIL_LINKS = {"recovery_valid": "recovery_url", "verification_valid": "verification_url"}


def context(type, to, data, said):
    """Return what Kratos gives the jsonnet."""
    return {
        "recipient": to,
        "subject": "About your account" if "@" in to else "",
        "body": said,
        **({"html_body": f"<p>{said}</p>"} if "@" in to else {}),
        "template_type": type,
        "template_data": {"to": to, "identity": IDENTITY, "request_url": "https://x.org/", **data},
        "message_type": "email" if "@" in to else "sms",
    }


def our_body(ctx):
    """Return what deploy/kratos/sendcode.jsonnet makes of it, by jsonnet itself where that is installed."""
    python = os.environ.get("GOJSONNET_PYTHON", sys.executable)
    done = subprocess.run(
        [python, "-c", RUN, JSONNET], input=json.dumps(ctx), capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return json.loads(done.stdout)
    assert "No module named" in done.stderr, done.stderr
    passed = (*SMS_CODES.values(), "recovery_code", *MAIL_LINKS.values(), "expires_in_minutes")
    data = {name: ctx["template_data"][name] for name in passed if name in ctx["template_data"]}
    named = ("recipient", "template_type", "message_type", "subject", "body", "html_body")
    return {**{name: ctx.get(name) for name in named}, "template_data": data}


@pytest.fixture
def kratos(server):
    return server("kratos")


def post(kratos, body, secret=None):
    return kratos.post(body, {"Authorization": f"Bearer {secret or kratos.secret}"})


@pytest.mark.parametrize(("type", "name"), SMS_CODES.items())
def test_each_code_by_sms(kratos, sms, type, name):
    data = {name: CODE, "expires_in_minutes": 15}
    body = our_body(context(type, PHONE, data, f"Your code is: {CODE}"))
    assert "Secret" not in json.dumps(body)
    assert post(kratos, body).status_code == 200
    (sent,) = sms.sent
    assert (sent.to, sent.params["code"], sent.params["minutes"]) == (PHONE, CODE, "15")


@pytest.mark.parametrize(("type", "name"), MAIL_CODES.items())
def test_each_code_by_mail(kratos, mails, type, name):
    body = our_body(context(type, "kim@example.org", {name: CODE}, f"Enter {CODE}"))
    assert post(kratos, body).status_code == 200
    assert CODE in mails.sent[0].text


@pytest.mark.parametrize(
    "type", [*MAIL_TEXTS, "verifiable_address_changed", "authenticator_key_added", "stub"]
)
def test_a_template_without_a_code_is_its_text(kratos, mails, type):
    body = our_body(context(type, "kim@example.org", {}, "Hi, somebody asked.\n\nNothing to do."))
    assert post(kratos, body).status_code == 200
    (sent,) = mails.sent
    assert (sent.subject, sent.text) == ("About your account", "Hi, somebody asked.\n\nNothing to do.")
    assert sent.html.startswith("<p>Hi")


@pytest.mark.parametrize(("type", "name"), MAIL_LINKS.items())
def test_a_link_is_in_their_text(kratos, mails, type, name):
    url = "https://id.example.org/self-service?flow=1&token=abc"
    post(kratos, our_body(context(type, "kim@example.org", {name: url}, f"Open {url}")))
    assert url in mails.sent[0].text


def test_the_default_body_of_kratos_is_taken_too(kratos, sms):
    body = {
        "recipient": PHONE,
        "template_type": "login_code_valid",
        "to": None,
        "recovery_code": None,
        "verification_code": None,
        "subject": "",
        "body": f"Your login code is: {CODE}\n\nIt expires soon.",
    }
    assert post(kratos, body).status_code == 200
    assert sms.sent[0].text == f"Your login code is: {CODE}\n\nIt expires soon."


def test_a_hook_may_send_their_text(server, sms):
    kratos = server("kratos", settings={"text": "theirs"})
    post(kratos, our_body(context("login_code_valid", PHONE, {"login_code": CODE}, f"Kratos: {CODE}")))
    assert sms.sent[0].text == f"Kratos: {CODE}"


@pytest.mark.parametrize(
    "headers",
    [{"X-Kratos-Key": "{}"}, {"Authorization": "{}"}, {"Cookie": "key={}"}, {"Authorization": "Bearer {}"}],
)
def test_the_api_key_may_be_in_any_header_or_a_cookie(kratos, rows, headers):
    filled = {name: value.format(kratos.secret) for name, value in headers.items()}
    body = our_body(context("login_code_valid", PHONE, {"login_code": CODE}, CODE))
    assert kratos.post(body, filled).status_code == 200
    assert rows() == 1


def test_basic_credentials_are_taken(kratos, rows):
    body = our_body(context("login_code_valid", PHONE, {"login_code": CODE}, CODE))
    assert kratos.post(body, auth=("kratos", kratos.secret)).status_code == 200
    assert kratos.post(body, auth=("kratos", "wrong")).status_code == 401
    assert rows() == 1


def test_a_wrong_key_is_401_and_no_row(kratos, rows):
    body = our_body(context("login_code_valid", PHONE, {"login_code": CODE}, CODE))
    assert post(kratos, body, "wrong").status_code == 401
    assert kratos.post(body).status_code == 401
    assert rows() == 0


def test_a_retry_within_a_minute_is_one_message(kratos, rows):
    body = our_body(context("login_code_valid", DIGITS, {"login_code": CODE}, CODE))
    assert [post(kratos, body).status_code for _ in range(3)] == [200, 200, 200]
    assert rows() == 1
