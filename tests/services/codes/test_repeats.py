"""The same code again to who has a pending one, and approvals without a code."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from domain.errors import Conflict, InvalidDestination, LimitExceeded, NotFound
from domain.owners import Owner
from domain.statuses import Channel, MessageStatus, VerificationStatus
from exts import db
from models import Message, Verification
from services.codes import checks, pending, repeats, verifications
from services.codes.verifications import Request

pytestmark = pytest.mark.usefixtures("context")
SMS = Request(Channel.SMS, "+8613800138000")


def test_a_repeat_is_the_same_code_without_cooldown(owner: Owner, sms: MemoryGateway) -> None:
    first, second = (repeats.issue_or_repeat(SMS, owner) for _ in range(2))
    assert (first.id, first.expires_at) == (second.id, second.expires_at)
    assert len({one.params["code"] for one in sms.sent}) == 1
    assert len(sms.sent) == 2


def test_every_other_limit_holds(owner: Owner) -> None:
    for _ in range(5):
        repeats.issue_or_repeat(SMS, owner)
    with pytest.raises(LimitExceeded) as caught:
        repeats.issue_or_repeat(SMS, owner)
    assert caught.value.limit == "destination_sends_per_10_minutes"


def test_after_the_end_it_is_a_new_code_with_cooldown(owner: Owner) -> None:
    first = repeats.issue_or_repeat(SMS, owner)
    verifications.cancel(first.id, owner)
    with pytest.raises(LimitExceeded) as caught:
        repeats.issue_or_repeat(SMS, owner)
    assert caught.value.limit == "resend_cooldown"
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
        assert repeats.issue_or_repeat(SMS, owner).id != first.id


def test_one_without_attempts_left_is_not_repeated(owner: Owner) -> None:
    first = repeats.issue_or_repeat(SMS, owner)
    db.session.get(Verification, first.id).attempts = 5
    db.session.commit()
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
        assert repeats.issue_or_repeat(SMS, owner).id != first.id


def test_of_two_clicks_at_once_the_slower_one_repeats(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    first, find, misses = repeats.issue_or_repeat(SMS, owner), pending.newest, [1]

    def too_early(*given: Any, **named: Any) -> str:
        if misses:
            misses.pop()
            raise NotFound("not yet")
        return find(*given, **named)

    monkeypatch.setattr(pending, "newest", too_early)
    assert repeats.issue_or_repeat(SMS, owner).id == first.id
    assert misses == []


def test_many_clicks_at_once_are_one_verification(app: Flask, owner: Owner) -> None:
    app.config |= {"DESTINATION_SENDS_PER_10_MINUTES": 0, "DESTINATION_SENDS_PER_DAY": 0}

    def click(_: int) -> str:
        with app.app_context():
            try:
                return repeats.issue_or_repeat(SMS, owner).id
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(16)))) == 1
    assert db.session.scalar(db.select(db.func.count()).select_from(Message)) == 16


def test_others_codes_are_not_repeated(owner: Owner) -> None:
    first = repeats.issue_or_repeat(SMS, owner)
    assert repeats.issue_or_repeat(SMS, Owner("key:tests2", is_test=True)).id != first.id


def test_what_is_no_destination_is_refused(owner: Owner) -> None:
    with pytest.raises(InvalidDestination):
        repeats.issue_or_repeat(Request(Channel.SMS, "12"), owner)


def test_an_approval_without_code_ends_a_pending_one_only(owner: Owner) -> None:
    first = repeats.issue_or_repeat(SMS, owner)
    with pytest.raises(NotFound):
        checks.approve_unchecked(first.id, Owner("key:other"))
    row = db.session.get(Message, first.message_id)
    row.status = MessageStatus.QUEUED
    db.session.commit()
    checks.approve_unchecked(first.id, owner)
    assert verifications.get(first.id, owner).status is VerificationStatus.APPROVED
    assert db.session.get(Verification, first.id).sealed_code is None
    assert db.session.get(Message, first.message_id, populate_existing=True).status == MessageStatus.CANCELED
    with pytest.raises(Conflict):
        checks.approve_unchecked(first.id, owner)
