"""Gateways are added, changed and removed by owners; what is secret is taken and never shown."""

import pytest
from flask import Flask

from channels.fields import forms
from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.keyring import Keyring
from domain.roles import Role
from services.audit import trail
from services.people import administrators
from services.process import parts
from services.roster import editing, roster
from tests.cms.conftest import PASSWORD, Visitor

SECRET = "hush-hush-api-key"
NEW = "/cms/gateways/new/type/sms/infobip"
INFOBIP = {"name": "europe", "base_url": "xyz.api.infobip.com", "api_key": SECRET, "from": "Example"}
PAGES = ("/cms/gateways", "/cms/gateways/europe", "/cms/gateways/europe/settings", "/cms/audit", "/cms")


def test_every_type_can_be_chosen_and_has_a_form(signed_in: Visitor) -> None:
    page = signed_in.get("/cms/gateways/new/type").text
    for form in forms():
        for channel in form.channels:
            path = f"/cms/gateways/new/type/{channel}/{form.kind}"
            assert f'href="{path}"' in page
            shown = signed_in.get(path).text
            for field in form.of(channel).fields:
                assert f'name="{field.name}"' in shown


def test_explanations_are_escaped(signed_in: Visitor) -> None:
    for kind in ("smtp", "mailgun", "http"):
        page = signed_in.get(f"/cms/gateways/new/type/email/{kind}").text
        assert "uch as Example &lt;no-reply@example.com&gt;" in page
        assert "<no-reply" not in page


def test_a_new_mail_server_is_asked_for_tls(signed_in: Visitor) -> None:
    assert 'name="use_tls" value="on" checked' in signed_in.get("/cms/gateways/new/type/email/smtp").text


def test_what_was_added_works_at_once_and_its_secret_is_on_no_page(signed_in: Visitor, app: Flask) -> None:
    added = signed_in.submit(NEW, page=NEW, **INFOBIP, countries="de", is_on="1")
    assert added.location == "/cms/gateways/europe#test"
    assert "xyz.api.infobip.com" in signed_in.get("/cms/gateways/europe/settings").text
    assert "Set; leave it empty to keep it." in signed_in.get("/cms/gateways/europe/settings").text
    assert "DE" in signed_in.get("/cms/gateways/europe").text
    assert "Switched off" not in signed_in.get("/cms/gateways/europe").text
    assert not [page for page in PAGES if SECRET in signed_in.get(page).text]


def test_without_the_mark_it_is_switched_off_at_first(signed_in: Visitor) -> None:
    signed_in.submit(NEW, page=NEW, **INFOBIP)
    assert "Switched off" in signed_in.get("/cms/gateways/europe").text


