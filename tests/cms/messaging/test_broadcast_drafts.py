"""A broadcast from a file, made in the console: step by step, with everything that people get wrong."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from channels.memory import MemoryGateway
from domain.actions import Action
from domain.statuses import Channel, SuppressionReason
from exts import db
from models import Broadcast, BroadcastDraft, BroadcastPart, DraftPart, Message
from services import retention
from services.audit import trail
from services.messaging import suppressions
from services.people import administrators
from services.sheets import drafts
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, token_of
from tests.services.sheets.tables import workbook

NEW = "/cms/broadcasts/new"
GOOD = "to,name\nkim@example.org,Kim\nlee@example.org,Lee\n"
BAD = f"{GOOD}nobody,=1+1\n,Nil\nKIM@example.org,Again\ngone@example.org,Gone\nann@example.org\n\nbob@example.org,\n"
OWN = {"what": "email/", "subject": "News for {{ name }}", "text": "Dear {{ name }}"}


def begin(visitor: Visitor, **fields: str) -> str:
    """Make a draft and return its address."""
    answer = visitor.submit(NEW, page=NEW, **{"name": "Spring", **OWN, **fields})
    assert answer.status_code == 303, answer.text
    return answer.location


def upload(
    visitor: Visitor, draft: str, content: str | bytes | io.BytesIO, name: str = "list.csv"
) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    form = {"csrf_token": token_of(visitor.get(draft).text), "file": (file, name)}
    return visitor.client.post(f"{draft}/file", data=form)


def sent_to(mails: MemoryGateway) -> set[str]:
    return {one.to for one in mails.sent}


def test_a_list_is_uploaded_looked_at_and_sent(signed_in: Visitor, app: Flask, mails: MemoryGateway) -> None:
    draft = begin(signed_in)
    assert "to, name" in signed_in.get(draft).text
    assert signed_in.get(f"{draft}/example").text == "to,name\r\nkim@example.org,name\r\n"
    assert upload(signed_in, draft, GOOD).location == draft
    page = signed_in.get(f"{draft}?number=2").text
    assert "News for Lee" in page
    assert "To lee@example.org, row 3" in page
    assert "Send 2 messages" in page
    assert mails.sent == []
    sent = signed_in.submit(f"{draft}/send", page=draft, when="now")
    assert sent.location == draft.replace("/drafts", "")
    assert {(one.to, one.subject, one.text) for one in mails.sent} == {
        ("kim@example.org", "News for Kim", "Dear Kim"),
        ("lee@example.org", "News for Lee", "Dear Lee"),
    }
    shown = signed_in.get(sent.location).text
    assert "Spring" in shown
    assert EMAIL in shown
    with app.app_context():
        (entry,) = trail.entries(trail.Wanted(actions=[Action.BROADCAST_STARTED])).shown
        assert (entry.subject, entry.actor, entry.after) == (
            "Spring",
            EMAIL,
            {"recipients": 2, "left_out": 0},
        )
        assert not db.session.scalars(db.select(BroadcastDraft)).all()
        assert not db.session.scalars(db.select(DraftPart)).all()
        assert not db.session.scalars(db.select(BroadcastPart)).all()


def test_bad_rows_are_named_and_left_out_only_by_choice(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    with app.app_context():
        suppressions.add(Channel.EMAIL, "gone@example.org", SuppressionReason.UNSUBSCRIBED)
    draft = begin(signed_in)
    upload(signed_in, draft, BAD)
    page = signed_in.get(draft).text
    rows = re.findall(
        r"<strong>(\d+)</strong></td><td[^>]*><span[^>]*>([^<]+)</span></td><td[^>]*><span>([^<]+)<", page
    )
    assert rows == [
        ("4", "to", "Not an e-mail address"),
        ("5", "to", "A value is missing"),
        ("6", "to", "Already in the list"),
        ("7", "to", "On the suppression list"),
        ("8", "the whole row", "More or fewer columns than the first row"),
        ("9", "the whole row", "Nothing in it"),
        ("10", "name", "A value is missing"),
    ]
    assert "Send the 2 good ones" in page
    assert signed_in.submit(f"{draft}/send", page=draft, when="now").status_code == 409
    assert mails.sent == []
    assert signed_in.submit(f"{draft}/send", page=draft, when="now", only_good="1").status_code == 303
    assert sent_to(mails) == {"kim@example.org", "lee@example.org"}
    with app.app_context():
        (made,) = db.session.scalars(db.select(Broadcast))
        assert (made.accepted, made.rejected) == (2, 7)


def test_the_file_of_bad_rows_calculates_nothing(signed_in: Visitor) -> None:
    draft = begin(signed_in)
    upload(signed_in, draft, BAD)
    file = signed_in.get(f"{draft}/bad-rows")
    assert file.headers["Content-Disposition"] == 'attachment; filename="bad-rows.csv"'
    rows = list(csv.reader(io.StringIO(file.text)))
    assert rows[:3] == [
        ["Row", "Reason", "to", "name"],
        ["4", "to: Not an e-mail address", "nobody", "'=1+1"],
        ["5", "to: A value is missing", "", "Nil"],
    ]


def test_columns_with_other_names_are_matched_by_hand(signed_in: Visitor, mails: MemoryGateway) -> None:
    draft = begin(signed_in)
    upload(signed_in, draft, workbook(["Vorname", "Kontakt"], ["Kim", "kim@example.org"]), "list.xlsx")
    page = signed_in.get(draft).text
    assert "Some values have no column of their name" in page
    assert "Send" not in re.findall(r"<button[^>]*>([^<]+)", page)
    wrong = {"column-to": "1", "column-name": ""}
    assert signed_in.submit(f"{draft}/columns", page=draft, **wrong).status_code == 303
    assert (
        signed_in.submit(f"{draft}/columns", page=draft, **{"column-to": "9", "column-name": "0"}).status_code
        == 422
    )
    signed_in.submit(f"{draft}/columns", page=draft, **{"column-to": "1", "column-name": "0"})
    assert "News for Kim" in signed_in.get(draft).text
    signed_in.submit(f"{draft}/send", page=draft, when="now")
    assert sent_to(mails) == {"kim@example.org"}


def test_a_file_may_be_replaced(signed_in: Visitor, mails: MemoryGateway) -> None:
    draft = begin(signed_in)
    upload(signed_in, draft, BAD)
    upload(signed_in, draft, "to,name\nnew@example.org,New\n")
    signed_in.submit(f"{draft}/send", page=draft, when="now")
    assert sent_to(mails) == {"new@example.org"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The first row must have the names"),
        (b"to,name\n", "There are no rows below"),
        (b"\x89PNG\r\n\x1a\n\0\0", "neither a CSV file nor an XLSX workbook"),
        (b"PK\x03\x04", "This workbook can&#39;t be read"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_to_do(
    signed_in: Visitor, content: bytes, told: str
) -> None:
    answer = upload(signed_in, begin(signed_in), content)
    assert (answer.status_code, told in answer.text) == (422, True)


def test_a_long_file_is_taken_and_one_from_a_stranger_is_not(
    signed_in: Visitor, newcomer: Callable[[], Visitor]
) -> None:
    draft = begin(signed_in)
    long = GOOD + "".join(f"k{n}@example.org,Kim\n" for n in range(5_000))
    assert len(long) > 64 * 1024
    assert upload(signed_in, draft, long).status_code == 303
    stranger = newcomer()
    form = {
        "csrf_token": token_of(stranger.get("/cms/login").text),
        "file": (io.BytesIO(long.encode()), "list.csv"),
    }
    assert stranger.client.post(f"{draft}/file", data=form).status_code == 413


def test_an_upload_needs_the_token(signed_in: Visitor) -> None:
    draft = begin(signed_in)
    for token in ({}, {"csrf_token": "wrong"}):
        answer = signed_in.client.post(f"{draft}/file", data={"file": (io.BytesIO(b"to"), "a.csv"), **token})
        assert answer.status_code == 400
    assert "Check the list" in signed_in.get(draft).text


def test_it_can_be_planned_in_the_readers_time(signed_in: Visitor, app: Flask, mails: MemoryGateway) -> None:
    signed_in.submit("/cms/account/zone", zone="Asia/Shanghai")
    draft = begin(signed_in)
    upload(signed_in, draft, GOOD)
    for wrong in ("", "tomorrow", "2199-01-01T09:30"):
        answer = signed_in.submit(f"{draft}/send", page=draft, when="later", at=wrong)
        assert (answer.status_code, "within the next 30 days" in answer.text) == (422, True)
    at = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
    typed = (at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")
    assert signed_in.submit(f"{draft}/send", page=draft, when="later", at=typed).status_code == 303
    assert mails.sent == []
    with app.app_context():
        assert {one.due_at for one in db.session.scalars(db.select(Message))} == {at}


def test_a_test_goes_to_oneself_and_to_nobody_else(signed_in: Visitor, mails: MemoryGateway) -> None:
    draft = begin(signed_in)
    upload(signed_in, draft, GOOD)
    assert signed_in.submit(f"{draft}/test", page=draft, number="2").location == f"{draft}?number=2#preview"
    assert [(one.to, one.subject) for one in mails.sent] == [(EMAIL, "News for Lee")]


def test_a_second_click_on_send_finds_the_broadcast(signed_in: Visitor, mails: MemoryGateway) -> None:
    draft = begin(signed_in)
    upload(signed_in, draft, GOOD)
    token = token_of(signed_in.get(draft).text)
    clicks = [
        signed_in.client.post(f"{draft}/send", data={"csrf_token": token, "when": "now"}).location
        for _ in range(2)
    ]
    assert clicks == [draft.replace("/drafts", "")] * 2
    assert len(mails.sent) == 2


def test_a_budget_that_does_not_suffice_sends_nothing(
    signed_in: Visitor, app: Flask, sms: MemoryGateway
) -> None:
    app.config["SMS_SENDS_PER_DAY"] = 1
    draft = begin(signed_in, what="sms/", text="Hello")
    upload(signed_in, draft, "to\n+8613800138000\n+8613800138001\n")
    page = signed_in.get(draft).text
    assert "It takes 2 segments of SMS; 1 of 1 are left" in page
    answer = signed_in.submit(f"{draft}/send", page=draft, when="now")
    assert (answer.status_code, sms.sent) == (429, [])


def test_a_name_and_a_text_are_needed(signed_in: Visitor) -> None:
    wrong = {"name": "", "text": "", "subject": "", "what": "fax/"}
    for name, value in wrong.items():
        answer = signed_in.submit(NEW, page=NEW, **{"name": "Spring", **OWN, name: value})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text


def test_a_draft_belongs_to_its_author_and_ends_with_its_day(
    signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    draft = begin(signed_in)
    upload(signed_in, draft, GOOD)
    assert "Spring" in signed_in.get(NEW).text
    with app.app_context():
        administrators.add("kim@example.org", "operator", PASSWORD)
    kim = newcomer()
    kim.sign_in("kim@example.org")
    assert kim.get(draft).status_code == 404
    assert "Spring" not in kim.get(NEW).text
    with app.app_context():
        (row,) = db.session.scalars(db.select(BroadcastDraft))
        row.created_at -= drafts.LIFE
        db.session.commit()
    assert signed_in.get(draft).status_code == 404
    with app.app_context():
        assert retention.purge(timedelta(days=30))["drafts"] == 1
        assert not db.session.scalars(db.select(DraftPart)).all()
        assert not db.session.scalars(db.select(BroadcastPart)).all()


def test_a_discarded_draft_leaves_nothing(signed_in: Visitor, app: Flask) -> None:
    draft = begin(signed_in)
    upload(signed_in, draft, GOOD)
    assert signed_in.submit(f"{draft}/discard", page=draft).location == NEW
    with app.app_context():
        assert not db.session.scalars(db.select(BroadcastPart)).all()


def test_what_is_kept_is_sealed(signed_in: Visitor, app: Flask) -> None:
    upload(signed_in, begin(signed_in), GOOD)
    with app.app_context():
        kept = [*db.session.scalars(db.select(DraftPart)), *db.session.scalars(db.select(BroadcastPart))]
        assert len(kept) == 2
        assert not any(b"kim" in one.sealed for one in kept)


def test_a_viewer_sends_nothing(newcomer: Callable[[], Visitor], app: Flask) -> None:
    with app.app_context():
        administrators.add("vera@example.org", "viewer", PASSWORD)
    vera = newcomer()
    vera.sign_in("vera@example.org")
    assert vera.get(NEW).status_code == 403
    assert vera.get("/cms/messages/new").status_code == 403
    assert "Send one message" not in vera.get("/cms/messages").text
