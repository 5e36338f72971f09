"""Messages and verifications in the console: searched, viewed, sent again, canceled, exported."""

import csv
import io
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.audit import trail
from services.codes import verifications
from services.codes.verification_views import VerificationView
from services.gateways import gateway_switches
from services.messaging import messages
from services.people import administrators
from services.process import parts
from services.traffic import listing, message_lists
from tests.cms.conftest import PASSWORD, Visitor, code_in

NUMBER, MASKED = "+8613800138000", "+86138****8000"
KEY = Owner("key:a")


def send(app: Flask, to: str = NUMBER, **options: object) -> str:
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    subject = "Hi" if channel is Channel.EMAIL else None
    with app.app_context():
        return messages.send(messages.Request(channel, to, text="Hello", subject=subject, **options), KEY).id


def issue(app: Flask, to: str = NUMBER) -> VerificationView:
    with app.app_context():
        return verifications.issue(verifications.Request(Channel.SMS, to, "login"), KEY)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def actions(app: Flask) -> list[str]:
    with app.app_context():
        found = [entry.action for entry in trail.entries().shown]
        return found[: found.index("administrator.added")]


def destinations_in(html: str) -> list[str]:
    return re.findall(r'<td class="main">(?:<input[^>]+> )?<a class="name" [^>]+>([^<]+)</a>', html)


def search(visitor: Visitor, text: str, of: str = "messages", **fields: str) -> TestResponse:
    answer = visitor.submit(f"/cms/{of}/search", page=f"/cms/{of}", sought=text, **fields)
    assert answer.status_code == 303
    return answer


@pytest.fixture
def operator(app: Flask, visitor: Visitor) -> Visitor:
    """Kim, an operator, signed in."""
    with app.app_context():
        administrators.add("kim@example.net", "operator", PASSWORD)
    visitor.sign_in("kim@example.net")
    return visitor


@pytest.fixture
def viewer(app: Flask, visitor: Visitor) -> Visitor:
    """Lee, a viewer, signed in."""
    with app.app_context():
        administrators.add("lee@example.net", "viewer", PASSWORD)
    visitor.sign_in("lee@example.net")
    return visitor


@pytest.mark.parametrize("of", ["messages", "verifications"])
def test_an_empty_list_says_what_will_be_listed(signed_in: Visitor, of: str) -> None:
    page = signed_in.get(f"/cms/{of}").text
    assert "through the API" in page
    assert 'href="/cms/api-keys"' in page
    assert "No results" in signed_in.get(f"/cms/{of}?status=expired").text


def test_lists_and_pages_show_destinations_masked_and_no_content(
    app: Flask, viewer: Visitor, sms: MemoryGateway
) -> None:
    message_id, issued = send(app), issue(app)
    for path in (
        "messages",
        f"messages/{message_id}",
        f"messages/{issued.message_id}",
        "verifications",
        f"verifications/{issued.id}",
    ):
        page = viewer.get(f"/cms/{path}").text
        assert MASKED in page
        assert NUMBER not in page, path
        assert "Hello" not in page
        assert code_in(sms) not in page
        assert "Show destination" not in page, "viewers see no button for it"


def test_search_terms_are_not_in_the_url(app: Flask, viewer: Visitor) -> None:
    send(app), send(app, "kim@example.org")
    place = search(viewer, "138 0013 8000", status="sent").location
    assert place.startswith("/cms/messages?")
    assert "0013" not in place
    page = viewer.get(place).text
    assert destinations_in(page) == [MASKED]
    assert "138 0****8000" in page, "what it is narrowed by is told masked"
    assert NUMBER not in page
    again = viewer.submit(
        "/cms/messages/search", page=place, q=re.findall(r"q=([^&]+)", place)[0], status="failed"
    )
    assert destinations_in(viewer.get(again.location).text) == []


def test_a_search_by_id_or_reference(app: Flask, viewer: Visitor) -> None:
    message_id, issued = send(app, "kim@example.org"), issue(app)
    for text in (message_id, "memory-mail-1"):
        assert destinations_in(viewer.get(search(viewer, text).location).text) == ["k***@example.org"]
    for text in (issued.id, issued.message_id, NUMBER):
        place = search(viewer, text, "verifications").location
        assert destinations_in(viewer.get(place).text) == [MASKED]


