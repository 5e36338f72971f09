"""Supabase Auth's hooks: two secrets, retries with a new webhook-id, crossed hashes, errors as 200."""

import json
import re
import time
import uuid

import pytest

from hooks.senders.supabase import signature
from services.hooks import hooks
from tests.hooks.conftest import CODE, DIGITS, PHONE

OTHER = "v1,whsec_" + "QUJD" * 12


def sms_body(id="0f6b", to=DIGITS, code=CODE, **fields):
    return {
        "metadata": {"uuid": id, "time": "2026-01-02T03:04:05Z", "name": "send-sms", "ip_address": "8.8.4.4"},
        "user": {"id": str(uuid.uuid4()), "phone": to, "app_metadata": {"providers": ["phone"]}},
        "sms": {"otp": code, "phone": to, **fields},
    }


def mail(type, id="1a2b", user=None, **data):
    return {
        "metadata": {"uuid": id, "name": "send-email"},
        "user": {"email": "kim@example.org", **(user or {})},
        "email_data": {
            "token": CODE,
            "token_hash": "hash-one",
            "redirect_to": "https://shop.example/?a=1&b=2",
            "email_action_type": type,
            "site_url": "https://ref.supabase.co",
            "token_new": "",
            "token_hash_new": "",
            **data,
        },
    }


def headers(body, *secrets, at=None, id=None):
    """Sign as the server does: a new id at every try, signatures of all its secrets joined by comma and blank."""
    id, stamp = id or str(uuid.uuid4()), str(int(at or time.time()))
    signed = f"{id}.{stamp}.".encode() + body
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": ", ".join(signature(secret, signed) for secret in secrets),
    }


def post(supabase, body, *secrets, **options):
    data = json.dumps(body).encode()
    return supabase.app.test_client().post(
        f"/hooks/{supabase.id}", data=data, headers=headers(data, *(secrets or (supabase.secret,)), **options)
    )


@pytest.fixture
def supabase(server):
    return server("supabase")


def test_a_code_is_accepted_with_an_empty_json_object(supabase):
    answer = post(supabase, sms_body())
    assert (answer.status_code, answer.json) == (200, {})
    assert answer.content_type == "application/json"


def test_the_sms_has_our_text_and_goes_to_a_number_with_plus(supabase, sms):
    post(supabase, sms_body())
    (sent,) = sms.sent
    assert (sent.to, sent.template, sent.params["code"]) == (PHONE, "code", CODE)


def test_two_secrets_one_of_which_is_ours(supabase, rows):
    assert post(supabase, sms_body(), OTHER, supabase.secret).status_code == 200
    assert rows() == 1


def test_a_signature_of_another_secret_is_401_and_makes_no_row(supabase, rows):
    answer = post(supabase, sms_body(), OTHER)
    assert answer.status_code == 401
    assert answer.json["error"]["http_code"] == 401
    assert post(supabase, sms_body(), at=time.time() - 301).status_code == 401
    assert supabase.post(sms_body()).status_code == 401
    assert rows() == 0


def test_both_secrets_work_for_a_day_after_a_rotation(app, supabase, rows):
    with app.app_context():
        _view, new = hooks.rotate(supabase.id)
    assert post(supabase, sms_body("a"), supabase.secret).status_code == 200
    assert post(supabase, sms_body("b", code="771234"), new).status_code == 200
    assert rows() == 2


def test_a_retry_with_a_new_webhook_id_is_one_message(supabase, rows):
    for _ in range(3):
        assert post(supabase, sms_body("same")).status_code == 200
    assert rows() == 1


def test_another_delivery_of_the_same_code_is_another_message(supabase, rows):
    post(supabase, sms_body("first"))
    post(supabase, sms_body("second"))
    assert rows() == 2


