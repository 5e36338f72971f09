"""The Django app, with a site of one page, django-allauth and django-otp."""

import pytest

from sendcode.testing import FakeSendcode

pytest.importorskip("django")
pytest.importorskip("django_site")  # which configures Django

from django.contrib.auth.models import User
from django.core import checks, mail
from django.core.management import call_command
from django.db import connection, connections, models
from django.test import Client, RequestFactory, override_settings
from django_site import HAS_ALLAUTH, HAS_OTP, PHONE, approved

from sendcode.django.client import client, using
from sendcode.django.otp import SendcodeDeviceMixin


@pytest.fixture
def fake():
    approved.clear()
    with using(FakeSendcode()) as fake:
        yield fake


@pytest.fixture
def browser():
    return Client()


def test_opening_the_page_sends_a_code_and_entering_it_approves(browser, fake):
    page = browser.get("/code")
    assert "one-time-code" in page.content.decode()
    browser.get("/code")
    assert len(fake.sent) == 1
    code = fake.sent[0].code
    assert (
        "wrong" in browser.post("/code", {"code": code[:-1] + str((int(code[-1]) + 1) % 10)}).content.decode()
    )
    assert browser.post("/code", {"code": ""}).status_code == 200
    assert approved == []
    entered = browser.post("/code", {"code": f" {code[:3]}-{code[3:]} "})
    assert (entered.status_code, entered.headers["Location"], approved) == (302, "/in", [PHONE])


def test_a_code_is_sent_again_after_the_cool_down(browser, fake):
    browser.get("/code")
    assert "Try again in" in browser.post("/code", {"resend": "1"}).content.decode()
    fake.travel(61)
    browser.post("/code", {"resend": "1"})
    assert [one.code for one in fake.sent] == [fake.sent[0].code] * 2


def test_a_locked_code_says_how_long_to_wait(browser, fake):
    browser.get("/code")
    fake.limit("code_attempts", retry_after=90, call="/check")
    assert "Try again in 90 seconds" in browser.post("/code", {"code": "123456"}).content.decode()


def test_a_limit_that_a_view_lets_through_is_429(browser, fake):
    assert browser.get("/bare").status_code == 200
    refused = browser.get("/bare")
    assert (refused.status_code, int(refused.headers["Retry-After"]) <= 60) == (429, True)


def test_a_service_that_is_down_is_503(browser, fake):
    fake.break_down(times=100)
    down = browser.get("/bare")
    assert (down.status_code, down.headers["Retry-After"]) == (503, "5")


def test_missing_settings_are_reported_by_the_check_command():
    with override_settings(SENDCODE_URL="", SENDCODE_KEY=None):
        assert [one.id for one in checks.run_checks()] == ["sendcode.E001", "sendcode.E002"]
    assert repr(client()) == "<Sendcode http://sendcode.test>"


@pytest.fixture
def user(fake):
    call_command("migrate", verbosity=0)
    yield User.objects.create_user("kim", "kim@example.com", first_name=PHONE)
    User.objects.all().delete()
    connections.close_all()


@pytest.mark.slow
@pytest.mark.skipif(not HAS_ALLAUTH, reason="django-allauth is not installed")
@pytest.mark.parametrize(
    ("field", "to", "channel"), [("phone", PHONE, "sms"), ("email", "kim@example.com", "email")]
)
def test_allauth_signs_in_with_a_code_that_it_makes_and_sendcode_sends(
    browser, fake, user, field, to, channel
):
    assert browser.post("/accounts/login/code/", {field: to}).status_code == 302
    sent = fake.sent[-1]
    assert (sent.channel, sent.to, len(sent.code)) == (channel, to, 8)
    assert "_auth_user_id" not in browser.session
    browser.post("/accounts/login/code/confirm/", {"code": sent.code})
    assert browser.session["_auth_user_id"] == str(user.pk)


@pytest.mark.skipif(not HAS_ALLAUTH, reason="django-allauth is not installed")
def test_a_limit_met_by_allauth_is_429(browser, fake, user):
    fake.limit("ip_sends", retry_after=30)
    refused = browser.post("/accounts/login/code/", {"phone": PHONE})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")


@pytest.mark.skipif(not HAS_ALLAUTH, reason="django-allauth is not installed")
def test_mails_of_allauth_without_a_code_go_the_usual_way(fake, user):
    from allauth.account.adapter import get_adapter
    from allauth.core.context import request_context

    mail.outbox = []
    backend = "django.core.mail.backends.locmem.EmailBackend"
    details = {"ip": "203.0.113.7", "user_agent": "x", "timestamp": "now"}
    with override_settings(EMAIL_BACKEND=backend), request_context(RequestFactory().get("/")):
        get_adapter().send_mail("account/email/password_changed", "kim@example.com", details)
    assert [one.to for one in mail.outbox] == [["kim@example.com"]]
    assert fake.sent == []


@pytest.mark.skipif(not HAS_OTP, reason="django-otp is not installed")
def test_a_device_of_django_otp_sends_and_matches_codes(fake, user):
    import django_otp
    from django_otp.models import Device

    class SmsDevice(SendcodeDeviceMixin, Device):
        number = models.CharField(max_length=20)

        class Meta:
            app_label = "django_otp"

        def get_destination(self) -> str:
            return self.number

    with connection.schema_editor() as editor:
        editor.create_model(SmsDevice)
    device = SmsDevice.objects.create(user=user, name="phone", number=PHONE, confirmed=True)
    assert device.is_interactive()
    assert django_otp.match_token(user, "123456") is None
    assert device.generate_challenge() == "A code is on its way."
    assert "Try again in" in device.generate_challenge()
    assert django_otp.match_token(user, "12") is None
    code = fake.sent[-1].code
    assert django_otp.match_token(user, code) == device
    assert django_otp.match_token(user, code) is None
