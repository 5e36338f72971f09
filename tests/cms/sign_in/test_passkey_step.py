"""Passkeys at the console: adding one, signing in with it, removing it."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.cms.conftest import Visitor, options_on
from tests.devices import Device

PAGE = "/cms/account/second-step"
NEW, LOGIN, SITE = f"{PAGE}/passkeys/new", "/cms/login/passkey", "https://codes.example.org"


@pytest.fixture(autouse=True)
def site(app: Flask) -> None:
    app.config["PUBLIC_URL"] = SITE


@pytest.fixture
def device(signed_in: Visitor) -> Device:
    """Jane's laptop."""
    made = Device(SITE)
    answer = add(signed_in, made)
    assert len(set(re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", answer.text))) == 10
    return made


def add(visitor: Visitor, device: Device, name: str = "Laptop"):  # type: ignore[no-untyped-def]
    return visitor.submit(NEW, page=PAGE, name=name, answer=device.create(options_on(visitor.get(NEW).text)))


def test_it_signs_in(device: Device, newcomer: Callable[[], Visitor]) -> None:
    visitor = newcomer()
    assert visitor.sign_in(next="/cms/audit").location == f"{LOGIN}?next=/cms/audit"
    answer = device.get(options_on(visitor.get(LOGIN).text))
    page = visitor.submit(LOGIN, page="/cms/login/recovery", answer=answer, next="/cms/audit")
    assert page.location == "/cms/audit"
    assert visitor.get("/cms/audit").status_code == 200


def test_an_answer_is_refused_the_second_time(device: Device, newcomer: Callable[[], Visitor]) -> None:
    visitor, other = newcomer(), newcomer()
    visitor.sign_in()
    other.sign_in()
    answer = device.get(options_on(visitor.get(LOGIN).text))
    assert visitor.submit(LOGIN, page="/cms/login/recovery", answer=answer).location == "/cms"
    refused = other.submit(LOGIN, page=LOGIN, answer=answer)
    assert refused.status_code == 422
    assert "was not accepted" in refused.text
    assert other.get("/cms").location.startswith("/cms/login")


def test_without_the_script_the_page_says_so(
    signed_in: Visitor, device: Device, newcomer: Callable[[], Visitor]
) -> None:
    visitor = newcomer()
    visitor.sign_in()
    refused = visitor.submit(LOGIN, page=LOGIN, answer="")
    assert refused.status_code == 422
    assert "this needs JavaScript" in refused.text
    assert "Use a recovery code" in refused.text
    refused = signed_in.submit(NEW, page=NEW, name="Phone", answer="")
    assert refused.status_code == 422
    assert "this needs JavaScript" in refused.text


def test_it_is_listed_by_name_and_removed(
    signed_in: Visitor, device: Device, newcomer: Callable[[], Visitor]
) -> None:
    assert add(signed_in, Device(SITE), "Blue <key>").location == PAGE
    page = signed_in.get(PAGE).text
    assert "Blue &lt;key&gt;" in page
    assert "Laptop" in page
    for path in re.findall(r'action="(/cms/account/second-step/passkeys/\w+/remove)"', page):
        assert signed_in.submit(path, page=PAGE).location == PAGE
    assert newcomer().sign_in().location == "/cms"


def test_the_same_device_and_odd_names_are_refused(signed_in: Visitor, device: Device) -> None:
    assert add(signed_in, device).status_code == 409
    assert add(signed_in, Device(SITE), "x" * 65).status_code == 422
    assert "Laptop" in signed_in.get(PAGE).text


def test_without_a_site_the_pages_say_what_is_needed(
    app: Flask, signed_in: Visitor, device: Device, newcomer: Callable[[], Visitor]
) -> None:
    app.config["PUBLIC_URL"] = "http://192.0.2.1"
    visitor = newcomer()
    visitor.sign_in()
    for page in (signed_in.get(NEW).text, visitor.get(LOGIN).text):
        assert "Passkeys need a console with a name and https" in page
        assert "data-options" not in page


def test_a_visitor_without_the_first_step_is_sent_back_to_it(visitor: Visitor) -> None:
    assert visitor.get(LOGIN).location == "/cms/login?next=/cms"
    assert visitor.submit(LOGIN, page="/cms/login", answer="{}").location == "/cms/login?next=/cms"


def test_somebody_without_a_passkey_is_led_to_another_way(
    app: Flask, newcomer: Callable[[], Visitor]
) -> None:
    app.config["SECOND_FACTOR_REQUIRED"] = True
    visitor = newcomer()
    visitor.sign_in()
    assert visitor.get(LOGIN).location == "/cms/login/code?next=/cms"
