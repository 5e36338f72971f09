"""The administrators page, as owners see it."""

import re
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from domain import totp
from exts import db
from models import Administrator, Authenticator
from services.audit import trail
from services.people import administrators
from services.sign_in import authenticators
from tests.cms.conftest import EMAIL, PASSWORD, Visitor

KIM = "kim@example.org"
LIST = "/cms/administrators"


@pytest.fixture
def kim(app: Flask) -> str:
    """Add an operator; return the path of her page."""
    with app.app_context():
        return f"{LIST}/{administrators.add(KIM, 'operator', PASSWORD)[0].id}"


def told(app: Flask) -> list[str]:
    with app.app_context():
        return [str(entry.action) for entry in trail.entries().shown if entry.actor == EMAIL]


def test_a_new_administrators_password_is_shown_once(
    signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    page = f"{LIST}/new"
    answer = signed_in.submit(page, page=page, email=KIM, role="viewer")
    password = re.search(r"(\w{5}-){3}\w{5}", answer.text)[0]
    assert password not in str(answer.headers)
    listed = signed_in.get(LIST).text
    assert KIM in listed
    assert ">One-time password<" in listed
    assert newcomer().sign_in(KIM, password).location == "/cms"
    assert told(app) == ["administrator.added"]


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"email": EMAIL, "role": "viewer"}, 409, "email-error"),
        ({"email": "nobody", "role": "viewer"}, 422, "email-error"),
        ({"email": KIM, "role": "king"}, 422, "role-error"),
    ],
)
def test_an_error_is_shown_beside_its_field(
    signed_in: Visitor, fields: dict[str, str], status: int, error: str
) -> None:
    answer = signed_in.submit(f"{LIST}/new", page=f"{LIST}/new", **fields)
    assert answer.status_code == status
    assert f'id="{error}"' in answer.text
    assert f'value="{fields["email"]}"' in answer.text


def test_a_role_applies_from_the_next_click(
    signed_in: Visitor, kim: str, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    other = newcomer()
    other.sign_in(KIM)
    assert other.get("/cms/audit").status_code == 200
    assert signed_in.submit(f"{kim}/role", page=kim, role="viewer").location == kim
    assert "kim@example.org is viewer from now on." in signed_in.get(kim).text
    assert other.get("/cms/audit").status_code == 403
    assert signed_in.submit(f"{kim}/role", page=kim, role="king").status_code == 422
    assert told(app) == ["administrator.role_changed"]


def test_somebody_is_signed_out_disabled_and_enabled(
    signed_in: Visitor, kim: str, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    other = newcomer()
    other.sign_in(KIM)
    assert "Sign out everywhere" in signed_in.get(kim).text
    signed_in.submit(f"{kim}/sign-out", page=kim)
    assert other.get("/cms/account").status_code == 303
    other.sign_in(KIM)
    assert "Disable kim@example.org?" in signed_in.get(f"{kim}/disable").text
    signed_in.submit(f"{kim}/disable", page=f"{kim}/disable")
    assert other.get("/cms/account").status_code == 303
    assert other.sign_in(KIM).status_code == 422
    signed_in.submit(f"{kim}/enable", page=kim)
    assert other.sign_in(KIM).status_code == 303
    assert told(app) == [
        "administrator.enabled",
        "administrator.disabled",
        "administrator.sessions_ended",
    ]


def test_a_lost_password_is_replaced_by_a_one_time_one(
    signed_in: Visitor, kim: str, newcomer: Callable[[], Visitor]
) -> None:
    answer = signed_in.submit(f"{kim}/reset-password", page=f"{kim}/reset-password")
    password = re.search(r"(\w{5}-){3}\w{5}", answer.text)[0]
    assert newcomer().sign_in(KIM, PASSWORD).status_code == 422
    assert newcomer().sign_in(KIM, password).status_code == 303


def test_a_lost_second_step_is_switched_off(
    signed_in: Visitor, kim: str, newcomer: Callable[[], Visitor], mails: MemoryGateway, app: Flask
) -> None:
    path = f"{kim}/second-step-off"
    assert path not in signed_in.get(kim).text, "there is none"
    visitor = newcomer()
    visitor.sign_in(KIM)
    with app.app_context():
        db.session.get(Administrator, int(kim.rpartition("/")[2])).second_factor = "email"
        db.session.commit()
    assert f'href="{path}"' in signed_in.get(kim).text
    assert f"Switch the second step of {KIM} off?" in signed_in.get(path).text
    assert signed_in.submit(path, page=path).location == kim
    assert f"The second step of {KIM} is off. The person is notified by mail." in signed_in.get(kim).text
    assert [(one.to, one.template) for one in mails.sent] == [(KIM, "second_step_reset")]
    assert visitor.get("/cms/account").status_code == 303
    assert visitor.sign_in(KIM).location == "/cms"
    assert told(app) == ["administrator.second_factor_reset"]
    signed_in.submit(path, page=path)
    assert "was already off" in signed_in.get(kim).text


def test_a_lost_app_is_named_and_removed_with_the_second_step(
    signed_in: Visitor, kim: str, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    with app.app_context():
        own = int(kim.rpartition("/")[2])
        sealed = authenticators.sealed(totp.new_secret(), own)
        db.session.add(Authenticator(administrator_id=own, sealed=sealed, last_step=0))
        db.session.commit()
    assert "<dd>authenticator app</dd>" in signed_in.get(kim).text
    assert newcomer().sign_in(KIM).location == "/cms/login/app?next=/cms"
    signed_in.submit(f"{kim}/second-step-off", page=kim)
    assert newcomer().sign_in(KIM).location == "/cms"
    with app.app_context():
        assert db.session.scalars(db.select(Authenticator)).all() == []


def test_ones_own_account_and_the_last_owner_can_not_be_changed(signed_in: Visitor, app: Flask) -> None:
    me = f"{LIST}/1"
    assert "This is you" in signed_in.get(me).text
    for path in ("disable", "reset-password", "second-step-off"):
        assert signed_in.submit(f"{me}/{path}", page=f"{me}/{path}").location == me
        assert "This is your own account." in signed_in.get(me).text
    answer = signed_in.submit(f"{me}/role", page=me, role="viewer")
    assert answer.status_code == 409
    assert "This is your own account. Another owner can change it." in answer.text
    assert told(app) == []


def test_the_password_is_asked_before_changing_others(visitor: Visitor, kim: str, app: Flask) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        visitor.sign_in()
        clock.shift(301)
        assert visitor.get(LIST).status_code == 200
        for path in (f"{LIST}/new", f"{kim}/disable", f"{kim}/reset-password", f"{kim}/second-step-off"):
            assert visitor.get(path).location == f"/cms/confirm-password?next={path}"
        asked = visitor.submit(f"{kim}/role", page=kim, role="viewer")
        assert asked.location == f"/cms/confirm-password?next={kim}"
        visitor.submit("/cms/confirm-password", page=asked.location, password=PASSWORD, next=kim)
        assert 'value="viewer" checked' in visitor.get(kim).text
        assert told(app) == []


def test_a_missing_administrator_is_not_found(signed_in: Visitor) -> None:
    assert signed_in.get(f"{LIST}/99").status_code == 404
    assert signed_in.submit(f"{LIST}/99/enable", page=LIST).status_code == 404
