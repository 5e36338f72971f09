"""The page on which an owner sets the fallback of a purpose, and the steps on the page of a verification."""

import pytest
from flask import Flask

from domain.fallback import GivenStep
from domain.owners import Owner
from domain.roles import Role
from domain.statuses import Channel
from services.audit import trail
from services.codes import default_chains, verifications
from services.codes.verifications import Request
from services.people import administrators
from tests.cms.conftest import PASSWORD, Visitor

PAGE = "/cms/fallback"
LOGIN = {"purpose": "login", "channel_1": "email", "seconds_1": "30", "channel_2": "sms", "seconds_2": "90"}


def chains(app: Flask) -> dict[str, dict[Channel, int]]:
    with app.app_context():
        return {purpose: dict(chain) for purpose, chain in default_chains.everything().items()}


def test_the_fallback_of_a_purpose_is_set_changed_and_removed(app: Flask, signed_in: Visitor) -> None:
    assert "No purpose has a fallback of its own" in signed_in.get(PAGE).text
    signed_in.submit(PAGE, **LOGIN)
    page = signed_in.get(PAGE).text
    assert "The fallback of login is set" in page
    assert "after 30 s: E-mail" in page
    assert chains(app) == {"login": {Channel.EMAIL: 30, Channel.SMS: 90}}
    filled = signed_in.get(f"{PAGE}?purpose=login").text
    assert 'value="90"' in filled
    signed_in.submit(PAGE, **{**LOGIN, "channel_1": "", "channel_2": "sms", "seconds_2": "15"})
    assert chains(app) == {"login": {Channel.SMS: 15}}
    signed_in.submit(f"{PAGE}/remove", purpose="login")
    assert chains(app) == {}
    with app.app_context():
        removed, changed, made = trail.entries().shown[:3]
    assert (removed.action, removed.before) == ("fallback.removed", {"sms": "15 s"})
    assert (changed.before, changed.after) == ({"email": "30 s", "sms": "90 s"}, {"sms": "15 s"})
    assert (made.subject, made.before) == ("login", {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "Log in"},
        {"seconds_1": "14"},
        {"seconds_1": "241"},
        {"seconds_1": "soon"},
        {"channel_2": "email"},
        {"channel_1": "", "channel_2": ""},
        {"channel_1": "fax", "channel_2": ""},
    ],
)
def test_what_is_wrong_is_said_and_nothing_set(app: Flask, signed_in: Visitor, wrong: dict[str, str]) -> None:
    answer = signed_in.submit(PAGE, **{**LOGIN, **wrong})
    assert answer.status_code == 422
    assert ('id="purpose-error"' in answer.text) == ("purpose" in wrong)
    assert ('id="channel_1-error"' in answer.text) == ("purpose" not in wrong)
    assert chains(app) == {}


def test_only_an_owner_sets_it(app: Flask, newcomer: object, signed_in: Visitor) -> None:
    with app.app_context():
        administrators.add("olga@example.org", Role.OPERATOR, PASSWORD)
        default_chains.put("login", [(Channel.EMAIL, 30)], by=trail.COMMAND_LINE)
    olga = newcomer()
    olga.sign_in("olga@example.org")
    page = olga.get(PAGE).text
    assert "after 30 s: E-mail" in page
    assert "<form" not in page.partition("<main")[2]


def test_the_page_of_a_verification_shows_its_steps_masked(app: Flask, signed_in: Visitor) -> None:
    steps = (GivenStep(Channel.EMAIL, "kim.doe@example.org", 45),)
    with app.app_context():
        request = Request(Channel.SMS, "+8613800138000", fallback=steps)
        issued = verifications.issue(request, Owner("key:tests"))
    path = f"/cms/verifications/{issued.id}"
    page = signed_in.get(path).text
    for text in ("Fallback", "Not needed yet", "45 s", "first send"):
        assert text in page
    assert "kim.doe@example.org" not in page
    assert "kim.doe@example.org" in signed_in.submit(f"{path}/destination").text
