"""The audit page."""

import re

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from cms.audit import trail as page
from domain.actions import Action
from services.audit import trail
from services.keys import api_keys
from services.people import administrators
from tests.cms.conftest import EMAIL, Visitor, code_in

NEW, NEW_PASSWORD = "jane.doe@example.net", "eight green herons"


def rows_of(html: str) -> list[str]:
    """Return the text of each entry."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr>")[1:]]


def test_every_change_has_a_name() -> None:
    assert set(page.LABELS) == set(Action)
    assert {action.about for action in Action} == set(page.ABOUT)


def test_a_change_of_the_account_is_audited_with_masked_destinations(
    signed_in: Visitor, mails: MemoryGateway, app: Flask
) -> None:
    signed_in.submit("/cms/account/email/send", email=NEW)
    signed_in.submit("/cms/account/email/confirm", code=code_in(mails))
    signed_in.submit("/cms/password", page="/cms/password", password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    password, email, _ = rows_of(signed_in.get("/cms/audit").text)
    assert f"{EMAIL} 127.0.0.1" in email
    assert "Destination j***@example.org → became j***@example.net" in email
    assert f"{NEW} 127.0.0.1 Password changed {NEW}" in password
    with app.app_context():
        assert NEW_PASSWORD not in repr(trail.entries())


def test_entries_are_filtered_by_person_and_kind(signed_in: Visitor, app: Flask) -> None:
    with app.app_context():
        api_keys.create("shop")
        administrators.add("kim@example.org", "viewer")
    for query, count in (
        ("", 3),
        ("?what=key", 1),
        ("?what=administrator.added", 2),
        ("?what=nonsense", 3),
        ("?who=command-line&what=key", 1),
        ("?who=1", 0),
        ("?who=nonsense&older_than=x", 3),
    ):
        assert len(rows_of(signed_in.get(f"/cms/audit{query}").text)) == count, query
    assert "No change fits this choice." in signed_in.get("/cms/audit?who=1").text


def test_older_entries_are_on_the_next_page(
    signed_in: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "PAGE", 2)
    with app.app_context():
        for name in ("first", "second"):
            api_keys.create(name)
    html = signed_in.get("/cms/audit?who=command-line").text
    older = re.search(r'href="([^"]+)">Older', html)
    assert older
    (row,) = rows_of(signed_in.get(older[1].replace("&amp;", "&")).text)
    assert "Administrator added jane@example.org" in row


def test_times_are_in_ones_own_time_zone(signed_in: Visitor) -> None:
    answer = signed_in.submit("/cms/account/zone", zone="Asia/Shanghai")
    assert answer.location == "/cms/account"
    html = signed_in.get("/cms/audit").text
    assert "Times are in Asia/Shanghai." in html
    assert "Time zone UTC → became Asia/Shanghai" in rows_of(html)[0]
    assert signed_in.submit("/cms/account/zone", zone="../etc").status_code == 422
