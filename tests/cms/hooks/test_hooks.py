"""The pages of hooks: added, set up, tested, rotated, switched off, removed."""

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from channels.memory import MemoryGateway
from domain.hooks import HookType
from services.audit import trail
from services.hooks import hooks
from services.hooks.hook_views import HookView
from tests.cms.conftest import EMAIL, Visitor

NEW = "/cms/hooks/new"
PHONE = "+8613800138000"


def submit(visitor: Visitor, page: str, **fields: str) -> TestResponse:
    """Fill in the form of a page, with its hidden fields."""
    html = visitor.get(page).text
    hidden = {name: re.search(f'name="{name}" value="([^"]+)"', html)[1] for name in ("csrf_token", "form")}
    return visitor.client.post(page, data={**hidden, **fields})


def made(app: Flask) -> list[HookView]:
    with app.app_context():
        return hooks.list_all()


def secret_in(page: str) -> str:
    return re.search(r'<textarea id="secret"[^>]*>([^<]+)</textarea>', page)[1]


def test_an_empty_list_says_what_to_do(signed_in: Visitor) -> None:
    page = signed_in.get("/cms/hooks").text
    assert "No server hands anything over yet" in page
    assert f'href="{NEW}"' in page


@pytest.mark.parametrize("type", HookType)
def test_each_type_is_added_and_says_what_to_paste(signed_in: Visitor, app: Flask, type: HookType) -> None:
    to = PHONE if type is HookType.ALERTMANAGER else ""
    answer = submit(signed_in, NEW, type=type, name="Ours", to=to)
    assert answer.status_code == 200
    secret = secret_in(answer.text)
    (hook,) = made(app)
    page = signed_in.get(f"/cms/hooks/{hook.id}").text
    setup = re.search(r'<textarea id="setup"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]
    url = f"http://sendcode.test/hooks/{hook.id}"
    assert url in page
    assert (url in setup) or type is HookType.ZITADEL
    assert secret not in page
    assert ("and not at conversion" in page) == (type is not HookType.ALERTMANAGER)
    assert "Ours" in signed_in.get("/cms/hooks").text
    with app.app_context():
        assert hooks.secrets_of(hook.id)[1] == (secret,)
        entry = trail.entries().shown[0]
        assert (entry.actor, entry.action, entry.subject) == (EMAIL, "hook.added", "Ours")
        assert secret not in repr(entry)
        assert PHONE not in repr(entry)


@pytest.mark.parametrize("type", HookType)
def test_the_test_button_posts_what_the_server_would(
    signed_in: Visitor, app: Flask, sms: MemoryGateway, type: HookType
) -> None:
    submit(signed_in, NEW, type=type, name="Ours", to=PHONE if type is HookType.ALERTMANAGER else "")
    page = f"/cms/hooks/{made(app)[0].id}"
    answer = signed_in.submit(f"{page}/test", page=page, to=PHONE)
    assert answer.status_code == 200
    assert "The hook answered 200." in answer.text
    assert 'class="alert success"' in answer.text
    assert [sent.to for sent in sms.sent] == [PHONE]
    with app.app_context():
        entry = trail.entries().shown[0]
        assert entry.action == "hook.tested"
        assert PHONE not in repr(entry)


def test_a_refused_test_is_shown_as_one(signed_in: Visitor, app: Flask, sms: MemoryGateway) -> None:
    submit(signed_in, NEW, type="supabase", name="Ours")
    page = f"/cms/hooks/{made(app)[0].id}"
    answer = signed_in.submit(f"{page}/test", page=page, to="+447400123456")
    assert "Codes can&#39;t be sent to this country." in answer.text
    assert 'class="alert error"' in answer.text
    assert signed_in.submit(f"{page}/test", page=page, to="nobody").status_code == 422
    assert sms.sent == []


def test_wrong_fields_are_told_beside_them(signed_in: Visitor, app: Flask) -> None:
    answer = submit(signed_in, NEW, type="alertmanager", name=" ", to="")
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    answer = submit(signed_in, NEW, type="alertmanager", name="Ours", to="somebody")
    assert 'id="to-error"' in answer.text
    answer = submit(signed_in, NEW, type="keycloak", name="Ours", channel="email")
    assert 'id="channel-error"' in answer.text
    answer = submit(signed_in, NEW, type="zitadel", name="Ours", secret="short")
    assert 'id="secret-error"' in answer.text
    assert made(app) == []


def test_a_hook_is_rotated_with_our_secret_or_theirs(signed_in: Visitor, app: Flask) -> None:
    first = secret_in(submit(signed_in, NEW, type="zitadel", name="Ours").text)
    page = f"/cms/hooks/{made(app)[0].id}"
    second = secret_in(submit(signed_in, f"{page}/rotate").text)
    assert submit(signed_in, f"{page}/rotate", secret="a key that Zitadel made").location == page
    with app.app_context():
        assert hooks.secrets_of(made(app)[0].id)[1] == ("a key that Zitadel made", second)
    assert first != second
    assert "a key that Zitadel made" not in signed_in.get(page).text
    assert ">Two secrets<" in signed_in.get("/cms/hooks").text


def test_a_hook_is_switched_off_and_removed(signed_in: Visitor, app: Flask) -> None:
    submit(signed_in, NEW, type="logto", name="Ours")
    page = f"/cms/hooks/{made(app)[0].id}"
    assert signed_in.submit(f"{page}/off", page=page).location == page
    assert ">Switched off<" in signed_in.get("/cms/hooks").text
    assert signed_in.submit(f"{page}/on", page=page).location == page
    assert signed_in.submit(f"{page}/remove", page=f"{page}/remove").location == "/cms/hooks"
    assert made(app) == []
    assert signed_in.get(page).status_code == 404


def test_a_hook_has_settings_of_its_own_and_what_the_page_does_not_show_stays(
    signed_in: Visitor, app: Flask
) -> None:
    with app.app_context():
        hook = hooks.add("supabase", "ours")[0]
        hooks.configure(hook.id, {"code_length": 8, "locale": "de"})
    page = f"/cms/hooks/{hook.id}/settings"
    assert 'value="de"' in signed_in.get(page).text
    wrong = signed_in.submit(
        page, text="x", verify_url="ftp://x", code_ttl_seconds="5", service_name="x" * 61
    )
    assert wrong.status_code == 422
    for text in (
        "Choose one of these.",
        "Enter a URL that begins with",
        "Enter a number from 60 to 600.",
        "Use one line of up to 60 characters.",
    ):
        assert text in wrong.text
    saved = signed_in.submit(
        page, text="theirs", service_name="Shop", verify_url="https://auth.example.org/verify"
    )
    assert saved.status_code == 303
    assert made(app)[0].settings == {
        "service_name": "Shop",
        "code_length": 8,
        "text": "theirs",
        "verify_url": "https://auth.example.org/verify",
    }
    assert "text=theirs" in signed_in.get(f"/cms/hooks/{hook.id}").text


@pytest.mark.parametrize("type", HookType)
def test_the_page_of_settings_offers_what_the_type_uses(
    signed_in: Visitor, app: Flask, type: HookType
) -> None:
    to = ["+8613800138000"] if type is HookType.ALERTMANAGER else []
    with app.app_context():
        hook = hooks.add(type, "ours", destinations=to)[0]
    page = signed_in.get(f"/cms/hooks/{hook.id}/settings").text
    assert ('name="verify_url"' in page) is (type is HookType.SUPABASE)
    assert ('name="text"' in page) is (type is not HookType.ALERTMANAGER)
    assert 'name="service_name"' in page