def test_a_magic_link_has_the_code_and_the_link(supabase, mails):
    assert post(supabase, mail("magiclink")).json == {}
    (sent,) = mails.sent
    assert (sent.to, sent.template) == ("kim@example.org", "code_link")
    assert CODE in sent.text
    link = re.search(r"https://\S+", sent.text)[0]
    assert link == (
        "https://ref.supabase.co/auth/v1/verify?token=hash-one&type=magiclink"
        "&redirect_to=https%3A%2F%2Fshop.example%2F%3Fa%3D1%26b%3D2"
    )


@pytest.mark.parametrize("type", ["signup", "recovery", "invite", "magiclink", "email"])
def test_each_action_has_its_own_link(supabase, mails, type):
    post(supabase, mail(type))
    assert f"&type={type}&" in mails.sent[0].text


@pytest.mark.parametrize(
    ("site", "link"),
    [
        ("http://localhost:9999", "http://localhost:9999/verify?"),
        ("https://x.org/auth/v1", "https://x.org/auth/v1/verify?"),
        ("https://x.org/", "https://x.org/auth/v1/verify?"),
    ],
)
def test_the_link_begins_with_the_servers_own_address(supabase, mails, site, link):
    post(supabase, mail("signup", site_url=site))
    assert link in mails.sent[0].text


def test_the_hook_can_have_another_address_for_links(server, mails):
    post(server("supabase", settings={"verify_url": "https://login.example/confirm"}), mail("signup"))
    assert "https://login.example/confirm?token=hash-one&type=signup" in mails.sent[0].text


def test_a_reauthentication_has_a_code_only(supabase, mails):
    post(supabase, mail("reauthentication", token_hash=""))
    (sent,) = mails.sent
    assert sent.template == "code"
    assert "https://" not in sent.text


def test_a_secure_change_of_address_is_two_mails_with_crossed_hashes(supabase, mails, rows):
    user = {"new_email": "new@example.org"}
    data = {"token_new": "771234", "token_hash": "of-new", "token_hash_new": "of-current"}
    for _ in range(2):
        assert post(supabase, mail("email_change", user=user, **data)).status_code == 200
    assert rows() == 2
    by_address = {sent.to: sent.text for sent in mails.sent}
    assert CODE in by_address["kim@example.org"]
    assert "token=of-current&" in by_address["kim@example.org"]
    assert "771234" in by_address["new@example.org"]
    assert "token=of-new&" in by_address["new@example.org"]


def test_a_simple_change_of_address_is_one_mail_to_the_new_one(supabase, mails):
    post(supabase, mail("email_change", user={"new_email": "new@example.org"}))
    assert [sent.to for sent in mails.sent] == ["new@example.org"]
    assert "token=hash-one&" in mails.sent[0].text


def test_a_notification_has_no_code(supabase, mails):
    post(supabase, mail("password_changed_notification", token="", token_hash=""))
    assert mails.sent[0].subject == "Your password was changed"
    post(
        supabase,
        mail("email_changed_notification", id="z", old_email="old@example.org", token="", token_hash=""),
    )
    assert mails.sent[1].to == "old@example.org"


def test_errors_are_200_with_a_message_for_the_user(supabase, rows):
    answer = post(supabase, sms_body(to="4912"))
    assert answer.status_code == 200
    assert answer.json == {
        "error": {"http_code": 422, "message": "This is not a valid phone number or e-mail address."}
    }
    answer = post(supabase, sms_body(to="447400123456"))
    assert answer.json["error"]["message"] == "Codes can't be sent to this country."
    assert rows() == 0


def test_a_full_window_of_the_destination_is_told(supabase, rows):
    for number in range(5):
        assert post(supabase, sms_body(str(number))).json == {}
    answer = post(supabase, sms_body("6"))
    assert (answer.status_code, answer.json["error"]["http_code"]) == (200, 429)
    assert int(answer.headers["Retry-After"]) > 0
    assert rows() == 5
    assert post(supabase, sms_body("0")).json == {}, "a repeat is no new send"


def test_one_that_sends_sms_only_refuses_a_mail(server, rows):
    supabase = server("supabase", channel="sms")
    assert post(supabase, mail("signup")).json["error"]["http_code"] == 422
    assert rows() == 0
