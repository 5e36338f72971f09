"""Broadcasts from files: what is wrong with each row, and that each good one becomes one message."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from domain.errors import InvalidInput, LimitExceeded
from domain.keyring import Keyring
from domain.owners import Owner
from domain.sheets import BadRow, BadRows, Fault
from domain.statuses import BroadcastStatus, Channel, MessageStatus, SuppressionReason
from exts import db
from models import Broadcast, BroadcastPart, Message
from services.limits import send_limits
from services.messaging import broadcast_views, broadcasts, suppressions
from services.outbox import packed
from services.process.parts import part
from services.sheets import sending
from services.sheets.sending import Request
from services.test_numbers import fixed_codes
from tests.services.sheets.tables import workbook

pytestmark = pytest.mark.usefixtures("context")
NOTICE = "to,title,text\n"
SMS = Request(Channel.SMS, "notice")
MAIL = Request(Channel.EMAIL, "notice")


@pytest.fixture
def settings(settings):
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False}


def people(count: int) -> str:
    return NOTICE + "".join(f"k{n}@example.org,News,Hello {n}\n" for n in range(count))


def send(text: str | io.BytesIO, owner: Owner, request: Request = MAIL) -> sending.Accepted:
    return sending.send(io.BytesIO(text.encode()) if isinstance(text, str) else text, request, owner)


def good(request: Request, **more) -> Request:
    return Request(request.channel, request.template, only_good=True, **more)


def bad_rows(text: str, owner: Owner, request: Request = MAIL) -> list[BadRow]:
    with pytest.raises(BadRows) as error:
        send(text, owner, request)
    return list(error.value.rows)


def unpack() -> int:
    count = 0
    while packed.unpack(part(Keyring), fixed_codes.marked):
        count += 1
    return count


def messages() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Message)))


def test_each_kind_of_bad_row_is_named_with_its_row_and_column(owner):
    suppressions.add(Channel.SMS, "+8613900139001", SuppressionReason.UNSUBSCRIBED)
    text = (
        "Name,Mobile number,text\n"
        "Kim,+8613800138000,Hello\n"
        "Bad,12345,Hello\n"
        "Far,+12025550123,Hello\n"
        "Nil,+8613800138001,\n"
        "Nil,,Hello\n"
        f"Long,+8613800138002,{'x' * 1700}\n"
        f"Long,+8613800138003,{'x' * 2001}\n"
        "Again,138 0013 8000,Hello\n"
        "Gone,+8613900139001,Hello\n"
        "\n"
        ",,\n"
        "Few,+8613800138004\n"
        "Many,+8613800138005,Hello,again\n"
        'Lines,+8613800138006,"two\nlines"\n'
        "Lee,'+8613800138007,Hello\n"
    )
    found = bad_rows(text, owner, SMS)
    assert [(one.row, one.column, one.code) for one in found] == [
        (3, "Mobile number", Fault.INVALID_NUMBER),
        (4, "Mobile number", Fault.COUNTRY_NOT_ALLOWED),
        (5, "text", Fault.MISSING_VALUE),
        (6, "Mobile number", Fault.MISSING_VALUE),
        (7, "", Fault.TOO_LONG),
        (8, "text", Fault.TOO_LONG),
        (9, "Mobile number", Fault.DUPLICATE),
        (10, "Mobile number", Fault.SUPPRESSED),
        (11, "", Fault.BLANK),
        (12, "", Fault.BLANK),
        (13, "", Fault.WRONG_COLUMNS),
        (14, "", Fault.WRONG_COLUMNS),
        (15, "text", Fault.INVALID_VALUE),
    ]
    assert found[6].detail == "is already in row 2"
    assert not any(secret in one.detail for one in found for secret in ("12345", "138001", "Hello"))
    assert messages() == []
    accepted = send(text, owner, good(SMS))
    assert (accepted.accepted, len(accepted.rejected)) == (2, 13)
    unpack()
    assert {one.to for one in messages()} == {"+8613800138000", "+8613800138007"}


def test_an_address_that_is_none_is_named(owner):
    (found,) = bad_rows(f"{NOTICE}nobody,News,Hello\n", owner)
    assert (found.row, found.column, found.code) == (2, "to", Fault.INVALID_ADDRESS)


def test_columns_are_found_whatever_their_case_and_order(owner):
    made = send("TEXT;nr;E-Mail-Adresse; Title \nHello;5;kim@example.org;News\n", owner)
    assert made.accepted == 1


def test_a_column_that_is_missing_is_named(owner):
    found = bad_rows("name,title\nKim,News\n", owner)
    assert [(one.row, one.column, one.code) for one in found] == [
        (1, "to", Fault.MISSING_COLUMN),
        (1, "text", Fault.MISSING_COLUMN),
    ]


def test_a_workbook_is_sent_like_a_table(owner):
    accepted = send(workbook(["text", "title", "to"], ["Hello", 5, "kim@example.org"]), owner)
    unpack()
    (message,) = messages()
    assert (accepted.accepted, message.to, message.template) == (1, "kim@example.org", "notice")


def test_an_unknown_template_is_refused_before_the_file_is_read(owner):
    with pytest.raises(InvalidInput, match="template"):
        send("", owner, Request(Channel.EMAIL, "nothing"))


def test_the_recipients_wait_in_parts_and_are_counted_as_queued(owner):
    accepted = send(people(2500), owner)
    db.session.rollback()
    assert db.session.scalars(db.select(BroadcastPart.recipients)).all() == [1000, 1000, 500]
    assert messages() == []
    view = broadcast_views.get(accepted.id, owner)
    assert (view.status, view.accepted, view.counts["queued"]) == (BroadcastStatus.SENDING, 2500, 2500)
    assert packed.unpack(part(Keyring), fixed_codes.marked)
    assert len(messages()) == 1000
    assert broadcast_views.get(accepted.id, owner).counts["queued"] == 2500
    assert unpack() == 2
    assert Counter(one.to for one in messages()) == Counter(f"k{n}@example.org" for n in range(2500))
    assert all(one.due_at and one.broadcast_id == accepted.id for one in messages())


def test_no_address_is_in_a_part_in_clear(owner):
    send(people(3), owner)
    db.session.rollback()
    (waits,) = db.session.scalars(db.select(BroadcastPart))
    assert b"example.org" not in waits.sealed
    assert "example.org" not in str(waits.segments)


def test_a_failed_transaction_leaves_the_part_and_no_message(owner, monkeypatch):
    send(people(3), owner)
    with monkeypatch.context() as patch:
        patch.setattr(packed, "_suppressed", lambda *_: {}["killed"])  # after the part is deleted
        with pytest.raises(KeyError):
            packed.unpack(part(Keyring), fixed_codes.marked)
    assert messages() == []
    assert unpack() == 1
    assert len(messages()) == 3


def test_a_part_that_another_worker_took_first_is_not_made_again(owner, monkeypatch):
    send(people(3), owner)
    real, is_first = packed._messages, [True]

    def slow(*given):
        made = real(*given)
        if is_first and is_first.pop():
            packed.unpack(part(Keyring), fixed_codes.marked)
        return made

    monkeypatch.setattr(packed, "_messages", slow)
    assert packed.unpack(part(Keyring), fixed_codes.marked)
    assert len(messages()) == 3


def test_who_is_suppressed_while_a_part_waits_gets_nothing(owner):
    accepted = send(people(3), owner)
    suppressions.add(Channel.EMAIL, "k1@example.org", SuppressionReason.UNSUBSCRIBED)
    unpack()
    found = {one.to: (one.status, one.error) for one in messages()}
    assert found["k1@example.org"] == (MessageStatus.CANCELED, "suppressed")
    assert found["k0@example.org"] == (MessageStatus.QUEUED, None)
    assert broadcast_views.get(accepted.id, owner).counts["canceled"] == 1


def test_a_pause_holds_what_waits_and_a_cancellation_ends_it(owner):
    paused, canceled = send(people(2), owner).id, send(people(2), owner).id
    broadcasts.pause(paused, owner)
    broadcasts.cancel(canceled, owner)
    unpack()
    held = [one for one in messages() if one.broadcast_id == paused]
    assert [(one.status, one.due_at) for one in held] == [(MessageStatus.QUEUED, None)] * 2
    assert broadcast_views.get(canceled, owner).counts["canceled"] == 2
    broadcasts.resume(paused, owner)
    assert all(one.due_at for one in messages() if one.broadcast_id == paused)


def test_a_planned_one_is_due_at_its_time(owner):
    at = datetime.now(UTC) + timedelta(hours=3)
    accepted = send(people(1), owner, good(MAIL, send_at=at))
    unpack()
    (message,) = messages()
    assert (message.due_at, message.send_at) == (at, at)
    assert broadcast_views.get(accepted.id, owner).status is BroadcastStatus.SCHEDULED


def test_sms_that_wait_count_against_the_days_budget(app: Flask, owner):
    app.config["SMS_SENDS_PER_DAY"] = 3
    two = f"{NOTICE}+8613800138000,a,Hello\n+8613800138001,a,Hello\n"
    send(two, owner, SMS)
    assert send_limits.sms_of_a_day(owner) == {"CN": 2, "all": 2}
    with pytest.raises(LimitExceeded):
        send(two, owner, SMS)
    unpack()
    assert send_limits.sms_of_a_day(owner) == {"CN": 2, "all": 2}
    db.session.rollback()
    assert len(list(db.session.scalars(db.select(Broadcast)))) == 1
