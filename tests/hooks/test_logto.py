"""Logto's HTTP connectors: their exact request, and where npm has them the connectors themselves."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from devtools.live.thread_server import serving
from tests.hooks.conftest import CODE, DIGITS, PHONE

TYPES = (
    *(
        "SignIn",
        "Register",
        "ForgotPassword",
        "OrganizationInvitation",
        "Generic",
        "UserPermissionValidation",
    ),
    *("BindNewIdentifier", "MfaVerification", "BindMfa", "Test"),
)
PACKAGES = Path(os.environ.get("LOGTO_CONNECTORS", "/nowhere"))
"""A folder with node_modules of @logto/connector-http-sms and @logto/connector-http-email."""
SCRIPT = """
import { createRequire } from 'node:module';
const require = createRequire(process.argv[1] + '/');
const [name, endpoint, authorization, data] = process.argv.slice(2);
const made = await import('file://' + require.resolve(name));
const create = made.default.default ?? made.default;
const connector = await create({ getConfig: async () => ({ endpoint, authorization }) });
try { await connector.sendMessage(JSON.parse(data)); console.log('sent'); }
catch (error) { console.log('refused ' + error.code); }
"""


def post(logto, to=DIGITS, type="SignIn", secret=None, **payload):
    body = {"to": to, "type": type, "payload": {"code": CODE, "locale": "de", **payload}, "ip": "8.8.4.4"}
    headers = {
        "authorization": secret or logto.secret,
        "user-agent": "got (https://github.com/sindresorhus/got)",
    }
    return logto.post(body, headers)


@pytest.fixture
def logto(server):
    return server("logto")


@pytest.mark.parametrize("type", TYPES)
def test_each_type_of_code_goes_to_the_number_with_plus(logto, sms, type):
    answer = post(logto, type=type)
    assert (answer.status_code, answer.json) == (200, {})
    assert (sms.sent[0].to, sms.sent[0].params["code"], sms.sent[0].locale) == (PHONE, CODE, "de")


def test_mail_connector(logto, mails):
    post(logto, "kim@example.org", uiLocales="de en")
    assert CODE in mails.sent[0].text


def test_an_invitation_has_a_link_and_no_code(logto, mails):
    body = {
        "to": "kim@example.org",
        "type": "OrganizationInvitation",
        "payload": {"link": "https://x.org/invite?a=1"},
    }
    assert logto.post(body, {"authorization": logto.secret}).status_code == 200
    assert mails.sent[0].text == "https://x.org/invite?a=1"


def test_the_authorization_is_raw_text(logto, rows):
    assert post(logto, secret=f"Bearer {logto.secret}").status_code == 200
    assert post(logto, secret="wrong").status_code == 401
    assert rows() == 1


def test_refusals_have_a_status_and_a_message(logto, rows):
    answer = post(logto, "123")
    assert answer.status_code == 422
    assert answer.json == {
        "error": "invalid_destination",
        "message": "This is not a valid phone number or e-mail address.",
    }
    assert rows() == 0


@pytest.mark.skipif(not (PACKAGES / "node_modules").exists(), reason="LOGTO_CONNECTORS names no connectors")
@pytest.mark.parametrize(
    ("name", "to"),
    [("@logto/connector-http-sms", DIGITS), ("@logto/connector-http-email", "kim@example.org")],
)
def test_the_unmodified_connector_is_served(logto, sms, mails, name, to):
    data = json.dumps({"to": to, "type": "SignIn", "payload": {"code": CODE}})
    with serving(logto.app) as url:
        for secret, said in ((logto.secret, "sent"), ("wrong", "refused general")):
            command = ["node", "--input-type=module", "-e", SCRIPT, str(PACKAGES), name]
            done = subprocess.run(
                [*command, f"{url}/hooks/{logto.id}", secret, data],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.stdout.strip() == said, done.stderr
    (sent,) = [*sms.sent, *mails.sent]
    assert CODE in sent.text
