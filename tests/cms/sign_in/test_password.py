"""Confirming and changing the password."""

from collections.abc import Callable

import pytest
import time_machine
from werkzeug.test import TestResponse

from tests.cms.conftest import EMAIL, PASSWORD, Visitor

NEW = "eight green herons"


def change(visitor: Visitor, password: str, repeated: str | None = None) -> TestResponse:
    return visitor.submit(
        "/cms/password",
        page="/cms/password",
        password=password,
        repeated=password if repeated is None else repeated,
    )


def test_a_change_signs_out_all_other_sessions(signed_in: Visitor, newcomer: Callable[[], Visitor]) -> None:
    other = newcomer()
    other.sign_in()
    assert change(signed_in, NEW).location == "/cms/account"
    assert signed_in.get("/cms/account").status_code == 200
    assert other.get("/cms/account").status_code == 303
    assert newcomer().sign_in(password=PASSWORD).status_code == 422
    assert newcomer().sign_in(password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("short", "Take at least 12 characters."),
        ("x" * 300, "Take at most 256 characters."),
        ("password1234", "too easily guessed"),
        (EMAIL, "too easily guessed"),
        (PASSWORD, "This is the password you have."),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(signed_in: Visitor, password: str, text: str) -> None:
    answer = change(signed_in, password)
    assert answer.status_code == 422
    assert text in answer.text
    assert answer.text.count('type="password" value=""') == 2, "a password never comes back in a page"


def test_a_typing_slip_is_noticed(signed_in: Visitor, newcomer: Callable[[], Visitor]) -> None:
    answer = change(signed_in, NEW, NEW + "x")
    assert answer.status_code == 422
    assert "The two passwords are not the same." in answer.text
    assert newcomer().sign_in().status_code == 303


def test_five_minutes_after_signing_in_the_password_is_asked_first(visitor: Visitor) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        visitor.sign_in()
        clock.shift(301)
        asked = visitor.get("/cms/password")
        assert asked.location == "/cms/confirm-password?next=/cms/password"
        wrong = visitor.submit(
            "/cms/confirm-password", page=asked.location, password="no", next="/cms/password"
        )
        assert wrong.status_code == 422
        assert "That is not your password." in wrong.text
        right = visitor.submit(
            "/cms/confirm-password", page=asked.location, password=PASSWORD, next="/cms/password"
        )
        assert right.location == "/cms/password"
        assert visitor.get("/cms/password").status_code == 200


def test_the_password_prompt_can_not_be_used_to_guess(signed_in: Visitor) -> None:
    for _ in range(5):
        signed_in.submit("/cms/confirm-password", page="/cms/confirm-password", password="wrong")
    answer = signed_in.submit("/cms/confirm-password", page="/cms/confirm-password", password=PASSWORD)
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers


def test_the_redirect_back_is_to_our_own_pages_only(signed_in: Visitor) -> None:
    answer = signed_in.submit(
        "/cms/confirm-password", page="/cms/confirm-password", password=PASSWORD, next="//evil.example"
    )
    assert answer.location == "/cms"
