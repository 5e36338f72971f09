"""The Django app, with a site of one page; needs Django, and for two tests allauth and django-otp."""

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from sendcode.testing import FakeSendcode

django = pytest.importorskip("django")

from django.conf import settings as django_settings  # noqa: E402

if not django_settings.configured:
    django_settings.configure(
        SECRET_KEY="s" * 32,
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.sessions", "sendcode.django"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "sendcode.django.middleware.LimitMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", {"code.html": "{{ form }}"})]
                },
            }
        ],
        SENDCODE_URL="http://sendcode.test",
        SENDCODE_KEY="sc_live_x",
    )
    django.setup()

from django.core import checks  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.generic import FormView  # noqa: E402

from sendcode.django.allauth import SendcodeAdapterMixin  # noqa: E402
from sendcode.django.client import client, using  # noqa: E402
from sendcode.django.otp import SendcodeDeviceMixin  # noqa: E402
from sendcode.django.views import CodeViewMixin  # noqa: E402

PHONE = "+8613800138000"
approved: list[str] = []


class SignIn(CodeViewMixin, FormView):
    template_name = "code.html"
    success_url = "/in"
    code_purpose = "login"

    def get_code_destination(self) -> str:
        return PHONE

    def code_approved(self, destination: str) -> None:
        approved.append(destination)


urlpatterns = [
    path("code", SignIn.as_view()),
    path("bare", lambda request: HttpResponse(client().verifications.issue("sms", PHONE).id)),
]


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


def test_missing_settings_are_reported_by_the_check_command():
    with override_settings(SENDCODE_URL="", SENDCODE_KEY=None):
        assert [one.id for one in checks.run_checks()] == ["sendcode.E001", "sendcode.E002"]
    assert repr(client()) == "<Sendcode http://sendcode.test>"


class Device(SendcodeDeviceMixin):
    def get_destination(self) -> str:
        return PHONE


def test_a_device_of_django_otp_needs_no_columns(fake):
    device = Device()
    assert device.is_interactive()
    assert not device.verify_token("123456")
    assert device.generate_challenge() == "A code is on its way."
    assert "Try again" in device.generate_challenge()
    assert not device.verify_token("12")
    assert device.verify_token(fake.sent[-1].code)
    assert not device.verify_token(fake.sent[-1].code)


class Usual:
    def __init__(self):
        self.mails = []

    def send_mail(self, template_prefix, email, context):
        self.mails.append(template_prefix)


class Adapter(SendcodeAdapterMixin, Usual):
    pass


def test_codes_of_allauth_go_through_sendcode_and_other_mails_as_before(fake):
    adapter = Adapter()
    adapter.send_verification_code_sms(None, PHONE, "AB3-DE4")
    adapter.send_mail("account/email/login_code", "kim@example.com", {"code": "WXYZ-2345"})
    adapter.send_mail("account/email/password_changed", "kim@example.com", {})
    assert [(one.channel, one.code) for one in fake.sent] == [("sms", "AB3DE4"), ("email", "WXYZ2345")]
    assert adapter.mails == ["account/email/password_changed"]


def test_the_methods_replace_those_of_allauth():
    found = importlib.util.find_spec("allauth")
    if found is None or not found.origin:
        pytest.skip("allauth is not installed")
    text = (Path(found.origin).parent / "account" / "adapter.py").read_text(encoding="utf-8")
    for name in ("send_mail", "send_verification_code_sms"):
        theirs = re.search(rf"def {name}\(([^)]*)\)", text)
        assert theirs, name
        parameters = [one.strip().partition(":")[0].lstrip("*") for one in theirs[1].split(",")]
        assert [one for one in parameters if one] == [
            *inspect.signature(getattr(SendcodeAdapterMixin, name)).parameters
        ]
