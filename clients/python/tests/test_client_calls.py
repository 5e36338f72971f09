"""The same story with the service and with the fake, blocking and awaited."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sendcode import (
    AsyncSendcode,
    BadRows,
    Conflict,
    InvalidDestination,
    InvalidInput,
    LimitExceeded,
    MalformedCode,
    NotAuthenticated,
    NotFound,
    Sendcode,
    VerificationLocked,
)
from sendcode.conversation import Failure
from sendcode.testing import AsyncFakeSendcode, FakeSendcode

PHONE = "+8613800138000"


@dataclass
class Side:
    """One client, and how its tests learn the newest code."""

    client: Any
    newest_code: Callable[[], str]

    def __call__(self, subject: str, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call and, where it is to be awaited, await."""
        called = getattr(getattr(self.client, subject), name)(*args, **kwargs)
        return asyncio.run(called) if asyncio.iscoroutine(called) else called

    def listed(self, subject: str, name: str, /, *args: Any, **kwargs: Any) -> list[Any]:
        """Return a whole list."""
        found = getattr(getattr(self.client, subject), name)(*args, **kwargs)
        return asyncio.run(_all(found)) if hasattr(found, "__aiter__") else list(found)


async def _all(found: Any) -> list[Any]:
    return [one async for one in found]


