"""The settings and pages of a Django site for tests, with allauth and django-otp if they are there."""

from importlib.util import find_spec
from typing import Any

import django
from django.conf import settings

HAS_ALLAUTH, HAS_OTP = (find_spec(name) is not None for name in ("allauth", "django_otp"))
ALLAUTH = ["allauth", "allauth.account"] if HAS_ALLAUTH else []
OTP = ["django_otp"] if HAS_OTP else []
PAGES = {"code.html": "{{ form }}"}

if not settings.configured:
    settings.configure(
        SECRET_KEY="s" * 32,
        ROOT_URLCONF="django_site",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            *ALLAUTH,
            *OTP,
            "sendcode.django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            *(["allauth.account.middleware.AccountMiddleware"] if HAS_ALLAUTH else []),
            "sendcode.django.middleware.SendcodeMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.messages.context_processors.messages",
                    ],
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", PAGES),
                        "django.template.loaders.app_directories.Loader",
                    ],
                },
            }
        ],
        SENDCODE_URL="http://sendcode.test",
        SENDCODE_KEY="sc_live_x",
        LOGIN_REDIRECT_URL="/bare",
        ACCOUNT_ADAPTER="allauth_adapter.AccountAdapter",
        ACCOUNT_LOGIN_METHODS={"phone", "email"},
        ACCOUNT_SIGNUP_FIELDS=["phone*", "email"],
        ACCOUNT_LOGIN_BY_CODE_ENABLED=True,
        ACCOUNT_EMAIL_VERIFICATION="none",
        ACCOUNT_RATE_LIMITS=False,
    )
    django.setup()

from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.generic import FormView  # noqa: E402

from sendcode.django.client import client  # noqa: E402
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


def bare(request: HttpRequest) -> HttpResponse:
    """Issue a code, and let a limit through."""
    return HttpResponse(client().verifications.issue("sms", PHONE).id)


urlpatterns: list[Any] = [
    path("code", SignIn.as_view()),
    path("bare", bare),
    *([path("accounts/", include("allauth.account.urls"))] if HAS_ALLAUTH else []),
]
