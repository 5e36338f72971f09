"""The page of the test numbers: owners only, and never a code."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

import models
from exts import db
from services.people import administrators
from services.test_numbers import test_numbers
from tests.cms.conftest import EMAIL, PASSWORD, Visitor

PAGE, CODE = "/cms/test-numbers", "246810"
SOON = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"


def test_one_is_added_shown_without_its_code_and_removed(app: Flask, signed_in: Visitor) -> None:
    assert signed_in.submit(PAGE, to="138 0013 8000", code=CODE, until=SOON).status_code == 303
    page = signed_in.get(PAGE).text
    assert "+8613800138000" in page
    assert CODE not in page
    with app.app_context():
        (view,) = test_numbers.everything()
    assert view.added_by == EMAIL
    assert EMAIL in page
    assert signed_in.submit(f"{PAGE}/{view.id}/remove").status_code == 303
    assert "There is no test number" in signed_in.get(PAGE).text


def test_one_that_has_ended_says_so(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        test_numbers.add("kim@example.org", CODE, SOON)
        db.session.execute(db.update(models.TestNumber).values(ends_at=datetime.now(UTC)))
        db.session.commit()
    assert "Ended" in signed_in.get(PAGE).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"to": "nobody"}, "Enter one e-mail address or phone number that is not on the list yet."),
        ({"to": "+14155552671"}, "country"),
        ({"code": "12"}, "Enter 4 to 10 digits or capital letters."),
        ({"until": ""}, "Choose today or a later day, at most a year ahead."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(signed_in: Visitor, typed: dict[str, str], said: str) -> None:
    answer = signed_in.submit(PAGE, **{"to": "+8613800138000", "code": CODE, "until": SOON, **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{CODE}"' not in answer.text


def test_others_than_owners_do_not_see_it(app: Flask, newcomer) -> None:
    with app.app_context():
        administrators.add("kim@example.org", "operator", PASSWORD)
    kim = newcomer()
    kim.sign_in("kim@example.org")
    assert kim.get(PAGE).status_code == 403
    assert PAGE not in kim.get("/cms/account").text
