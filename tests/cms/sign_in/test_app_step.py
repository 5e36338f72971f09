"""An authenticator app at the console: setting it up, signing in with it, removing it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine

from channels.memory import MemoryGateway
from tests.cms.conftest import Visitor, secret_on

PAGE = "/cms/account/second-step"
APP, LOGIN = f"{PAGE}/app", "/cms/login/app"


@pytest.fixture
def app_of_jane(signed_in: Visitor) -> pyotp.TOTP:
    """Jane's app, set up two minutes ago."""
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=2), tick=False):
        signed_in.sign_in()
        signed_in.submit(APP, page=PAGE)
        shown = pyotp.TOTP(secret_on(signed_in.get(APP).text))
        answer = signed_in.submit(f"{APP}/confirm", page=APP, code=shown.now())
    assert len(set(re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", answer.text))) == 10
    return shown


def test_the_qr_code_is_an_image_in_the_page_and_the_secret_in_no_address(signed_in: Visitor) -> None:
    answer = signed_in.submit(APP, page=PAGE)
    assert answer.location == APP
    page = signed_in.get(APP).text
    assert re.search(r'role="img" aria-label="QR code with your key"><svg [^>]*viewBox', page)
    secret = secret_on(page)
    assert secret not in page.replace(" ", "").partition('id="key"')[0]
    assert signed_in.get(APP).headers["Cache-Control"] == "no-store"


def test_it_signs_in_while_no_mail_arrives(
    app_of_jane: pyotp.TOTP, newcomer: Callable[[], Visitor], mails: MemoryGateway
) -> None:
    sent = len(mails.sent)
    visitor = newcomer()
    assert visitor.sign_in(next="/cms/audit").location == f"{LOGIN}?next=/cms/audit"
    assert "wrong" not in visitor.get(LOGIN).text
    assert visitor.submit(LOGIN, page=LOGIN, code="1").status_code == 422
    wrong = visitor.submit(LOGIN, page=LOGIN, code=app_of_jane.at(0))
    assert wrong.status_code == 422
    assert 'id="code-error"' in wrong.text
    assert "by e-mail" not in wrong.text
    code = app_of_jane.now()
    assert visitor.submit(LOGIN, page=LOGIN, code=code, next="/cms/audit").location == "/cms/audit"
    assert visitor.get("/cms/audit").status_code == 200
    assert len(mails.sent) == sent
    again = newcomer()
    again.sign_in()
    assert again.submit(LOGIN, page=LOGIN, code=code).status_code == 422


def test_the_page_of_codes_leads_to_the_app_where_no_codes_are_sent(
    app_of_jane: pyotp.TOTP, newcomer: Callable[[], Visitor]
) -> None:
    visitor = newcomer()
    visitor.sign_in()
    assert visitor.get("/cms/login/code").location == f"{LOGIN}?next=/cms"
    assert "Use your authenticator app" in visitor.get("/cms/login/recovery").text


def test_it_is_removed_after_a_confirmation(
    app_of_jane: pyotp.TOTP, signed_in: Visitor, newcomer: Callable[[], Visitor]
) -> None:
    assert "Remove your authenticator app?" in signed_in.get(f"{APP}/remove").text
    assert signed_in.submit(f"{APP}/remove", page=f"{APP}/remove").location == PAGE
    assert newcomer().sign_in().location == "/cms"


def test_the_password_is_asked_before_the_secret_is_shown(signed_in: Visitor) -> None:
    with time_machine.travel("2030-05-01T12:00:00Z", tick=False) as clock:
        signed_in.sign_in()
        signed_in.submit(APP, page=PAGE)
        assert signed_in.get(APP).status_code == 200
        clock.shift(301)
        assert signed_in.get(APP).location.startswith("/cms/confirm-password?")
        for path in (APP, f"{APP}/confirm", f"{APP}/remove", f"{PAGE}/codes-off"):
            answer = signed_in.submit(path, page=PAGE)
            assert answer.location.startswith("/cms/confirm-password?"), path


@pytest.mark.parametrize("path", [LOGIN])
def test_a_visitor_without_the_first_step_is_sent_back_to_it(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).location == "/cms/login?next=/cms"
    assert visitor.submit(path, page="/cms/login", code="123456").location == "/cms/login?next=/cms"
