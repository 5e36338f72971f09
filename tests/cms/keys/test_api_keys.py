"""API keys: made, shown once, revoked."""

import re

import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from services.audit import trail
from services.keys import api_keys, key_owners, twilio_tokens
from services.keys.key_views import KeyView
from tests.cms.conftest import EMAIL, PASSWORD, Visitor

NEW = "/cms/api-keys/new"


def hidden(visitor: Visitor) -> dict[str, str]:
    """Return the hidden fields of the form."""
    html = visitor.get(NEW).text
    return {name: re.search(f'name="{name}" value="([^"]+)"', html)[1] for name in ("csrf_token", "form")}


def make(visitor: Visitor, scopes: tuple[str, ...] = ("read",), **fields: str) -> TestResponse:
    data = {"name": "shop", **hidden(visitor), "scopes": list(scopes), **fields}
    return visitor.client.post(NEW, data=data)


def keys(app: Flask) -> list[KeyView]:
    with app.app_context():
        return api_keys.list_all()


def test_an_empty_list_says_what_to_do(signed_in: Visitor) -> None:
    page = signed_in.get("/cms/api-keys").text
    assert "No program may call the API yet" in page
    assert f'href="{NEW}"' in page


def test_a_key_is_shown_once_and_stored_nowhere(signed_in: Visitor, app: Flask) -> None:
    answer = make(signed_in, ("verifications", "read"), test="1")
    key = re.search(r"sc_test_[\w-]{43}", answer.text)[0]
    assert answer.status_code == 200
    assert key not in str(answer.headers)
    assert key not in signed_in.get("/cms/api-keys").text
    assert "shop" in signed_in.get("/cms/api-keys").text
    (made,) = keys(app)
    assert (made.name, made.scopes, made.is_test) == ("shop", ("verifications", "read"), True)
    with app.app_context():
        assert key_owners.authenticate(key).id == made.id
        entry = trail.entries().shown[0]
        assert (entry.actor, entry.ip, entry.action) == (EMAIL, "127.0.0.1", "key.added")
        assert key not in repr(entry)


def test_a_reloaded_answer_makes_no_second_key(signed_in: Visitor, app: Flask) -> None:
    sent = {"name": "shop", "scopes": "read", **hidden(signed_in)}
    assert signed_in.client.post(NEW, data=sent).status_code == 200
    again = signed_in.client.post(NEW, data=sent)
    assert again.location == "/cms/api-keys"
    assert "This key was already created" in signed_in.get("/cms/api-keys").text
    assert len(keys(app)) == 1
    make(signed_in)
    assert len(keys(app)) == 2


def test_errors_are_shown_beside_their_fields(signed_in: Visitor, app: Flask) -> None:
    answer = make(signed_in, (), name="  ")
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    answer = make(signed_in, (), name="shop")
    assert 'id="scopes-error"' in answer.text
    assert 'value="shop"' in answer.text
    assert keys(app) == []


def test_a_key_is_revoked_after_a_confirmation(signed_in: Visitor, app: Flask) -> None:
    make(signed_in)
    (made,) = keys(app)
    page = f"/cms/api-keys/{made.id}/revoke"
    assert "Revoke the key of shop?" in signed_in.get(page).text
    assert signed_in.submit(page, page=page).location == "/cms/api-keys"
    listed = signed_in.get("/cms/api-keys").text
    assert ">Revoked<" in listed
    assert page not in listed
    assert keys(app)[0].revoked_at
    assert signed_in.get("/cms/api-keys/nothing/revoke").status_code == 404


def test_the_password_is_asked_again_and_the_input_is_kept(visitor: Visitor, app: Flask) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        visitor.sign_in()
        visitor.get(NEW)
        clock.shift(200)
        html = visitor.get(NEW).text
        token = re.search('name="csrf_token" value="([^"]+)"', html)[1]
        clock.shift(200)
        data = {"name": "Web shop", "scopes": "messages", "test": "1", "csrf_token": token}
        asked = visitor.client.post(NEW, data=data)
        assert asked.location == f"/cms/confirm-password?next={NEW}"
        assert keys(app) == []
        visitor.submit("/cms/confirm-password", page=asked.location, password=PASSWORD, next=NEW)
        form = visitor.get(NEW).text
        assert 'value="Web shop"' in form
        assert re.findall(r'value="(\w+)" checked', form) == ["messages", "1"]
        assert 'value="Web shop"' not in visitor.get(NEW).text, "a draft is used once"


def test_a_key_is_rotated_and_the_old_secret_ended_early(signed_in: Visitor, app: Flask) -> None:
    old = re.search(r"sc_live_[\w-]{43}", make(signed_in).text)[0]
    page = f"/cms/api-keys/{keys(app)[0].id}"
    form = signed_in.get(f"{page}/rotate").text
    assert 'value="24h" checked' in form
    sent = {name: re.search(f'name="{name}" value="([^"]+)"', form)[1] for name in ("csrf_token", "form")} | {
        "overlap": "1h"
    }
    answer = signed_in.client.post(f"{page}/rotate", data=sent)
    new = re.search(r"sc_live_[\w-]{43}", answer.text)[0]
    assert signed_in.client.post(f"{page}/rotate", data=sent).location == page
    with app.app_context():
        assert key_owners.authenticate(old) == key_owners.authenticate(new) is not None
    shown = signed_in.get(page).text
    assert ">Old<" in shown
    assert new not in shown
    assert ">Two secrets<" in signed_in.get("/cms/api-keys").text
    end = re.search(f'action="({page}/secrets/\\d+/end)"', shown)[1]
    assert signed_in.submit(end, page=page).location == page
    with app.app_context():
        assert key_owners.authenticate(old) is None
    assert signed_in.submit(end, page=page).status_code == 404
    assert signed_in.submit(f"{page}/rotate", page=page, overlap="1y").status_code == 422


