"""authentik, Keycloak, Authgear, Auth0, Casdoor and any other server: their requests, and the answers they expect."""

import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from devtools.live.thread_server import serving
from tests.hooks.conftest import CODE, DIGITS, PHONE

SPACED = "+86 138 0013 8000"


def bearer(server, secret=None):
    return {"Authorization": f"Bearer {secret or server.secret}"}


def token(secret, alg="HS256", **claims):
    """Return a JSON Web Token as Auth0's custom gateway signs it."""
    parts = [{"alg": alg, "typ": "JWT"}, {"iss": "urn:auth0", "sub": "s", "aud": "a", **claims}]
    signed = ".".join(
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts
    )
    signature = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


AUTHENTIK = {"From": "x", "To": PHONE, "Body": CODE, "Message": f"Use this code to authenticate: {CODE}"}


def test_authentik_with_basic_and_with_bearer(server, sms, rows):
    authentik = server("authentik")
    assert authentik.post(AUTHENTIK, auth=("any", authentik.secret)).json == {}
    assert authentik.post({**AUTHENTIK, "Body": "771234"}, bearer(authentik)).status_code == 200
    assert [sent.params["code"] for sent in sms.sent] == [CODE, "771234"]


def test_authentik_shows_one_plain_sentence_to_the_user(server, rows):
    authentik = server("authentik")
    answer = authentik.post({**AUTHENTIK, "To": "12"}, bearer(authentik))
    assert answer.status_code == 422
    assert answer.mimetype == "text/plain"
    assert answer.text == "This is not a valid phone number or e-mail address."
    refused = authentik.post(AUTHENTIK, bearer(authentik, "wrong"))
    assert (refused.status_code, refused.text) == (401, "The credentials are wrong.")
    assert rows() == 0


def test_authentik_with_a_property_mapping(server, sms):
    authentik = server("authentik")
    assert authentik.post({"to": PHONE, "message": f"Hello, {CODE}"}, bearer(authentik)).status_code == 200
    assert sms.sent[0].text == f"Hello, {CODE}"


def keycloak_body(text=f"Your SMS code is {CODE}", to=PHONE):
    """Return the JSON that the plugin glues together, without a sender."""
    return f'{{"text":"{text}","to":"{to}","null":"null"}}'


def test_keycloak_with_null_for_a_sender(server, sms):
    keycloak = server("keycloak")
    answer = keycloak.post(
        data=keycloak_body(), headers={"Authorization": keycloak.secret, "Content-Type": "application/json"}
    )
    assert answer.status_code == 200
    assert (sms.sent[0].to, sms.sent[0].text) == (PHONE, f"Your SMS code is {CODE}")


def test_keycloak_escapes_no_line_break(server, sms):
    keycloak = server("keycloak")
    keycloak.post(data=keycloak_body(f"Your code:\n{CODE}"), headers={"X-Token": keycloak.secret})
    assert sms.sent[0].text == f"Your code:\n{CODE}"


@pytest.mark.parametrize(
    "names", [("messageBody", "recipientPhone"), ("content", "phone_number"), ("x", "y")]
)
def test_keycloak_with_any_names(server, sms, names):
    keycloak = server("keycloak")
    body = {"uuid": "6f1d7c0e-7d0e-4f57-9d59-7d5e0f1b2c3d", names[0]: f"The code is {CODE}", names[1]: DIGITS}
    assert keycloak.post(body, {"api-key": keycloak.secret}).status_code == 200
    assert (sms.sent[0].to, sms.sent[0].text) == (PHONE, f"The code is {CODE}")


def test_keycloak_with_a_template_for_the_receiver(server, sms):
    keycloak = server("keycloak")
    keycloak.post(
        {"message": f"Code {CODE}", "recipients": [{"msisdn": DIGITS}]}, {"api-key": keycloak.secret}
    )
    assert sms.sent[0].to == PHONE


