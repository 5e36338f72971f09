"""Zitadel: `oTP`, its signature with several keys, notices without a code."""

import json
import time

import pytest

from hooks.senders.zitadel import signature
from tests.hooks.conftest import CODE, PHONE


def otp(**args):
    return {
        "contextInfo": {
            "eventType": "user.human.otp.sms.code.added",
            "provider": {"id": "285181292935381355", "description": "test"},
            "recipientPhoneNumber": PHONE,
        },
        "templateData": {
            "title": "Zitadel - One-time Password",
            "preHeader": "One-time Password",
            "subject": "One-time Password",
            "greeting": "Hello Kim,",
            "text": f"{CODE} is your one-time password for x.org. Use it within the next 5m0s.\n@x.org #{CODE}",
            "url": "https://x.org/otp",
            "buttonText": "authenticate",
            "primaryColor": "#5469d4",
            "includeFooter": False,
        },
        "args": {"oTP": CODE, "code": "", "origin": "https://x.org", "expiry": 300000000000, **args},
    }


def post(zitadel, body, *secrets, at=None):
    data, stamp = json.dumps(body).encode(), int(at or time.time())
    parts = [signature(secret, stamp, data).partition(",")[2] for secret in (secrets or (zitadel.secret,))]
    headers = {"ZITADEL-Signature": ",".join([f"t={stamp}", *parts]), "Content-Type": "application/json"}
    return zitadel.app.test_client().post(f"/hooks/{zitadel.id}", data=data, headers=headers)


@pytest.fixture
def zitadel(server):
    return server("zitadel")


def test_the_one_time_password_is_otp_with_one_small_letter(zitadel, sms):
    assert post(zitadel, otp()).status_code == 200
    (sent,) = sms.sent
    assert (sent.to, sent.params["code"], sent.params["minutes"]) == (PHONE, CODE, "5")


def test_their_text_keeps_its_last_line_for_web_otp(server, sms):
    zitadel = server("zitadel", settings={"text": "theirs"})
    post(zitadel, otp())
    assert sms.sent[0].text.endswith(f"\n@x.org #{CODE}")


def test_one_of_several_signatures_is_enough(zitadel, rows):
    assert post(zitadel, otp(), "an old key of theirs", zitadel.secret).status_code == 200
    assert rows() == 1


def test_wrong_old_and_missing_signatures_are_401_and_no_row(zitadel, rows):
    assert post(zitadel, otp(), "another key").status_code == 401
    assert post(zitadel, otp(), at=time.time() - 301).status_code == 401
    assert zitadel.post(otp()).status_code == 401
    assert rows() == 0


def test_a_key_that_zitadel_made_is_taken(server, rows):
    zitadel = server("zitadel", secret="SqIcV7dZ0Rk5yd3sKEY1")
    assert zitadel.secret == "SqIcV7dZ0Rk5yd3sKEY1"
    assert post(zitadel, otp()).status_code == 200
    assert rows() == 1


def test_a_code_by_mail_has_the_link_of_its_button(zitadel, mails):
    body = otp(oTP="", code="AB12CD")
    del body["contextInfo"]["recipientPhoneNumber"]
    body["contextInfo"] |= {
        "recipientEmailAddress": "kim@example.org",
        "eventType": "user.human.email.code.added",
    }
    assert post(zitadel, body).status_code == 200
    assert "AB12CD" in mails.sent[0].text
    assert "https://x.org/otp" in mails.sent[0].text


def test_a_notice_without_a_code_is_its_text(zitadel, mails):
    body = otp()
    body["contextInfo"] = {
        "eventType": "user.human.password.changed",
        "recipientEmailAddress": "kim@example.org",
    }
    body["args"] = {"userName": "kim"}
    body["templateData"] |= {"text": "The password of your user has changed.", "subject": "Password changed"}
    assert post(zitadel, body).status_code == 200
    assert mails.sent[0].subject == "Password changed"
    assert "The password of your user has changed." in mails.sent[0].text
