"""The audit page."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from cms.audit import trail as page
from domain.actions import Action
from services.audit import exporting, trail
from services.keys import api_keys
from services.people import administrators, invitations
from services.scheduling import schedules
from services.scheduling.schedule_rules import NewSchedule
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, code_in

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
    assert "No change matches these filters." in signed_in.get("/cms/audit?who=1").text


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


def test_entries_are_filtered_by_days_in_ones_own_zone(signed_in: Visitor, app: Flask) -> None:
    signed_in.submit("/cms/account/zone", zone="Pacific/Auckland")
    with app.app_context(), time_machine.travel(datetime(2026, 3, 1, 20, tzinfo=UTC)):
        api_keys.create("shop")
    for query, count in (
        ("since=2026-03-02&until=2026-03-02", 1),
        ("until=2026-03-01", 0),
        ("since=2026-03-03&what=key", 0),
        ("what=key", 1),
    ):
        assert len(rows_of(signed_in.get(f"/cms/audit?{query}").text)) == count, query
    page = signed_in.get("/cms/audit?since=yesterday&until=2026-03-02").text
    assert "Unknown filters are ignored: since=yesterday<" in page
    assert 'name="until" type="date" value="2026-03-02"' in page


def test_what_is_found_can_be_exported_and_the_export_is_audited(signed_in: Visitor, app: Flask) -> None:
    with app.app_context():
        api_keys.create("=shop")
        administrators.add("kim@example.org", "viewer")
    form = re.search(r'action="(/cms/audit/export[^"]*)"', signed_in.get("/cms/audit?what=key.added").text)
    assert form
    answer = signed_in.submit(form[1])
    assert answer.mimetype == "text/csv"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["action"], row["subject"], row["actor"]) == ("key.added", "'=shop", "command line")
    everything = list(csv.DictReader(io.StringIO(signed_in.submit("/cms/audit/export").text)))
    told = [row["subject"] for row in everything if row["action"].startswith(("audit.", "administrator."))]
    assert told == ["all", "actions=key.added", "k***@example.org", "j***@example.org"]


def test_an_export_goes_on_from_page_to_page(
    signed_in: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BLOCK", 2)
    with app.app_context():
        for number in range(4):
            api_keys.create(f"key {number}")
    lines = csv.DictReader(io.StringIO(signed_in.submit("/cms/audit/export?what=key.added").text))
    assert [line["subject"] for line in lines] == ["key 3", "key 2", "key 1", "key 0"]


def test_a_viewer_gets_no_file(app: Flask, newcomer: Callable[[], Visitor]) -> None:
    with app.app_context():
        administrators.add("vera@example.org", "viewer", PASSWORD)
    viewer = newcomer()
    viewer.sign_in("vera@example.org")
    assert viewer.submit("/cms/audit/export").status_code == 403


def test_an_entry_leads_to_what_was_changed_unless_it_is_gone(
    signed_in: Visitor, app: Flask, newcomer: Callable[[], Visitor]
) -> None:
    with app.app_context():
        key, _ = api_keys.create("shop")
        schedules.add(NewSchedule("nightly", "sendcode.purge", every="1d", kwargs={"older_than_days": 30}))
        schedules.add(NewSchedule("gone", "sendcode.drain", every="1d"))
        schedules.remove("gone")
        invitations.invite(
            "lee@example.org", "viewer", link_of="https://example.org/{}".format, by=trail.COMMAND_LINE
        )
        administrators.add("opal@example.org", "operator", PASSWORD)
    page = signed_in.get("/cms/audit").text
    assert f'<a href="/cms/api-keys/{key.id}">shop</a>' in page
    assert re.search(r'<a href="/cms/schedules/\d+">nightly</a>', page)
    assert ">gone</a>" not in page
    assert "l***@example.org</a>" not in page
    assert re.search(r'<a href="/cms/administrators/1">jane@example.org</a>', page)
    operator = newcomer()
    operator.sign_in("opal@example.org")
    assert "/cms/administrators/1" not in operator.get("/cms/audit").text