@pytest.mark.parametrize("of", ["messages", "verifications"])
def test_an_unreadable_search_token_finds_nothing_and_says_so(app: Flask, operator: Visitor, of: str) -> None:
    send(app), issue(app)
    answer = operator.get(f"/cms/{of}?q=nonsense")
    assert answer.status_code == 422
    assert "can no longer be read" in answer.text
    assert destinations_in(answer.text) == []
    assert "None of them qualifies" in operator.get("/cms/messages/bulk/resend?q=nonsense").text
    answer = operator.submit(f"/cms/{of}/search", page=f"/cms/{of}", sought="x" * 321)
    assert (answer.status_code, "too long" in answer.text) == (422, True)


def test_filters_use_days_in_the_readers_time_zone(app: Flask, viewer: Visitor) -> None:
    send(app), send(app, "kim@example.org")
    today = datetime.now(UTC).date()
    for query, count in (
        ("", 2),
        ("channel=sms", 1),
        ("gateway=memory-mail", 1),
        ("template=code", 0),
        ("status=unsuccessful", 0),
        ("status=nonsense&since=nonsense", 2),
        (f"since={today}&until={today}", 2),
        (f"until={today - timedelta(days=1)}", 0),
        ("cursor=nonsense", 2),
    ):
        answer = viewer.get(f"/cms/messages?{query}", follow_redirects=True)
        assert len(destinations_in(answer.text)) == count, query


def test_old_ones_are_on_the_next_page(app: Flask, viewer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_lists, "PAGE", 2)
    for name in "abc":
        send(app, f"{name}@example.org")
    page = viewer.get("/cms/messages?channel=email").text
    older = re.search(r'href="([^"]+)">Older', page)
    assert older
    further = viewer.get(older[1].replace("&amp;", "&")).text
    assert destinations_in(page) + destinations_in(further) == [f"{name}***@example.org" for name in "cba"]
    assert "Newest" in further


def test_a_search_that_was_cut_short_says_how_far_it_went(
    app: Flask, viewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOK_THROUGH", 1)
    for name in "abc":
        send(app, f"{name}@example.org")
    page = viewer.get("/cms/messages?gateway=nobody").text
    assert "No results among the newest" in page
    assert "Look further back" in page


def test_the_timeline_shows_each_try(app: Flask, viewer: Visitor, mails: MemoryGateway) -> None:
    mails.failures.append(GatewayError("550 no such user"))
    page = viewer.get(f"/cms/messages/{send(app, 'kim@example.org')}").text
    steps = [
        " ".join(re.sub(r"<[^>]+>", " ", step).split())
        for step in re.findall(r"<li[^>]*><strong>.*?</li>", page, re.S)
    ]
    assert steps[0].startswith("Accepted")
    assert any("memory-mail refused it permanently" in step and "550 no such user" in step for step in steps)
    assert any(step.startswith("Failed") for step in steps)


def test_the_timeline_says_why_a_message_waits(
    app: Flask, viewer: Visitor, sms: MemoryGateway, mails: MemoryGateway
) -> None:
    with app.app_context():
        gateway_switches.switch_off("memory-sms", is_meant=True)
    waiting = send(app)
    page = viewer.get(f"/cms/messages/{waiting}").text
    assert "All SMS gateways are switched off." in page
    assert "“memory-sms” was switched off by the command line, " in page
    parts.put(app, Gateways([mails]))
    page = viewer.get(f"/cms/messages/{waiting}").text
    assert "No gateway is configured for SMS to this destination." in page
    parts.put(app, Gateways([sms, mails]))
    with app.app_context():
        gateway_switches.switch_on("memory-sms")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        page = viewer.get(f"/cms/messages/{waiting}").text
    assert "switched off" not in page
    assert "Due, and waiting for a worker" in page


def test_the_gateway_filter_offers_gateways_of_old_messages(
    app: Flask, viewer: Visitor, sms: MemoryGateway, mails: MemoryGateway
) -> None:
    sms.name = "long-gone"
    send(app)
    parts.put(app, Gateways([mails]))
    choice = viewer.get("/cms/messages").text.split('<select id="gateway"')[1].split("</select>")[0]
    assert re.findall(r'<option value="([^"]+)" translate="no">', choice) == ["memory-mail", "long-gone"]
    assert MASKED in viewer.get("/cms/messages?gateway=long-gone").text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/cms/messages?status=lost&channel=sms", "status=lost"),
        ("/cms/messages?channel=fax", "channel=fax"),
        ("/cms/messages?since=yesterday", "since=yesterday"),
        ("/cms/verifications?status=unsuccessful", "status=unsuccessful"),
        ("/cms?period=1y", "period=1y"),
    ],
)
def test_an_unknown_filter_is_told_and_not_shown_as_one(
    app: Flask, viewer: Visitor, path: str, told: str
) -> None:
    issue(app)
    page = viewer.get(path).text
    assert f"Unknown filters are ignored: {told}<" in page
    assert "Remove filter: Status lost" not in page
    assert "No results" not in page