@pytest.fixture(params=["service", "async service", "fake", "async fake"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param.endswith("fake"):
        fake = AsyncFakeSendcode() if request.param.startswith("async") else FakeSendcode()
        return Side(fake, lambda: str(fake.sent[-1].code))
    client = request.getfixturevalue("async_client" if request.param.startswith("async") else "client")
    sms = request.getfixturevalue("sms")
    return Side(client, lambda: str(sms.sent[-1].params["code"]))


def wrong(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def test_a_code_is_issued_checked_once_and_used_up(side):
    issued = side("verifications", "issue", "sms", PHONE, purpose="login", metadata={"user": "42"})
    assert (issued.to, issued.purpose, issued.status) == (PHONE, "login", "pending")
    assert (issued.metadata, issued.attempts_left) == ({"user": "42"}, 5)
    assert issued.expires_at - issued.created_at == timedelta(minutes=5)
    assert side.newest_code() not in repr(issued)
    guess = side("verifications", "check", issued.id, wrong(side.newest_code()))
    assert (guess.valid, guess.status, guess.attempts_left) == (False, "pending", 4)
    assert side("verifications", "check", issued.id, side.newest_code()).valid
    again = side("verifications", "check", issued.id, side.newest_code())
    assert (again.valid, again.status) == (False, "approved")
    assert side("verifications", "get", issued.id).status == "approved"


def test_the_newest_code_of_a_destination_is_checked_without_an_id(side):
    side("verifications", "issue", "sms", PHONE)
    assert not side("verifications", "check_newest", PHONE, wrong(side.newest_code())).valid
    assert side("verifications", "check_newest", PHONE, side.newest_code()).valid
    with pytest.raises(NotFound):
        side("verifications", "check_newest", PHONE, side.newest_code())


def test_refusals_are_errors_with_what_a_program_needs(side):
    with pytest.raises(InvalidDestination) as destination:
        side("verifications", "issue", "email", "nobody")
    assert destination.value.status == 422
    assert len(destination.value.request_id) == 32
    assert destination.value.errors[0].field == "to"
    issued = side("verifications", "issue", "sms", PHONE)
    with pytest.raises(LimitExceeded) as limit:
        side("verifications", "resend", issued.id)
    assert limit.value.limit == "resend_cooldown"
    assert 0 < limit.value.retry_after <= 60
    with pytest.raises(MalformedCode):
        side("verifications", "check", issued.id, "12")
    with pytest.raises(NotFound):
        side("verifications", "get", "nothing")
    assert side("verifications", "cancel", issued.id).status == "canceled"
    with pytest.raises(Conflict):
        side("verifications", "resend", issued.id)


def test_the_same_code_goes_the_next_way_by_hand(side):
    issued = side("verifications", "issue", "sms", PHONE, fallback=[{"channel": "email", "to": "kim@x.org"}])
    code = side.newest_code()
    assert [(one.channel, one.to, one.after_seconds) for one in issued.steps] == [
        ("sms", PHONE, None),
        ("email", "kim@x.org", 60),
    ]
    assert (issued.steps[0].message, issued.steps[1].status) == (issued.message, "waiting")
    taken = side("verifications", "next_channel", issued.id)
    assert (taken.steps[1].message, taken.steps[1].at is None) == (taken.message, False)
    with pytest.raises(Conflict) as none_left:
        side("verifications", "next_channel", issued.id)
    assert none_left.value.code == "no_next_channel"
    assert side("verifications", "check", issued.id, code).valid
    assert side("verifications", "get", issued.id).steps[1].message.id == taken.message.id


def test_the_last_attempt_locks(side):
    issued = side("verifications", "issue", "sms", PHONE)
    results = [side("verifications", "check", issued.id, wrong(side.newest_code())) for _ in range(5)]
    assert [one.attempts_left for one in results] == [4, 3, 2, 1, 0]
    assert results[-1].status == "locked"
    with pytest.raises(VerificationLocked) as locked:
        side("verifications", "check", issued.id, side.newest_code())
    assert locked.value.limit == "code_attempts"
    assert locked.value.retry_after > 0


def test_messages_are_sent_found_listed_over_pages_taken_back_and_repeated(side):
    content = {"subject": "Order {{ number }}", "text": "Order {{ number }}", "params": {"number": 1}}
    sent = [side("messages", "send", "email", f"kim{n}@example.com", **content) for n in range(3)]
    found = side.listed("messages", "list", channel="email", limit=2)
    assert [one.id for one in found] == [one.id for one in reversed(sent)]
    page = side("messages", "page", limit=2)
    assert len(page.items) == 2
    assert page.next_cursor
    assert side("messages", "get", sent[0].id).result == 0
    assert side("messages", "resend", sent[0].id).id != sent[0].id
    later = datetime.now(timezone.utc) + timedelta(days=1)
    waiting = side("messages", "send", "email", "kim@example.com", subject="a", text="b", send_at=later)
    assert (waiting.status, waiting.send_at) == ("queued", later)
    taken = side("messages", "cancel", waiting.id)
    assert (taken.status, taken.result) == ("canceled", -1)
    with pytest.raises(InvalidInput):
        side("messages", "send", "email", "kim@example.com")


def test_a_broadcast_reports_bad_recipients_and_is_paused_resumed_and_canceled(side):
    later = datetime.now(timezone.utc) + timedelta(days=1)
    recipients = [{"to": "kim@example.com", "params": {"name": "Kim"}}, {"to": "nobody"}]
    content = {"subject": "News", "text": "Dear {{ name }}", "send_at": later}
    accepted = side("broadcasts", "start", "email", recipients, **content)
    assert (accepted.accepted, [one.index for one in accepted.rejected]) == (1, [1])
    assert accepted.rejected[0].code == "invalid_destination"
    assert side("broadcasts", "pause", accepted.id).status == "paused"
    assert side("broadcasts", "resume", accepted.id).status in ("scheduled", "sending")
    ended = side("broadcasts", "cancel", accepted.id)
    assert (ended.status, ended.counts["canceled"]) == ("canceled", 1)


def test_a_file_is_sent_or_tells_its_bad_rows(side):
    file = b"to,title,text\nkim@example.com,News,Hello\nnobody,News,Hello\n"
    with pytest.raises(BadRows) as bad:
        side("broadcasts", "start_from_file", "email", "notice", file)
    assert [(one.row, one.column, one.code) for one in bad.value.rows] == [(3, "to", "invalid_address")]
    later = datetime.now(timezone.utc) + timedelta(days=1)
    accepted = side("broadcasts", "start_from_file", "email", "notice", file, send="good", send_at=later)
    assert accepted.accepted == 1
    assert [(one.index, one.row, one.column) for one in accepted.rejected] == [(1, 3, "to")]
    assert side("broadcasts", "cancel", accepted.id).status == "canceled"


def test_statistics_count_what_was_made(side):
    issued = side("verifications", "issue", "sms", PHONE)
    side("verifications", "check", issued.id, side.newest_code())
    found = side("stats", "get", days=1)
    assert (found.total.verifications.issued, found.total.verifications.approved) == (1, 1)
    assert (found.groups[0].channel, found.groups[0].day) == ("sms", found.until.date())


def test_a_call_with_a_key_of_the_caller_is_done_once(side):
    first = side("verifications", "issue", "sms", PHONE, idempotency_key="order-4711")
    assert side("verifications", "issue", "sms", PHONE, idempotency_key="order-4711").id == first.id
    with pytest.raises(InvalidInput, match="idempotency_key_reused"):
        side("verifications", "issue", "sms", "+8613900139000", idempotency_key="order-4711")


def test_a_wrong_key_is_refused_and_in_no_text(transport):
    client = Sendcode("http://sendcode.test/", "sc_live_wrong", transport=transport)
    with pytest.raises(NotAuthenticated) as refused:
        client.stats.get()
    assert "sc_live_wrong" not in f"{refused.value!r}{refused.value}{client!r}{client._settings!r}"


def test_what_can_be_no_key_and_no_url_is_refused_at_once():
    for url, key in (("codes.example.com", "k"), ("http://x", ""), ("http://x", "a b"), ("http://x", "k\n")):
        with pytest.raises(ValueError, match=r"base_url|the key"):
            Sendcode(url, key)
    assert repr(AsyncSendcode("https://x/api/v1/", "k")) == "<AsyncSendcode https://x>"


class Forgetful:
    """A transport that loses the answer to every first try."""

    def __init__(self, transport):
        self._transport = transport
        self.keys = []

    def send(self, request):
        answer = self._transport.send(request)
        self.keys.append(request.headers["Idempotency-Key"])
        return Failure("ReadError") if self.keys.count(self.keys[-1]) == 1 else answer

    def close(self):
        """Nothing is open."""


def test_a_lost_answer_costs_no_second_code_and_no_second_attempt(transport, key, sms):
    client = Sendcode("http://sendcode.test", key, transport=Forgetful(transport), sleep=lambda _: None)
    issued = client.verifications.issue("sms", PHONE)
    assert len(sms.sent) == 1
    code = sms.sent[0].params["code"]
    assert client.verifications.check(issued.id, wrong(code)).attempts_left == 4
    assert client.verifications.check(issued.id, code).valid