def test_scopes_and_networks_of_a_key_can_be_edited(signed_in: Visitor, app: Flask) -> None:
    make(signed_in, networks="203.0.113.9/24")
    page = f"/cms/api-keys/{keys(app)[0].id}"
    assert "203.0.113.0/24" in signed_in.get(f"{page}/edit").text
    fields = {"scopes": "messages", "networks": "203.0.113.7\r\n 2001:DB8::/32, "}
    assert signed_in.submit(f"{page}/edit", page=page, **fields).location == page
    (key,) = keys(app)
    assert (key.scopes, key.networks) == (("messages",), ("203.0.113.7", "2001:db8::/32"))
    assert "2001:db8::/32" in signed_in.get(page).text
    answer = signed_in.submit(f"{page}/edit", page=page, networks="office")
    assert answer.status_code == 422
    refused = signed_in.submit(
        f"{page}/edit", page=page, **{**fields, "networks": "203.0.113.7, off<ice"}
    ).text
    assert 'id="networks-error"' in refused
    assert "“off&lt;ice” is not an address or network." in refused
    assert keys(app)[0] == key


def test_a_key_gets_settings_of_its_own_and_loses_them_again(signed_in: Visitor, app: Flask) -> None:
    make(signed_in)
    (made,) = keys(app)
    page = f"/cms/api-keys/{made.id}/settings"
    assert "As for everybody: 300" in signed_in.get(page).text
    answer = signed_in.submit(page, page=page, service_name=" Bücher ", code_length="8", code_attempts="")
    assert answer.status_code == 303
    assert keys(app)[0].settings == {"service_name": "Bücher", "code_length": 8}
    shown = signed_in.get(f"/cms/api-keys/{made.id}").text
    assert "<dt>Name in its texts</dt><dd>Bücher</dd>" in shown
    assert 'value="Bücher"' in signed_in.get(page).text
    signed_in.submit(page, page=page, service_name="", code_length="")
    assert keys(app)[0].settings == {}
    assert "Its codes and texts are as for everybody." in signed_in.get(f"/cms/api-keys/{made.id}").text


def test_settings_that_make_no_sense_are_shown_beside_their_fields(signed_in: Visitor, app: Flask) -> None:
    make(signed_in)
    (made,) = keys(app)
    page = f"/cms/api-keys/{made.id}/settings"
    answer = signed_in.submit(page, page=page, service_name="Bücher", code_length="5", locale="?")
    assert answer.status_code == 422
    assert "Enter a number from 6 to 10." in answer.text
    assert 'id="locale-error"' in answer.text
    assert 'value="Bücher"' in answer.text
    assert keys(app)[0].settings == {}


def test_own_codes_are_a_permission_to_be_chosen(signed_in: Visitor, app: Flask) -> None:
    page = signed_in.get(NEW).text
    assert re.search(r'value="verifications" checked', page)
    assert re.search(r'value="own_codes">', page)
    make(signed_in, ("verifications", "own_codes"))
    assert keys(app)[0].scopes == ("verifications", "own_codes")


def test_a_twilio_token_is_shown_once(signed_in: Visitor, app: Flask) -> None:
    make(signed_in)
    (key,) = keys(app)
    page = f"/cms/api-keys/{key.id}"
    html = signed_in.get(f"{page}/twilio").text
    sent = {name: re.search(f'name="{name}" value="([^"]+)"', html)[1] for name in ("csrf_token", "form")}
    answer = signed_in.client.post(f"{page}/twilio", data=sent)
    token = re.search(r"TWILIO_AUTH_TOKEN=([0-9a-f]{32})", answer.text)[1]
    assert f"TWILIO_ACCOUNT_SID=AC{key.id}" in answer.text
    assert signed_in.client.post(f"{page}/twilio", data=sent).location == page
    html = signed_in.get(page).text
    assert token not in html
    assert f"VA{key.id}" in html
    with app.app_context():
        assert twilio_tokens.authenticate(f"AC{key.id}", token).id == key.id
        assert trail.entries().shown[0].action == "key.twilio_token_made"


def test_the_audit_names_the_settings_that_changed(signed_in: Visitor, app: Flask) -> None:
    make(signed_in)
    (made,) = keys(app)
    page = f"/cms/api-keys/{made.id}/settings"
    signed_in.submit(page, page=page, service_name="Bücher", code_length="8")
    signed_in.submit(page, page=page, service_name="", code_length="")
    shown = signed_in.get("/cms/audit").text
    assert "Name in its texts: Bücher, Digits of a code: 8" in shown
