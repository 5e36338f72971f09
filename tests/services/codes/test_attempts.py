"""Which sends of codes led to an approval."""

from datetime import timedelta

import pytest

from domain.errors import NotFound
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message, Verification
from services.codes import attempts, checks, repeats, verifications
from services.codes.attempts import Filter, Summary
from services.codes.verifications import Request

pytestmark = pytest.mark.usefixtures("context")
CHINA, GERMANY = "+8613800138000", "+4915112345678"


def approve_one_of_three(owner: Owner) -> str:
    """Send a code twice and approve it, and send another one; return the id of the first verification."""
    first = repeats.issue_or_repeat(Request(Channel.SMS, CHINA), owner)
    repeats.issue_or_repeat(Request(Channel.SMS, CHINA), owner)
    checks.approve_unchecked(first.id, owner)
    verifications.issue(Request(Channel.SMS, GERMANY), owner)
    return first.id


def test_only_the_last_send_of_an_approved_code_is_converted(owner: Owner) -> None:
    first = approve_one_of_three(owner)
    verifications.issue(Request(Channel.SMS, GERMANY), Owner("key:other", is_test=True))
    found = attempts.page(owner, Filter(), limit=10, cursor=None)
    assert [one.is_converted for one in found.attempts] == [False, True, False]
    assert [one.country for one in found.attempts] == ["DE", "CN", "CN"]
    assert found.next_cursor is None
    assert attempts.of_verification(first) == found.attempts[:0:-1]
    assert attempts.summary(owner, Filter()) == Summary(3, 1)
    assert attempts.summary(Owner("key:nobody"), Filter()) == Summary(0, 0)


def test_filters(owner: Owner) -> None:
    first = approve_one_of_three(owner)
    at = attempts.of_verification(first)[1].created_at
    second = timedelta(microseconds=1)
    for chosen, count in (
        (Filter(is_converted=True), 1),
        (Filter(is_converted=False), 2),
        (Filter(country="DE"), 1),
        (Filter(to="0086 138 0013 8000", channel=Channel.SMS), 2),
        (Filter(channel=Channel.EMAIL), 0),
        (Filter(verification_id=first), 2),
        (Filter(since=at), 2),
        (Filter(since=at + second), 1),
        (Filter(until=at), 2),
        (Filter(until=at - second), 1),
    ):
        assert len(attempts.page(owner, chosen, limit=10, cursor=None).attempts) == count, chosen
        assert attempts.summary(owner, chosen).total == count, chosen


def test_pages_follow_each_other(owner: Owner) -> None:
    approve_one_of_three(owner)
    first = attempts.page(owner, Filter(), limit=2, cursor=None)
    second = attempts.page(owner, Filter(), limit=2, cursor=first.next_cursor)
    assert (len(first.attempts), len(second.attempts), second.next_cursor) == (2, 1, None)
    assert not {one.id for one in first.attempts} & {one.id for one in second.attempts}


def test_one_is_shown_to_its_owner_only(owner: Owner) -> None:
    approve_one_of_three(owner)
    one = attempts.page(owner, Filter(), limit=1, cursor=None).attempts[0]
    assert attempts.get(one.id, owner) == one
    with pytest.raises(NotFound):
        attempts.get(one.id, Owner("key:other"))


def test_what_was_purged_is_missing(owner: Owner) -> None:
    first = approve_one_of_three(owner)
    db.session.execute(db.delete(Message).where(Message.verification_id == first))
    db.session.execute(db.delete(Verification).where(Verification.to == GERMANY))
    db.session.commit()
    assert attempts.of_verification(first) == []
    assert attempts.summary(owner, Filter()) == Summary(0, 0)
