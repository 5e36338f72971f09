"""The Flask extension in a small site."""

import flask
import pytest

from sendcode import LimitExceeded
from sendcode.flask import Codes
from sendcode.testing import FakeSendcode

PHONE = "+8613800138000"


@pytest.fixture
def fake():
    return FakeSendcode()


@pytest.fixture
def browser(fake):
    site = flask.Flask("shop")
    site.secret_key = "s" * 32
    codes = Codes(site, fake)

    @site.post("/send")
    def send():
        return codes.send(flask.request.form["to"], purpose="login").resend_at.isoformat()

    @site.post("/check")
    def check():
        return codes.check(flask.request.form["code"], purpose="login") or ("wrong", 422)

    @site.errorhandler(LimitExceeded)
    def wait(limit):
        return limit.limit, 429, {"Retry-After": str(int(limit.retry_after))}

    return site.test_client()


def test_a_browser_proves_its_number_once(browser, fake):
    assert browser.post("/check", data={"code": "123456"}).status_code == 422
    assert browser.post("/send", data={"to": "+86 138 0013 8000"}).status_code == 200
    code = fake.sent[-1].code
    with browser.session_transaction() as session:
        assert code not in str(dict(session))
    assert browser.post("/check", data={"code": "12"}).status_code == 422
    assert browser.post("/check", data={"code": " "}).status_code == 422
    assert browser.post("/check", data={"code": f"{code[:3]} {code[3:]}"}).text == PHONE
    assert browser.post("/check", data={"code": code}).status_code == 422


def test_another_browser_can_not_use_the_code(browser, fake):
    browser.post("/send", data={"to": PHONE})
    assert (
        browser.application.test_client().post("/check", data={"code": fake.sent[-1].code}).status_code == 422
    )


def test_the_same_code_goes_out_again_after_the_cool_down(browser, fake):
    browser.post("/send", data={"to": PHONE})
    refused = browser.post("/send", data={"to": PHONE})
    assert (refused.status_code, refused.text) == (429, "resend_cooldown")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    fake.travel(61)
    assert browser.post("/send", data={"to": PHONE}).status_code == 200
    assert [one.code for one in fake.sent] == [fake.sent[0].code] * 2


def test_after_the_code_has_ended_a_new_one_is_sent(browser, fake):
    browser.post("/send", data={"to": PHONE})
    fake.travel(301)
    assert browser.post("/check", data={"code": fake.sent[-1].code}).status_code == 422
    assert browser.post("/send", data={"to": PHONE}).status_code == 200
    assert browser.post("/check", data={"code": fake.sent[-1].code}).text == PHONE


def test_the_destination_that_is_proved_is_the_one_the_code_went_to(browser, fake):
    browser.post("/send", data={"to": PHONE})
    fake.limit("ip_sends", call="/verifications")
    assert browser.post("/send", data={"to": "+8613900139000"}).status_code == 429
    assert browser.post("/check", data={"code": fake.sent[-1].code}).text == PHONE


def test_the_client_is_made_from_the_settings():
    site = flask.Flask("shop")
    site.config.update(SENDCODE_URL="http://sendcode.test", SENDCODE_KEY="sc_live_x")
    codes = Codes()
    codes.init_app(site)
    with site.app_context():
        assert repr(codes.client) == "<Sendcode http://sendcode.test>"
        codes.client.close()
