"""The pages of one message and one verification: who asked, times between steps, what can be copied, the history."""

import re
from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import update

from channels.memory import MemoryGateway
from domain.fallback import GivenStep
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Verification
from services.codes import checks, verifications
from services.codes.verification_views import VerificationView
from services.delivery import worker
from services.keys import api_keys
from services.messaging import messages
from services.people import administrators
from tests.cms.conftest import PASSWORD, Visitor

NUMBER = "+8613800138000"


def issue(app: Flask) -> VerificationView:
    with app.app_context():
        key = api_keys.create("Web shop")[0].id
        request = verifications.Request(
            Channel.SMS, NUMBER, "login", metadata={"order": "A-77"}, client_ip="203.0.113.7"
        )
        return verifications.issue(request, Owner(f"key:{key}"))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_both_pages_tell_who_asked(app: Flask, signed_in: Visitor) -> None:
    made = issue(app)
    for path in (f"messages/{made.message_id}", f"verifications/{made.id}"):
        page = signed_in.get(f"/cms/{path}").text
        assert re.search(r'<a href="/cms/\w+\?key=\w+" translate="no">Web shop</a>', page)
        assert "203.0.113.7" in page
        assert "order A-77" in words(page)


def test_viewers_are_not_told_the_address_nor_what_the_program_said(app: Flask, visitor: Visitor) -> None:
    made = issue(app)
    with app.app_context():
        administrators.add("lee@example.net", "viewer", PASSWORD)
    visitor.sign_in("lee@example.net")
    for path in (f"messages/{made.message_id}", f"verifications/{made.id}"):
        page = visitor.get(f"/cms/{path}").text
        assert "Web shop" in page
        assert "203.0.113.7" not in page
        assert "A-77" not in page
        assert "History" not in page


def test_ids_and_references_can_be_copied(app: Flask, signed_in: Visitor) -> None:
    made = issue(app)
    page = signed_in.get(f"/cms/messages/{made.message_id}").text
    for value in (made.message_id, made.id, "memory-sms-1"):
        found = re.search(rf'<code id="([^"]+)">{value}</code>', page)
        assert found, value
        assert f'data-copy="{found[1]}"' in page
    assert "copy.js" in page


def test_the_timeline_tells_how_long_each_step_took(
    app: Flask, signed_in: Visitor, sms: MemoryGateway
) -> None:
    start = datetime.now(UTC)
    answer = "451 4.7.1 try again later, because this server has not seen you before and is careful"
    sms.failures.append(TemporaryGatewayError(answer))
    with app.app_context():
        request = messages.Request(Channel.SMS, NUMBER, text="Hello")
        sent = messages.send(request, Owner("key:a")).id
        with time_machine.travel(start + timedelta(seconds=4)):
            worker.drain_now()
    page = signed_in.get(f"/cms/messages/{sent}").text
    steps = [words(step) for step in re.findall(r"<li[^>]*><strong>.*?</li>", page, re.DOTALL)]
    assert re.search(r"\+\d+ ms", steps[1])
    assert re.search(r"accepted it .* \+[34]\.\d s", steps[2])
    assert f"The answer {answer}" in steps[1]
    assert re.search(r"<details[^>]*><summary>The answer</summary>", page)


def test_a_short_answer_is_not_folded(app: Flask, signed_in: Visitor, sms: MemoryGateway) -> None:
    sms.failures.append(GatewayError("550 no such user"))
    with app.app_context():
        sent = messages.send(messages.Request(Channel.SMS, NUMBER, text="Hello"), Owner("key:a")).id
    page = signed_in.get(f"/cms/messages/{sent}").text
    assert "550 no such user" in page
    assert "<summary>The answer" not in page


def test_a_page_has_the_history_of_its_thing(app: Flask, signed_in: Visitor) -> None:
    made = issue(app)
    path = f"/cms/messages/{made.message_id}"
    assert "History" not in signed_in.get(path).text
    signed_in.submit(f"{path}/destination", page=path)
    other = f"/cms/messages/{issue_another(app)}"
    history = words(signed_in.get(path).text.split("History</h2>")[1])
    assert "Destinations of messages shown" in history
    assert "jane@example.org" in history
    assert "History" not in signed_in.get(other).text


