"""A Django site that sends codes twice over: by the two tasks, as blogs do it, and with the client."""

import os
import secrets
from typing import Any

from celery import Celery
from django.conf import settings
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.generic import FormView

settings.configure(
    SECRET_KEY="secret key of a blog: long enough",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.sessions", "sendcode.django"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "sendcode.django.middleware.SendcodeMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {"code.html": "{{ form }}"})]},
        }
    ],
    CELERY_BROKER_URL=os.environ["CELERY_BROKER_URL"],
    CELERY_RESULT_BACKEND=os.environ["CELERY_RESULT_BACKEND"],
    SENDCODE_URL=os.environ["SENDCODE_URL"],
    SENDCODE_KEY=os.environ["SENDCODE_KEY"],
)
application = get_wsgi_application()

from sendcode.django.views import CodeViewMixin  # noqa: E402 - needs the settings

queue = Celery("blog")
queue.config_from_object("django.conf:settings", namespace="CELERY")


def result_of(task: str, *arguments: Any) -> int:
    """Send a task to Sendcode's workers and wait for its result: 0 or -1."""
    result: int = queue.send_task(task, arguments).get(timeout=30)
    return result


def send_by_task(request: HttpRequest) -> JsonResponse:
    """Make a code and send it by the task."""
    mobile, code = request.POST["mobile"], f"{secrets.randbelow(10**6):06}"
    cache.set(f"sms_{mobile}", code, 300)
    return JsonResponse({"result": result_of("ccp_send_sms_code", mobile, code)})


def check_by_hand(request: HttpRequest) -> JsonResponse:
    """Compare with the cache."""
    wanted = cache.get(f"sms_{request.POST['mobile']}") or ""
    return JsonResponse({"valid": bool(wanted) and secrets.compare_digest(request.POST["code"], wanted)})


def mail_by_task(request: HttpRequest) -> JsonResponse:
    """Send a mail by the task."""
    return JsonResponse({"result": result_of("send_mail", "Hello", [request.POST["to"]], "All is well.")})


class SignIn(CodeViewMixin, FormView):
    """The same with the client."""

    template_name = "code.html"
    success_url = "/welcome"
    code_purpose = "login"

    def get_code_destination(self) -> str:
        """Return the number from the address of the page."""
        return str(self.request.GET["mobile"])

    def code_approved(self, destination: str) -> None:
        """Sign in."""
        self.request.session["mobile"] = destination


urlpatterns = [
    path("old/send", send_by_task),
    path("old/check", check_by_hand),
    path("old/mail", mail_by_task),
    path("new", SignIn.as_view()),
    path("welcome", lambda request: JsonResponse({"mobile": request.session.get("mobile")})),
]