def test_keycloak_as_a_form_with_the_token_inside(server, sms, rows):
    keycloak = server("keycloak")
    form = {"apikey": keycloak.secret, "text": f"Code {CODE}", "to": PHONE, "from": "Shop"}
    assert keycloak.post(data=form).status_code == 200
    assert keycloak.post(data={**form, "apikey": "wrong"}).status_code == 401
    assert rows() == 1


def test_keycloak_with_basic_and_by_get(server, sms):
    keycloak = server("keycloak")
    assert keycloak.post(data=keycloak_body(), auth=("user", keycloak.secret)).status_code == 200
    answer = keycloak.app.test_client().get(
        f"/hooks/{keycloak.id}",
        query_string={"to": PHONE, "message": "Code 771234"},
        headers={"Authorization": keycloak.secret},
    )
    assert answer.status_code == 200
    assert [sent.text for sent in sms.sent][1] == "Code 771234"


def authgear(server, to=PHONE, secret=None):
    body = json.dumps(
        {
            "to": to,
            "body": f"{CODE} is your Shop code.",
            "app_id": "shop",
            "template_name": "verification_sms.txt",
            "language_tag": "de",
            "template_variables": {"code": CODE, "link": "", "app_name": "Shop"},
        }
    ).encode()
    signed = hmac.new((secret or server.secret).encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-authgear-body-signature": signed, "Content-Type": "application/json"}
    return server.app.test_client().post(f"/hooks/{server.id}", data=body, headers=headers)


def test_authgear_reads_a_code_for_each_outcome(server, app, sms, rows):
    gear = server("authgear")
    answer = authgear(gear)
    assert (answer.status_code, answer.json) == (200, {"code": "ok"})
    assert sms.sent[0].locale == "de"
    assert authgear(gear, secret="x").json["code"] == "authentication_failed"
    assert authgear(gear, to="+861").json["code"] == "invalid_phone_number"
    assert authgear(gear, to="+447400123456").json["code"] == "delivery_rejected"
    app.config["SMS_SENDS_PER_DAY"] = 1
    limited = authgear(gear, to="+8613900139000")
    assert (limited.status_code, limited.json["code"]) == (429, "rate_limited")
    assert rows() == 1


def test_auth0_by_the_action(server, sms, rows):
    auth0 = server("auth0")
    body = {
        "recipient": SPACED,
        "as_text": f"Your verification code is: {CODE}",
        "code": CODE,
        "delivery_method": "text",
        "message_type": "otp_verify",
        "locale": "en",
        "ip": "8.8.4.4",
        "correlation_id": "tx-1",
    }
    for _ in range(2):
        assert auth0.post(body, bearer(auth0)).status_code == 200
    (sent,) = sms.sent
    assert (sent.to, sent.params["code"]) == (PHONE, CODE)
    assert auth0.post({**body, "delivery_method": "voice"}, bearer(auth0)).status_code == 422
    assert rows() == 1


ACTION = Path(__file__).resolve().parents[2] / "deploy" / "auth0" / "send-phone-message.js"
RUN_ACTION = """
const [file, event] = process.argv.slice(1);
const said = [];
const api = { notification: { retry: why => said.push('retry ' + why), drop: why => said.push('drop ' + why) } };
require(file).onExecuteCustomPhoneProvider(JSON.parse(event), api).then(() => console.log(said.join() || 'sent'));
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_auth0s_action_as_it_is_shipped(server, app, sms):
    auth0 = server("auth0")

    def run(secret, recipient=PHONE):
        event = {
            "notification": {
                "recipient": recipient,
                "as_text": f"Your code is {CODE}",
                "as_voice": "",
                "code": CODE,
                "delivery_method": "text",
                "message_type": "otp_verify",
                "locale": "en",
            },
            "request": {"ip": "8.8.4.4"},
            "transaction": {"correlation_id": f"tx-{recipient}"},
            "secrets": {"SENDCODE_URL": f"{url}/hooks/{auth0.id}", "SENDCODE_SECRET": secret},
        }
        command = ["node", "-e", RUN_ACTION, str(ACTION), json.dumps(event)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with serving(app) as url:
        assert run(auth0.secret) == "sent"
        assert run("wrong") == "drop Sendcode answered 401"
        app.config["SMS_SENDS_PER_DAY"] = 1
        assert run(auth0.secret, "+8613900139000") == "retry Sendcode answered 429"
    assert [sent.params["code"] for sent in sms.sent] == [CODE]


def test_auth0_by_the_older_gateway_with_a_signed_token(server, sms, rows):
    auth0 = server("auth0")
    body = {"recipient": SPACED, "body": f"Your code is {CODE}", "sender": "x", "req": {"ip": "8.8.4.4"}}
    now = int(time.time())
    good = token(auth0.secret, iat=now, exp=now + 60)
    assert auth0.post(body, {"Authorization": f"Bearer {good}"}).status_code == 200
    assert (sms.sent[0].to, sms.sent[0].text) == (PHONE, f"Your code is {CODE}")
    for bad in (
        token("another secret"),
        token(auth0.secret, exp=now - 120),
        token(auth0.secret, alg="none"),
        token(auth0.secret, alg="RS256"),
        good.rpartition(".")[0] + ".",
        "a.b",
    ):
        assert auth0.post(body, {"Authorization": f"Bearer {bad}"}).status_code == 401
    assert rows() == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("kind", ["data", "json"])
def test_casdoor_gets_exactly_200(server, sms, method, kind):
    casdoor = server("casdoor")
    body = {"phoneNumber": PHONE, "code": CODE}
    answer = casdoor.app.test_client().open(
        f"/hooks/{casdoor.id}", method=method, headers={"X-Key": casdoor.secret}, **{kind: body}
    )
    assert answer.status_code == 200
    assert sms.sent[0].params["code"] == CODE


def test_casdoor_by_get_and_with_a_template(server, sms, rows):
    casdoor = server("casdoor")
    answer = casdoor.app.test_client().get(
        f"/hooks/{casdoor.id}",
        query_string={"mobile": PHONE, "sms_text": f"Your code is {CODE}."},
        headers=bearer(casdoor),
    )
    assert answer.status_code == 200
    assert sms.sent[0].text == f"Your code is {CODE}."
    assert casdoor.post({"phoneNumber": PHONE, "code": CODE}, bearer(casdoor, "x")).status_code == 401
    assert rows() == 1


def test_a_generic_hook_takes_a_code_or_a_text_by_any_channel(server, sms, mails, rows):
    any = server("generic")
    assert any.post({"to": SPACED, "code": CODE, "odd": {"a": [1]}}, bearer(any)).json == {}
    assert any.post({"to": "kim@example.org", "code": CODE}, {"X-API-Key": any.secret}).json == {}
    assert any.post({"to": PHONE, "text": f"Hello {CODE}"}, bearer(any)).json == {}
    assert any.post(data={"phone": PHONE, "message": "Form 7712"}, headers=bearer(any)).json == {}
    assert [sent.text for sent in sms.sent][1:] == [f"Hello {CODE}", "Form 7712"]
    assert CODE in mails.sent[0].text
    for _ in range(2):
        assert any.post({"to": PHONE, "code": "4455", "id": "one"}, bearer(any)).status_code == 200
    assert rows() == 5


@pytest.mark.parametrize(
    "body",
    [{"to": PHONE}, {"code": CODE}, {}, [], "text", {"to": PHONE, "text": "\x00"}, {"to": {}, "code": 1}],
)
def test_what_can_not_be_understood_is_422_and_no_row(server, rows, body):
    any = server("generic")
    assert any.post(body, bearer(any)).status_code == 422
    assert rows() == 0


def test_other_types_take_posts_only(server, rows):
    logto = server("logto")
    got = logto.app.test_client().get(f"/hooks/{logto.id}", headers={"Authorization": logto.secret})
    assert got.status_code == 422
    assert rows() == 0