def test_the_first_one_of_a_channel_is_switched_on_unless_told_otherwise(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    mark = 'name="is_on" value="1" checked'
    assert mark not in signed_in.get(NEW).text
    parts.put(app, Gateways([mails]))
    assert mark in signed_in.get(NEW).text


def test_a_mistake_is_told_beside_its_field_and_secrets_are_not_sent_back(signed_in: Visitor) -> None:
    answer = signed_in.submit(NEW, page=NEW, **{**INFOBIP, "name": "Europe!", "from": "Kept"})
    assert answer.status_code == 422
    assert 'id="name-error">Use 1 to 64 of a-z 0-9 _ -<' in answer.text
    assert 'value="Kept"' in answer.text
    assert "Secrets are never sent back" in answer.text
    assert SECRET not in answer.text
    missing = signed_in.submit(NEW, page=NEW, name="europe")
    assert missing.text.count(">Fill this in.<") == 3


def test_a_mistake_of_no_field_is_told_above_the_form(signed_in: Visitor) -> None:
    page = "/cms/gateways/new/type/email/smtp"
    both = {"server": "m", "sender": "a@b.example", "use_tls": "on", "use_ssl": "on", "name": "mail"}
    answer = signed_in.submit(page, page=page, **both)
    assert answer.status_code == 422
    assert "use_tls and use_ssl can&#39;t be used together" in answer.text


def test_a_mistake_in_what_is_folded_opens_it(signed_in: Visitor) -> None:
    assert '<details class="more">' in signed_in.get(NEW).text
    answer = signed_in.submit(NEW, page=NEW, **INFOBIP, rate="often")
    assert '<details class="more" open>' in answer.text


def test_settings_are_changed_without_entering_the_secret_again(signed_in: Visitor, app: Flask) -> None:
    signed_in.submit(NEW, page=NEW, **INFOBIP)
    page = "/cms/gateways/europe/settings"
    told = {**INFOBIP, "api_key": "", "rate": "5/minute"}
    assert signed_in.submit(page, page=page, **told).location == "/cms/gateways/europe"
    assert "5 per minute" in signed_in.get("/cms/gateways/europe").text
    wrong = signed_in.submit(page, page=page, **{**told, "countries": "Germany"})
    assert wrong.status_code == 422
    assert "Use codes of two letters, such as DE, AT." in wrong.text
    assert "Set; leave it empty to keep it." in wrong.text


def test_an_optional_secret_is_removed_by_its_mark(signed_in: Visitor, app: Flask) -> None:
    new = "/cms/gateways/new/type/sms/http"
    signed_in.submit(new, page=new, name="own", url="http://127.0.0.1:9/", secret=SECRET)
    page = "/cms/gateways/own/settings"
    assert 'name="clear-secret"' in signed_in.get(page).text
    signed_in.submit(page, page=page, url="http://127.0.0.1:9/", **{"clear-secret": "1"})
    assert 'name="clear-secret"' not in signed_in.get(page).text


def test_one_is_removed_after_a_question(signed_in: Visitor, app: Flask) -> None:
    signed_in.submit(NEW, page=NEW, **INFOBIP, is_on="1")
    page = "/cms/gateways/europe/remove"
    assert "Its settings are erased, its secrets too." in signed_in.get(page).text
    assert signed_in.submit(page, page=page).location == "/cms/gateways"
    assert signed_in.get("/cms/gateways/europe").status_code == 404
    assert signed_in.get("/cms/gateways/europe/settings").status_code == 404


def test_removing_the_last_one_says_that_messages_wait(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    parts.put(app, Gateways([mails]))
    signed_in.submit(NEW, page=NEW, **INFOBIP, is_on="1")
    assert (
        "It is the last working gateway of its channel." in signed_in.get("/cms/gateways/europe/remove").text
    )


def test_one_of_the_file_has_no_settings_here(signed_in: Visitor) -> None:
    assert "/cms/gateways/memory-sms/settings" not in signed_in.get("/cms/gateways/memory-sms").text
    for page in ("settings", "remove"):
        assert signed_in.get(f"/cms/gateways/memory-sms/{page}").status_code == 404


def test_one_that_can_not_be_used_is_shown_and_can_be_entered_anew(signed_in: Visitor, app: Flask) -> None:
    signed_in.submit(NEW, page=NEW, **INFOBIP)
    known = parts.of(app, Gateways)
    with app.app_context():
        given = parts.of(app, roster.Roster).given()
    keyring = parts.of(app, Keyring)
    parts.put(
        app, Keyring(["another code pepper, long enough to be taken"]), Gateways(given), roster.Roster(app)
    )
    page = signed_in.get("/cms/gateways").text
    assert "“europe” can't be used" in page
    assert "/cms/gateways/europe/settings" in page
    settings = "/cms/gateways/europe/settings"
    signed_in.submit(settings, page=settings, **INFOBIP)
    assert signed_in.get("/cms/gateways/europe").status_code == 200
    parts.put(app, keyring, known)


def test_only_owners_add_them(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        administrators.add("kim@example.org", Role.OPERATOR.value, PASSWORD)
        editing.add(editing.form_for("infobip", "sms"), "europe", INFOBIP, by=trail.COMMAND_LINE)
    visitor.sign_in("kim@example.org")
    assert "/cms/gateways/new/type" not in visitor.get("/cms/gateways").text
    assert "/cms/gateways/europe/settings" not in visitor.get("/cms/gateways/europe").text
    for page in (NEW, "/cms/gateways/new/type", "/cms/gateways/europe/settings"):
        assert visitor.get(page).status_code == 403


@pytest.mark.parametrize("path", ["sms/pigeon", "email/infobip", "fax/http"])
def test_a_type_that_does_not_exist_has_no_page(signed_in: Visitor, path: str) -> None:
    assert signed_in.get(f"/cms/gateways/new/type/{path}").status_code == 404


def test_a_name_of_the_file_is_taken(signed_in: Visitor) -> None:
    answer = signed_in.submit(NEW, page=NEW, **{**INFOBIP, "name": "memory-sms"})
    assert "Another gateway has this name." in answer.text