def test_an_unknown_page_of_a_list_is_told(viewer: Visitor) -> None:
    assert viewer.get("/cms/messages?cursor=nothing").location == "/cms/messages"
    assert "The link to this page of the list is broken." in viewer.get("/cms/messages").text


@pytest.mark.parametrize(
    ("query", "told", "left"),
    [
        ("since=2199-01-01&channel=sms", "The first day of this search is in the future.", "?channel=sms"),
        ("since=2025-02-01&until=2025-01-01", "is before the first.", "?since=2025-02-01"),
        ("until=2025-01-01", "Old messages are deleted by the purge.", ""),
    ],
)
def test_an_empty_result_says_why_and_offers_to_drop_the_filter(
    app: Flask, viewer: Visitor, query: str, told: str, left: str
) -> None:
    send(app)
    page = viewer.get(f"/cms/messages?{query}").text
    empty = page.split('<section class="empty">')[1].split("</section>")[0]
    assert told in empty
    assert f'href="/cms/messages{left}"' in empty


def test_a_planned_message_is_called_scheduled(app: Flask, viewer: Visitor) -> None:
    planned = send(app, send_at=later())
    page = viewer.get(f"/cms/messages/{planned}").text
    assert "Scheduled for" in page
    assert "waiting for a worker" not in page
    assert '<span class="pill busy">Scheduled</span>' in page
    send(app, "kim@example.com")
    listed = viewer.get("/cms/messages").text
    assert listed.count('<span class="pill busy">Scheduled</span>') == 1
    assert destinations_in(listed) == ["k***@example.com", MASKED]
    assert destinations_in(viewer.get("/cms/messages?status=scheduled").text) == [MASKED]
    with time_machine.travel(later() + timedelta(minutes=1)):
        viewer.sign_in("lee@example.net")
        assert destinations_in(viewer.get("/cms/messages?status=scheduled").text) == []


def test_showing_one_destination_to_an_operator_is_audited(app: Flask, operator: Visitor) -> None:
    message_id, issued = send(app), issue(app)
    for path, of in ((f"messages/{message_id}", "message"), (f"verifications/{issued.id}", "verification")):
        page = operator.submit(f"/cms/{path}/destination", page=f"/cms/{path}").text
        assert NUMBER in page
        assert "Only this page" in page
        assert NUMBER not in page.partition("</title>")[0], "browsers keep titles"
        assert NUMBER not in operator.get(f"/cms/{path}").text
        assert actions(app)[0] == f"{of}.destinations_shown"


def test_an_operator_sees_the_destinations_of_one_page(app: Flask, operator: Visitor) -> None:
    send(app), issue(app)
    for of in ("messages", "verifications"):
        page = operator.submit(f"/cms/{of}/destinations?channel=sms", page=f"/cms/{of}").text
        assert set(destinations_in(page)) == {NUMBER}
    assert actions(app) == ["verification.destinations_shown", "message.destinations_shown"]


def test_a_failed_message_is_sent_again_and_a_waiting_one_canceled(
    app: Flask, operator: Visitor, sms: MemoryGateway
) -> None:
    first = f"/cms/messages/{send(app)}"
    answer = operator.submit(f"{first}/resend", page=first)
    assert answer.location != first
    assert "Queued again as this new message" in operator.get(answer.location).text
    assert len(sms.sent) == 2
    assert answer.location in operator.get(first).text
    waiting = f"/cms/messages/{send(app, send_at=later())}"
    assert operator.submit(f"{waiting}/cancel", page=waiting).location == waiting
    assert "It will not be sent" in operator.get(waiting).text
    assert actions(app) == ["message.canceled", "message.resent"]


