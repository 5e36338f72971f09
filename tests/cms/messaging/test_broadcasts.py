"""Broadcasts in the console: their progress, and the buttons to pause, resume and cancel."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from domain.owners import Owner
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message
from services.audit import trail
from services.keys import api_keys
from services.messaging import broadcasts
from services.messaging.broadcasts import Request
from services.people import administrators
from services.traffic import broadcast_lists
from tests.cms.conftest import EMAIL, PASSWORD, Visitor


@pytest.fixture
def settings(settings):
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False}


def start(app: Flask, count: int = 4, owner: str = "key:a", **more) -> str:
    recipients = [{"to": f"k{n}@example.org"} for n in range(count)]
    with app.app_context():
        request = Request(Channel.EMAIL, recipients, subject="News", text="Hello", **more)
        return broadcasts.start(request, Owner(owner)).id


@pytest.fixture
def made(app: Flask) -> str:
    """A broadcast to four recipients, none of them sent yet."""
    return start(app)


def settle(app: Flask, broadcast_id: str, count: int, status: MessageStatus = MessageStatus.SENT) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        waiting = db.select(Message).where(Message.broadcast_id == broadcast_id, Message.status == "queued")
        for row in db.session.scalars(waiting.limit(count)):
            row.status, row.due_at, row.sent_at, row.settled_at = status.value, None, now, now
        db.session.commit()


def status_of(app: Flask, broadcast_id: str) -> str:
    with app.app_context():
        return broadcast_lists.get(broadcast_id).listed.view.status


def test_an_empty_list_says_what_to_do(signed_in: Visitor) -> None:
    page = signed_in.get("/cms/broadcasts").text
    assert "No broadcasts yet" in page
    assert 'href="/api/docs"' in page
    assert 'href="/cms/api-keys"' in page


def test_the_list_shows_owner_and_progress(signed_in: Visitor, app: Flask) -> None:
    with app.app_context():
        key, _ = api_keys.create("Web shop")
    made = start(app, owner=f"key:{key.id}")
    settle(app, made, 3)
    page = signed_in.get("/cms/broadcasts").text
    assert f'href="/cms/broadcasts/{made}"' in page
    assert "Web shop" in page
    assert re.search(r'<progress aria-label="Progress" max="4" value="3">75%</progress>', page)
    assert "3 of 4<" in page
    assert "lost" not in page
    settle(app, made, 1, MessageStatus.UNDELIVERED)
    assert re.search(r'4 of 4 · <span class="error">1 lost<', signed_in.get("/cms/broadcasts").text)


def test_the_list_says_when_a_scheduled_one_begins(signed_in: Visitor, app: Flask) -> None:
    at = datetime.now(UTC) + timedelta(hours=3)
    start(app, send_at=at)
    page = signed_in.get("/cms/broadcasts").text
    told = re.search(r">Scheduled</span> <span[^>]*><time datetime=\"([^\"]+)\"", page)
    assert told
    assert told[1] == at.isoformat(timespec="seconds")


def test_the_list_continues_on_the_next_page(signed_in: Visitor, app: Flask, monkeypatch) -> None:
    monkeypatch.setattr(broadcast_lists, "PAGE", 2)
    made = [start(app, 1) for _ in range(3)]
    first = signed_in.get("/cms/broadcasts").text
    older = re.search(r'href="(/cms/broadcasts\?cursor=[^"]+)"', first)[1]
    second = signed_in.get(older).text
    shown = [[one for one in made if f"/cms/broadcasts/{one}" in page] for page in (first, second)]
    assert shown == [made[1:], made[:1]]
    assert signed_in.get("/cms/broadcasts?cursor=x").location == "/cms/broadcasts"


def test_a_page_shows_counts_and_polls_until_the_broadcast_has_ended(
    signed_in: Visitor, app: Flask, made: str
) -> None:
    settle(app, made, 1)
    path = f"/cms/broadcasts/{made}"
    page = signed_in.get(path).text
    assert "1 of 4 finished" in page
    assert '<label for="bar">' in page
    assert re.search(r'<progress id="bar" max="4" value="1">', page)
    assert f'href="/cms/messages?broadcast={made}&amp;status=queued">3</a>' in page
    assert 'id="progress" data-pending="2"' in page
    assert "Ended" not in page
    settle(app, made, 3, MessageStatus.FAILED)
    page = signed_in.get(path).text
    assert "4 of 4 finished" in page
    assert "Ended" in page
    assert "data-pending" not in page
    assert 'data-ended="Broadcast: Done"' in page
    assert f"{path}/pause" not in page


def test_its_messages_can_be_listed(signed_in: Visitor, app: Flask, made: str) -> None:
    other = start(app, 2)
    page = signed_in.get(f"/cms/messages?broadcast={made}").text
    assert page.count('class="name"') == 4
    assert f'<input type="hidden" name="broadcast" value="{made}">' in page
    message = re.search(r'class="name" href="([^"]+)"', page)[1]
    assert f'href="/cms/broadcasts/{made}"' in signed_in.get(message).text
    settle(app, other, 1)
    page = signed_in.get(f"/cms/messages?broadcast={other}&status=sent").text
    assert page.count('class="name"') == 1


def test_pausing_resuming_and_canceling_are_audited(signed_in: Visitor, app: Flask, made: str) -> None:
    path = f"/cms/broadcasts/{made}"
    settle(app, made, 1)
    for act, text, status in (
        ("pause", "Paused. Messages already with a worker are still sent.", "paused"),
        ("resume", "Resumed.", "sending"),
        ("cancel", "Canceled. Messages that no worker had picked up will not be sent.", "canceled"),
    ):
        answer = signed_in.submit(f"{path}/{act}")
        assert answer.location == path
        assert text in signed_in.get(path).text
        assert status_of(app, made) == status
    with app.app_context():
        entries = trail.entries().shown[:3]
    assert [(one.action, one.actor, one.subject_id, one.after) for one in entries] == [
        (f"broadcast.{act}", EMAIL, made, {"messages": 3}) for act in ("canceled", "resumed", "paused")
    ]
    assert "Broadcast canceled" in signed_in.get("/cms/audit?what=broadcast").text


def test_canceling_needs_a_confirmation(signed_in: Visitor, app: Flask, made: str) -> None:
    path = f"/cms/broadcasts/{made}"
    page = signed_in.get(f"{path}/cancel").text
    assert "Cancel this broadcast?" in page
    assert "to keep them, pause the broadcast." in page
    assert status_of(app, made) == "sending"


def test_an_ended_broadcast_can_not_be_changed(signed_in: Visitor, app: Flask, made: str) -> None:
    path = f"/cms/broadcasts/{made}"
    settle(app, made, 4)
    for act in ("pause", "resume", "cancel"):
        signed_in.submit(f"{path}/{act}")
        assert "Too late" in signed_in.get(path).text
    assert signed_in.get(f"{path}/cancel").location == path
    with app.app_context():
        assert not any(one.action.startswith("broadcast.") for one in trail.entries().shown)


def test_a_scheduled_broadcast_says_when_it_begins(signed_in: Visitor, app: Flask) -> None:
    made = start(app, send_at=datetime.now(UTC) + timedelta(hours=3))
    page = signed_in.get(f"/cms/broadcasts/{made}").text
    assert ">Scheduled<" in page
    assert "Starts" in page
    signed_in.submit(f"/cms/broadcasts/{made}/cancel")
    page = signed_in.get(f"/cms/broadcasts/{made}").text
    assert "Starts" not in page
    assert "Started" not in page


def test_a_missing_broadcast_is_not_found(signed_in: Visitor) -> None:
    assert signed_in.get(f"/cms/broadcasts/{'0' * 32}").status_code == 404
    assert signed_in.submit(f"/cms/broadcasts/{'0' * 32}/pause").status_code == 404


def test_its_own_text_is_shown_to_operators_who_ask(
    signed_in: Visitor, app: Flask, made: str, newcomer: Callable[[], Visitor]
) -> None:
    path = f"/cms/broadcasts/{made}"
    page = signed_in.get(path).text
    assert "Hello" not in page
    assert f'action="{path}/text"' in page
    shown = signed_in.submit(f"{path}/text").text
    assert re.search(r"<pre[^>]*>Hello</pre>", shown)
    assert "<code>News</code>" in shown
    assert "data-pending" not in shown, "the address of this page takes no GET"
    with app.app_context():
        assert trail.entries().shown[0].action == "broadcast.text_shown"
        administrators.add("vera@example.org", "viewer", PASSWORD)
    viewer = newcomer()
    viewer.sign_in("vera@example.org")
    assert f"{path}/text" not in viewer.get(path).text
    assert viewer.submit(f"{path}/text").status_code == 403


def test_the_text_of_a_template_leads_to_its_version(signed_in: Visitor, app: Flask) -> None:
    recipients = [{"to": "kim@example.org", "params": {"title": "T", "text": "Hi"}}]
    with app.app_context():
        request = Request(Channel.EMAIL, recipients, template="notice", locale="en")
        made = broadcasts.start(request, Owner("key:a")).id
    page = signed_in.get(f"/cms/broadcasts/{made}").text
    address = re.search(r'href="([^"]+)">Default text<', page)
    assert address
    assert "{{ text }}" in page
    assert signed_in.get(address[1]).status_code == 200