def issue_another(app: Flask) -> str:
    with app.app_context():
        request = messages.Request(Channel.SMS, "+8613800138001", text="Hello")
        return messages.send(request, Owner("key:a")).id


BUTTON = "Send by the next channel"


def with_fallback(app: Flask, *steps: GivenStep) -> str:
    """Issue a code with a fallback; return the path of its page."""
    with app.app_context():
        request = verifications.Request(Channel.SMS, NUMBER, fallback=steps)
        return f"/cms/verifications/{verifications.issue(request, Owner('key:a')).id}"


def by_mail(to: str) -> GivenStep:
    return GivenStep(Channel.EMAIL, to, 60)


def test_an_operator_sends_a_code_by_the_next_channel(
    app: Flask, signed_in: Visitor, mails: MemoryGateway
) -> None:
    path = with_fallback(app, by_mail("kim@example.org"), by_mail("lee@example.org"))
    for to in ("kim@example.org", "lee@example.org"):
        assert BUTTON in signed_in.get(path).text
        answer = signed_in.submit(f"{path}/next-channel", page=path)
        assert (answer.status_code, answer.location) == (303, path)
        assert mails.sent[-1].to == to
    page = signed_in.get(path).text
    assert "on its way by the next channel" in page
    assert BUTTON not in page
    assert "Code sent by the next channel" in page.split("History</h2>")[1]
    signed_in.submit(f"{path}/next-channel", page=path)
    assert "Its fallback has no step left." in signed_in.get(path).text
    assert len(mails.sent) == 2


def test_a_step_that_its_limits_refuse_is_left_for_later(
    app: Flask, signed_in: Visitor, mails: MemoryGateway
) -> None:
    app.config["DESTINATION_SENDS_PER_10_MINUTES"] = 1
    first = with_fallback(app, by_mail("kim@example.org"))
    with app.app_context():
        other = verifications.Request(Channel.EMAIL, "kim@example.org", "login")
        verifications.issue(other, Owner("key:a"))
    signed_in.submit(f"{first}/next-channel", page=first)
    page = signed_in.get(first).text
    assert "Too many codes were requested for this address." in page
    assert BUTTON in page
    assert len(mails.sent) == 1


def test_the_next_channel_is_offered_for_an_open_code_with_a_step_left(
    app: Flask, signed_in: Visitor
) -> None:
    assert BUTTON not in signed_in.get(with_fallback(app)).text
    app.config["RESEND_COOLDOWN_SECONDS"] = 0
    path = with_fallback(app, by_mail("kim@example.org"))
    signed_in.submit(f"{path}/cancel", page=path)
    assert BUTTON not in signed_in.get(path).text
    signed_in.submit(f"{path}/next-channel", page=path)
    assert "This verification has ended, so its code is no longer sent." in signed_in.get(path).text


def test_a_viewer_is_not_offered_the_next_channel(app: Flask, visitor: Visitor) -> None:
    path = with_fallback(app, by_mail("kim@example.org"))
    with app.app_context():
        administrators.add("lee@example.net", "viewer", PASSWORD)
    visitor.sign_in("lee@example.net")
    assert BUTTON not in visitor.get(path).text
    assert visitor.submit(f"{path}/next-channel", page=path).status_code == 403


def test_each_attempt_is_in_the_timeline_of_its_verification(
    app: Flask, signed_in: Visitor, sms: MemoryGateway
) -> None:
    made = issue(app)
    wrong = "1" * 6 if sms.sent[-1].params["code"] != "1" * 6 else "2" * 6
    with app.app_context():
        row = db.session.get(Verification, made.id)
        assert row is not None
        owner = Owner(row.owner)
        start = row.created_at
    for seconds in (9, 14):
        with app.app_context(), time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            checks.check(made.id, wrong, owner)
    page = words(signed_in.get(f"/cms/verifications/{made.id}").text)
    assert re.search(
        r"Requested .* accepted it .* Attempt 1 of 5 .*? Attempt 2 of 5 \S+ \w+ \d+, [\d:]+ · \+5\.0 s", page
    )
    assert "without a time" not in page
    with app.app_context():
        db.session.execute(
            update(Verification).values(attempt_times=None, used_at=start + timedelta(seconds=20))
        )
        db.session.commit()
    page = words(signed_in.get(f"/cms/verifications/{made.id}").text)
    assert re.search(r"2 attempts without a time Approved", page)