def test_a_forbidden_action_is_refused_with_its_reason(app: Flask, operator: Visitor) -> None:
    waiting, sent, code = send(app, send_at=later()), send(app), issue(app)
    for message_id, verb, text in (
        (waiting, "resend", "still on its way"),
        (sent, "cancel", "Too late"),
        (code.message_id, "resend", "through its verification"),
        (code.message_id, "cancel", "through its verification"),
    ):
        path = f"/cms/messages/{message_id}"
        operator.submit(f"{path}/{verb}", page=path)
        assert text in operator.get(path).text, verb
    path = f"/cms/verifications/{code.id}"
    operator.submit(f"{path}/resend", page=path)
    assert "You can request it again in" in operator.get(path).text
    operator.submit(f"{path}/cancel", page=path)
    assert "no longer works" in operator.get(path).text
    operator.submit(f"{path}/resend", page=path)
    assert "has ended" in operator.get(path).text
    assert actions(app) == ["verification.canceled"]


def test_failed_messages_of_a_filter_are_counted_then_sent_again(
    app: Flask, operator: Visitor, sms: MemoryGateway, mails: MemoryGateway
) -> None:
    sms.failures.append(GatewayError("no"))
    mails.failures.append(GatewayError("no"))
    send(app), send(app, "kim@example.org")
    path = "/cms/messages/bulk/replay?channel=email"
    asked = operator.get(path).text
    assert "1 message matches." in asked
    counted_at = re.findall(r'name="counted_at" value="([^"]+)"', asked)[0]
    mails.failures.append(GatewayError("no"))
    send(app, "late@example.org")
    answer = operator.submit(path, page=path, counted_at=counted_at)
    assert answer.location == "/cms/messages?channel=email"
    assert "1 message is on its way again." in operator.get(answer.location).text
    assert actions(app) == ["message.resent_in_bulk"]
    assert "1 message matches." in operator.get(path).text, "what came after the count was not meant"


def test_messages_can_be_picked_one_by_one(app: Flask, operator: Visitor, sms: MemoryGateway) -> None:
    sms.failures += [GatewayError("no")] * 3
    failed = [send(app, f"+861380013800{number}") for number in range(3)]
    sent = send(app, "+8613800138009")
    page = operator.get("/cms/messages?channel=sms").text
    assert set(re.findall(r'name="id" value="(\w+)" form="picked"', page)) == {*failed, sent}
    form = page.split('id="picked"')[1].split("</form>")[0]
    assert '<input type="hidden" name="channel" value="sms">' in form
    assert '<input type="hidden" name="id" value="">' in form
    path = f"/cms/messages/bulk/replay?channel=sms&id=&id={failed[0]}&id={failed[2]}&id={sent}"
    assert "2 of the picked messages qualify." in operator.get(path).text
    assert operator.submit(path, page=path).location == "/cms/messages?channel=sms"
    with app.app_context():
        again = dict(db.session.execute(select(Message.id, Message.resent_as)).all())
        (entry,) = [one for one in trail.entries().shown if one.action == "message.resent_in_bulk"]
    assert [again[one] is not None for one in (*failed, sent)] == [True, False, True, False]
    assert failed[0] in entry.subject
    assert failed[2] in entry.subject


@pytest.mark.parametrize("picked", ["id=", "id=nonsense", "id=" + "0" * 32])
def test_picking_nothing_is_not_everything(
    app: Flask, operator: Visitor, sms: MemoryGateway, picked: str
) -> None:
    sms.failures.append(GatewayError("no"))
    send(app)
    path = f"/cms/messages/bulk/replay?{picked}"
    assert "None of them qualifies." in operator.get(path).text
    operator.submit(path)
    assert actions(app) == []


def test_a_viewer_can_not_pick(app: Flask, viewer: Visitor) -> None:
    send(app)
    assert 'type="checkbox" name="id"' not in viewer.get("/cms/messages").text


