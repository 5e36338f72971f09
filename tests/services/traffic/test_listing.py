"""Lists of messages and verifications: every row once, whatever is added in between, and no long scans."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.errors import InvalidInput
from domain.owners import Owner
from domain.statuses import Channel, MessageStatus, VerificationStatus
from exts import db
from models import Message, Verification
from services.messaging import message_views
from services.traffic import listing, message_lists, verification_lists
from services.traffic.message_lists import Filter

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def put(number, *, minute=None, **values):
    """Add a message, `number` minutes after the first one."""
    row = {
        "id": f"{number:032x}",
        "owner": "key:a",
        "channel": "sms",
        "lane": "sms",
        "priority": 1,
        "to": "+8613800138000",
        "canonical": "+8613800138000",
        "template": "notice",
        "locale": "en",
        "status": "sent",
        "gateway": "main",
        "deadline_at": NOW + timedelta(days=1),
        "created_at": NOW + timedelta(minutes=number if minute is None else minute),
    }
    db.session.execute(sa.insert(Message).values(row | values))
    db.session.commit()
    return row["id"]


def walk(chosen=None, *, limit=3, between=lambda: None):
    """Return the ids of each page."""
    pages, cursor = [], None
    while True:
        page = message_lists.page(chosen or Filter(), cursor=cursor, limit=limit)
        pages.append([one.id for one in page.messages])
        cursor = page.next_cursor
        if cursor is None:
            return pages
        between()


def numbers(pages):
    return [int(one, 16) for page in pages for one in page]


def test_pages_have_no_gap_and_no_repetition_while_rows_come_and_go():
    for number in range(1, 11):
        put(number)
    fresh = iter(range(100, 200))

    def between():
        put(next(fresh))
        db.session.execute(sa.delete(Message).where(Message.id == f"{7:032x}"))
        db.session.commit()

    assert numbers(walk(between=between)) == [10, 9, 8, 6, 5, 4, 3, 2, 1]


def test_rows_with_the_same_time_are_ordered_by_id():
    for number in range(1, 9):
        put(number, minute=0)
    assert numbers(walk()) == [8, 7, 6, 5, 4, 3, 2, 1]


def test_the_list_of_an_owner_continues_in_the_same_way():
    for number in range(1, 9):
        put(number, minute=number // 4)
    found, cursor = [], None
    while not found or cursor:
        page = message_views.page(Owner("key:a"), message_views.Filter(), limit=3, cursor=cursor)
        found += [int(one.id, 16) for one in page.messages]
        cursor = page.next_cursor
    assert found == [8, 7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Filter(), [6, 5, 4, 3, 2, 1]),
        (Filter(statuses=(MessageStatus.FAILED,)), [3]),
        (Filter(statuses=(MessageStatus.FAILED, MessageStatus.EXPIRED)), [4, 3]),
        (Filter(statuses=(MessageStatus.SENT,), channel=Channel.EMAIL), [2]),
        (Filter(channel=Channel.SMS), [6, 5, 4, 3, 1]),
        (Filter(template="parcel"), [5]),
        (Filter(gateway="spare"), [6]),
        (Filter(since=NOW + timedelta(minutes=3), until=NOW + timedelta(minutes=5)), [4, 3]),
        (Filter(sought="138 0013 8000"), [5, 4, 3, 1]),
        (Filter(sought=" A@B.example "), [2]),
        (Filter(sought="ref-6"), [6]),
        (Filter(sought=f"{4:032x}"), [4]),
        (Filter(sought="138 0013 8000", statuses=(MessageStatus.FAILED,)), [3]),
        (Filter(sought="nobody@example.org"), []),
        (Filter(sought=""), []),
    ],
)
def test_each_filter_alone_and_together(chosen, expected):
    put(1)
    put(2, channel="email", to="A@b.example", canonical="a@b.example")
    put(3, status="failed")
    put(4, status="expired")
    put(5, template="parcel")
    put(6, gateway="spare", gateway_reference="ref-6", to="+4917012345678", canonical="+4917012345678")
    assert numbers(walk(chosen, limit=2)) == expected
    assert numbers([message_lists.ids(chosen, most=2)]) == expected[:2]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Filter(key="b"), [4]),
        (Filter(purpose="login"), [2]),
        (Filter(purpose="nothing"), []),
        (Filter(purpose=message_lists.NO_CODE), [4, 3, 1]),
        (Filter(country="DE"), [3]),
        (Filter(error="550 <…> 100% !_gone"), [1]),
        (Filter(error="550"), []),
        (Filter(is_test=True), [3]),
        (Filter(is_test=False), [4, 2, 1]),
        (Filter(key="a", country="DE", is_test=True), [3]),
    ],
)
def test_filters_without_an_index(chosen, expected):
    put(1, error="550 <kim@example.org> 100% !_gone", status="failed")
    put(2, verification_id=f"{9:032x}")
    put(3, country="DE", is_test=True)
    put(4, owner="key:b", error="550 <kim@example.org> 100 !xgone", status="failed")
    put_verification(9)
    assert numbers(walk(chosen, limit=2)) == expected


def test_a_page_leads_back_to_the_newer_ones():
    for number in range(1, 12):
        put(number, minute=number // 3)
    pages, cursor = [], None
    for _ in range(3):
        page = message_lists.page(Filter(), cursor=cursor, limit=3)
        pages.append([int(one.id, 16) for one in page.messages])
        cursor = page.next_cursor
    assert pages == [[11, 10, 9], [8, 7, 6], [5, 4, 3]]
    back = message_lists.page(Filter(), cursor=page.newer_cursor, limit=3)
    assert [int(one.id, 16) for one in back.messages] == [8, 7, 6]
    again = message_lists.page(Filter(), cursor=back.next_cursor, limit=3)
    assert [int(one.id, 16) for one in again.messages] == [5, 4, 3]
    put(12, minute=9)
    newer = message_lists.page(Filter(), cursor=back.newer_cursor, limit=3)
    assert [int(one.id, 16) for one in newer.messages] == [11, 10, 9]
    assert message_lists.newer(Filter(), newer.newer_cursor) == 1
    first = message_lists.page(Filter(), cursor=newer.newer_cursor, limit=3)
    assert [int(one.id, 16) for one in first.messages] == [12, 11, 10], "a full first page"


def test_newer_ones_are_searched_for_step_by_step(monkeypatch):
    monkeypatch.setattr(listing, "LOOK_THROUGH", 4)
    for number in range(1, 20):
        put(number, gateway="spare" if number in (1, 18) else "main")
    oldest = message_lists.page(Filter(gateway="spare", until=NOW + timedelta(minutes=2)))
    cursor, found, steps = oldest.newer_cursor, [], 0
    while cursor and not found:
        page = message_lists.page(Filter(gateway="spare"), cursor=cursor, limit=1)
        found, cursor, steps = [int(one.id, 16) for one in page.messages], page.newer_cursor, steps + 1
    assert (found, steps > 2) == ([18], True)


def test_states_are_counted_whatever_state_the_filter_names(monkeypatch):
    for number in range(1, 7):
        put(number, status="sent" if number % 2 else "failed", gateway="main" if number < 5 else "spare")
    put(7, status="queued", due_at=datetime.now(UTC) + timedelta(days=1), gateway="main")
    chosen = Filter(statuses=(MessageStatus.FAILED,), gateway="main")
    expected = {"sent": 2, "failed": 2, message_lists.PLANNED: 1}
    assert message_lists.tally(chosen) == listing.Tally(expected, is_least=False)
    monkeypatch.setattr(listing, "TALLY_THROUGH", 3)
    cut = message_lists.tally(Filter())
    assert (sum(cut.counts.values()), cut.is_least) == (3, True)


def test_verifications_are_counted_by_the_status_that_they_say_they_have():
    past = datetime.now(UTC) - timedelta(seconds=1)
    for number, values in enumerate(({}, {"used_at": past}, {"expires_at": past}, {"attempts": 5}, {}), 1):
        put_verification(number, **values)
    found = verification_lists.tally(verification_lists.Filter(status=VerificationStatus.LOCKED))
    assert found.counts == {"pending": 2, "approved": 1, "expired": 1, "locked": 1}
    by_key = verification_lists.page(verification_lists.Filter(key="b", is_test=False))
    assert by_key.verifications == ()


def test_a_rare_row_is_searched_for_step_by_step(monkeypatch):
    monkeypatch.setattr(listing, "LOOK_THROUGH", 4)
    for number in range(1, 15):
        put(number, gateway="spare" if number in (2, 3) else "main", minute=number // 2)
    chosen = Filter(gateway="spare")
    first = message_lists.page(chosen)
    assert (first.messages, first.looked_back_to) == ((), NOW + timedelta(minutes=5))
    assert numbers(walk(chosen)) == [3, 2]
    assert len(walk(chosen)) > 2
    assert numbers([message_lists.ids(chosen, most=10)]) == [3, 2]


def test_a_search_with_an_index_is_never_cut_short(monkeypatch):
    monkeypatch.setattr(listing, "LOOK_THROUGH", 2)
    for number in range(1, 8):
        put(number)
    page = message_lists.page(Filter(sought="+8613800138000"))
    assert (len(page.messages), page.next_cursor, page.looked_back_to) == (7, None, None)


@pytest.mark.parametrize("cursor", ["nonsense", "ä", "", "MTIz"])
def test_an_invalid_cursor_is_refused(cursor):
    with pytest.raises(InvalidInput):
        message_lists.page(Filter(), cursor=cursor)


def test_destinations_are_masked_unless_asked_for():
    put(1)
    assert [one.to for one in message_lists.page(Filter()).messages] == ["+86138****8000"]
    assert [one.to for one in message_lists.page(Filter(), unmasked=True).messages] == ["+8613800138000"]


def put_verification(number, **values):
    now = datetime.now(UTC)
    row = {
        "id": f"{number:032x}",
        "owner": "key:a",
        "channel": "sms",
        "to": "+8613800138000",
        "canonical": "+8613800138000",
        "purpose": "login",
        "locale": "en",
        "metadata": {},
        "code_hash": b"x" * 32,
        "pepper_id": "12345678",
        "max_attempts": 5,
        "message_id": f"{number:032x}",
        "created_at": now - timedelta(seconds=300 - 20 * number),
        "expires_at": now + timedelta(seconds=240 + number),
        "resend_at": now,
    }
    db.session.execute(sa.insert(Verification).values(row | values))
    db.session.commit()


def test_verifications_are_found_by_the_status_that_they_say_they_have():
    now = datetime.now(UTC)
    past = now - timedelta(seconds=1)
    put_verification(1)
    put_verification(2, used_at=past)
    put_verification(3, canceled_at=past)
    put_verification(4, expires_at=past)
    put_verification(5, attempts=5)
    put_verification(6, attempts=5, expires_at=past)
    put_verification(7, attempts=9, max_attempts=0)
    put_verification(8, used_at=past, canceled_at=past, expires_at=past)
    everything = verification_lists.page(verification_lists.Filter()).verifications
    assert len(everything) == 8
    for status in VerificationStatus:
        found = verification_lists.page(verification_lists.Filter(status=status)).verifications
        assert {one.id for one in found} == {one.id for one in everything if one.status is status}, status
        assert found, status


def test_verifications_are_found_by_their_destination_and_their_messages():
    put_verification(1, message_id=f"{0xA:032x}")
    put_verification(2, purpose="other", to="a@b.example", canonical="a@b.example", channel="email")
    put(0xA, verification_id=f"{1:032x}", gateway_reference="ref-a")
    put(0xB, verification_id=f"{1:032x}")
    for sought in ("+86 138 0013 8000", "13800138000", f"{1:032x}", f"{0xA:032x}", "ref-a"):
        found = verification_lists.page(verification_lists.Filter(sought=sought)).verifications
        assert [(one.id, one.to) for one in found] == [(f"{1:032x}", "+86138****8000")], sought
    for chosen in (
        verification_lists.Filter(purpose="other"),
        verification_lists.Filter(channel=Channel.EMAIL),
        verification_lists.Filter(since=datetime.now(UTC) - timedelta(seconds=270)),
    ):
        assert [one.id for one in verification_lists.page(chosen).verifications] == [f"{2:032x}"]
    until = verification_lists.Filter(until=datetime.now(UTC) - timedelta(seconds=270))
    assert [one.id for one in verification_lists.page(until).verifications] == [f"{1:032x}"]
    details = verification_lists.get(f"{1:032x}")
    assert [int(one.id, 16) for one in details.messages] == [0xA, 0xB]


def test_a_count_is_exact_where_it_reaches_the_end_and_says_where_it_does_not(monkeypatch):
    for number in range(10):
        put(number, gateway="main" if number % 2 else "spare")
    count = message_lists.count
    assert count(Filter()) == listing.Count(10, is_least=False)
    assert count(Filter(gateway="main")) == listing.Count(5, is_least=False)
    assert count(Filter(gateway="none")) == listing.Count(0, is_least=False)
    monkeypatch.setattr(listing, "COUNT_THROUGH", 10)
    assert count(Filter(gateway="main")) == listing.Count(5, is_least=False)
    monkeypatch.setattr(listing, "COUNT_THROUGH", 4)
    assert count(Filter(gateway="main")) == listing.Count(2, is_least=True)
    assert count(Filter()) == listing.Count(4, is_least=True)
