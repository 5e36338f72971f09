"""The lists of messages and verifications: tabs with counts, filters, newer and older, times that say how long ago."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from domain.gateway_errors import GatewayError
from domain.owners import Owner
from domain.statuses import Channel
from services.codes import verifications
from services.keys import api_keys
from services.messaging import messages
from services.traffic import listing, message_lists
from tests.cms.conftest import Visitor

NUMBER = "+8613800138000"
KEY = Owner("key:a")


def send(app: Flask, to: str = NUMBER, owner: Owner = KEY, **options: object) -> str:
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    subject = "Hi" if channel is Channel.EMAIL else None
    with app.app_context():
        request = messages.Request(channel, to, text="Hello", subject=subject, **options)
        return messages.send(request, owner).id


def tabs(page: str) -> dict[str, str]:
    """Return the count of each tab."""
    found = page.split('<nav class="tabs"')[1].split("</nav>")[0]
    return dict(re.findall(r'>([^<]+) <span class="count">([^<]+)</span>', found))


def shown(page: str) -> list[str]:
    return re.findall(r'<a class="name" href="/cms/\w+/(\w+)"', page)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def link(page: str, text: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{text}', page)
    assert found, text
    return html.unescape(found[1])


def test_each_status_is_a_tab_with_its_count(app: Flask, signed_in: Visitor, sms: MemoryGateway) -> None:
    sms.failures.append(GatewayError("blocked"))
    failed = send(app)
    send(app), send(app, "kim@example.org")
    planned = send(app, send_at=datetime.now(UTC) + timedelta(hours=1))
    page = signed_in.get("/cms/messages?channel=sms").text
    assert tabs(page) == {
        "All": "3",
        "Waiting": "1",
        "Sent": "1",
        "Failed": "1",
        "Unsuccessful": "1",
        "Scheduled": "1",
    }
    assert shown(signed_in.get(link(page, "Unsuccessful")).text) == [failed]
    assert shown(signed_in.get(link(page, "Scheduled")).text) == [planned]
    narrowed = signed_in.get("/cms/messages?status=failed&channel=email").text
    assert tabs(narrowed) == {"All": "1", "Sent": "1", "Failed": "0"}, "the chosen one stays"


def test_counts_that_were_cut_short_say_so(
    app: Flask, signed_in: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "TALLY_THROUGH", 2)
    for name in "abc":
        send(app, f"{name}@example.org")
    counted = tabs(signed_in.get("/cms/messages").text)
    assert (counted["All"], counted["Sent"], counted["Canceled"]) == ("2+", "2+", "0+")


def test_verifications_have_tabs_too(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        for number in (NUMBER, "+8613800138001"):
            made = verifications.issue(verifications.Request(Channel.SMS, number, "login"), Owner("key:a"))
        verifications.cancel(made.id, Owner("key:a"))
    page = signed_in.get("/cms/verifications").text
    assert tabs(page) == {"All": "2", "Pending": "1", "Canceled": "1"}
    assert shown(signed_in.get(link(page, "Canceled")).text) == [made.id]


def test_messages_are_narrowed_to_a_key_a_purpose_a_country_an_error_and_tests(
    app: Flask, signed_in: Visitor, sms: MemoryGateway
) -> None:
    with app.app_context():
        key = api_keys.create("Web shop")[0].id
        code = verifications.issue(
            verifications.Request(Channel.SMS, "+8613800138009", "login"), Owner("key:a")
        ).message_id
    sms.failures.append(GatewayError("550 <kim@example.org> is gone"))
    failed = send(app, owner=Owner(f"key:{key}"))
    test = send(app, "kim@example.org", Owner("key:t", is_test=True))
    for query, expected in (
        (f"key={key}", {failed}),
        ("purpose=login", {code}),
        ("purpose=~", {failed, test}),
        ("country=CN", {failed, code}),
        ("country=Nowhere", {failed, code, test}),
        ("error=550 <…> is gone", {failed}),
        ("test=yes", {test}),
        ("test=no", {failed, code}),
        (f"since={datetime.now(UTC):%Y-%m-%dT%H:%M}", {failed, code, test}),
        ("until=2026-01-01T10:00", set()),
    ):
        page = signed_in.get(f"/cms/messages?{query}").text
        assert set(shown(page)) == expected, query
    page = signed_in.get(f"/cms/messages?key={key}&country=CN&purpose=~").text
    chips = words(page.split('<ul class="chips"')[1].split("</ul>")[0])
    assert "Web shop" in chips
    assert "China" in chips
    assert "notices, no code" in chips
    assert "More filters (3)" in page
    told = words(signed_in.get(f"/cms/messages/export?key={key}&country=CN&purpose=~&test=no").text)
    for word in ("Web shop", "China", "notices, no code", "No tests"):
        assert word in told


def test_a_typed_error_finds_its_part_and_leaves_no_destination_in_the_address(
    app: Flask, signed_in: Visitor, sms: MemoryGateway
) -> None:
    sms.failures.append(GatewayError("550 <kim@example.org> is gone"))
    failed = send(app)
    for typed in ("is gone", "<kim@example.org> is", "550 <…> is gone", "x" * 119):
        answer = signed_in.submit("/cms/messages/search", page="/cms/messages", error=typed)
        assert "kim" not in answer.location
        page = signed_in.get(answer.location).text
        assert "Unknown filters" not in page
        assert shown(page) == ([] if typed.startswith("x") else [failed]), typed


def test_a_page_leads_to_older_and_newer_ones(
    app: Flask, signed_in: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_lists, "PAGE", 2)
    made = [send(app, f"{name}@example.org") for name in "abcdef"][::-1]
    first = signed_in.get("/cms/messages").text
    second = signed_in.get(link(first, "Older")).text
    third = signed_in.get(link(second, "Older")).text
    assert [shown(page) for page in (first, second, third)] == [made[:2], made[2:4], made[4:]]
    assert shown(signed_in.get(link(third, "Newer")).text) == made[2:4]
    assert "Newer<" not in first


def test_a_list_learns_of_newer_ones(app: Flask, signed_in: Visitor) -> None:
    send(app)
    page = signed_in.get("/cms/messages?channel=sms").text
    ask = html.unescape(re.findall(r'data-newer="([^"]+)"', page)[0])
    assert signed_in.get(ask).json == {"text": ""}
    send(app), send(app, "kim@example.org"), send(app)
    assert signed_in.get(ask).json == {"text": "2 new"}
    for odd in ("", "?cursor=nonsense", "?cursor=~nonsense"):
        assert signed_in.get(f"/cms/messages/newer{odd}").json == {"text": ""}
    assert signed_in.get("/cms/verifications/newer").json == {"text": ""}
    assert "data-newer" not in signed_in.get("/cms/messages?channel=sms&cursor=nonsense").text


def test_a_time_says_how_long_ago_and_has_the_moment_at_hand(app: Flask, signed_in: Visitor) -> None:
    send(app)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=3)):
        page = signed_in.get("/cms/messages").text
    assert re.search(r'<time datetime="[^"]+" title="[^"]+\d\d:\d\d:\d\d">3 min ago</time>', page)


def test_a_search_without_a_result_says_what_can_be_found(app: Flask, signed_in: Visitor) -> None:
    answer = signed_in.submit("/cms/messages/search", page="/cms/messages", sought="kim")
    assert (
        "Only these can be found: A complete e-mail address or phone number"
        in signed_in.get(answer.location).text
    )