def test_waiting_messages_are_canceled_and_the_others_reported(
    app: Flask, operator: Visitor, sms: MemoryGateway
) -> None:
    send(app, send_at=later())
    sms.failures.append(TemporaryGatewayError("busy"))
    issue(app)
    path = "/cms/messages/bulk/cancel"
    assert "2 messages match." in operator.get(path).text
    page = operator.get(operator.submit(path, page=path).location).text
    assert "1 message is canceled." in page
    assert "codes (cancel their verification instead): 1" in page
    assert operator.get("/cms/messages/bulk/nonsense").status_code == 404


def test_pending_verifications_of_a_filter_are_canceled(
    app: Flask, operator: Visitor, sms: MemoryGateway
) -> None:
    sms.failures.append(TemporaryGatewayError("busy"))
    waiting, other = issue(app), issue(app, "+8613900139000")
    path = f"/cms/verifications/bulk/cancel?q={search(operator, NUMBER).location.partition('q=')[2]}"
    assert "1 verification matches." in operator.get(path).text
    page = operator.get(operator.submit(path, page=path).location).text
    assert "1 verification is canceled." in page
    with app.app_context():
        assert verifications.get(waiting.id, KEY).status == "canceled"
        assert verifications.get(waiting.id, KEY).message_status == "canceled"
        assert verifications.get(other.id, KEY).status == "pending"
    assert actions(app) == ["verification.canceled_in_bulk"]
    assert "None of them qualifies" in operator.get(path).text


@pytest.mark.parametrize("of", ["messages", "verifications"])
def test_an_export_shows_its_row_count_first(
    app: Flask, operator: Visitor, of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        issue(app, f"+861380013800{number}")
    assert "The file has 3 rows." in operator.get(f"/cms/{of}/export?channel=sms").text
    assert "The file has 0 rows." in operator.get(f"/cms/{of}/export?channel=email").text
    monkeypatch.setattr(listing, "COUNT_THROUGH", 2)
    assert "The file has at least 2 rows. Older ones" in operator.get(f"/cms/{of}/export?channel=sms").text


@pytest.mark.parametrize("of", ["messages", "verifications"])
def test_an_export_is_masked_or_in_full(app: Flask, operator: Visitor, of: str) -> None:
    issue(app)
    for chosen, shown in (("masked", MASKED), ("full", NUMBER)):
        page = f"/cms/{of}/export?channel=sms"
        answer = operator.submit(page, page=page, destinations=chosen)
        assert answer.mimetype == "text/csv"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{of}.csv"'
        assert answer.headers["Cache-Control"] == "no-store"
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert row["to"] == f"'{shown}"
    assert actions(app) == [f"{of[:-1]}.exported"] * 2


def test_a_viewer_changes_nothing_and_sees_no_destination(app: Flask, viewer: Visitor) -> None:
    message_id, issued = send(app), issue(app)
    for path in (
        f"messages/{message_id}/resend",
        f"messages/{message_id}/cancel",
        f"messages/{message_id}/destination",
        "messages/destinations",
        "messages/export",
        "messages/bulk/replay",
        "verifications/bulk/cancel",
        f"verifications/{issued.id}/resend",
        f"verifications/{issued.id}/next-channel",
        f"verifications/{issued.id}/cancel",
        f"verifications/{issued.id}/destination",
        "verifications/destinations",
        "verifications/export",
    ):
        answer = viewer.submit(f"/cms/{path}", page="/cms/messages")
        assert answer.status_code == 403, path
        assert NUMBER not in answer.text
    for path in ("messages/export", "messages/bulk/cancel", "verifications/export"):
        assert viewer.get(f"/cms/{path}").status_code == 403
    assert actions(app) == []


def test_every_form_needs_its_token(app: Flask, operator: Visitor) -> None:
    message_id = send(app, send_at=later())
    for path in (
        "messages/search",
        "messages/export",
        "messages/bulk/cancel",
        f"messages/{message_id}/cancel",
    ):
        assert operator.client.post(f"/cms/{path}").status_code == 400
    assert actions(app) == []


def test_no_log_contains_search_terms(app: Flask, viewer: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    viewer.get(search(viewer, NUMBER).location)
    assert "13800138000" not in caplog.text


@pytest.mark.parametrize("path", ["messages/nowhere", "verifications/nowhere"])
def test_purged_objects_are_reported_as_gone(operator: Visitor, path: str) -> None:
    assert operator.get(f"/cms/{path}").status_code == 404
    assert operator.submit(f"/cms/{path}/resend", page="/cms/messages").status_code == 404
