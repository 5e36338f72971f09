"""SQLite only: blocks sent as JSON read and write the same as single rows."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.destinations import parse
from domain.keyring import Keyring
from domain.statuses import Channel, Lane, MessageStatus, Priority
from exts import db
from models import Message
from services.delivery import claims, one_step, settling
from services.delivery.settling import Settled
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ODD = 'refused: "quotes", back\\slash, {"json": [1]}, 短信 ü 😀'


@pytest.fixture
def ids() -> list[str]:
    """Two due messages: a code, and an SMS with a value in every column."""
    code = NewMessage(
        owner="key:tests",
        destination=parse(Channel.SMS, "+8613800138000", region="CN"),
        template="code",
        locale="en",
        params={"code": "123456"},
        priority=Priority.SINGLE,
        deadline_at=NOW + timedelta(seconds=240, microseconds=123_457),
        verification_id="v" * 32,
        template_version=7,
        is_test=True,
    )
    notice = NewMessage(
        owner="key:tests",
        destination=parse(Channel.SMS, "+4915112345678", region="CN"),
        template=None,
        locale="de",
        params={"text": ODD},
        priority=Priority.SINGLE,
        deadline_at=NOW + timedelta(seconds=240),
        keeps_content=True,
    )
    outbox.put(db.session(), part(Keyring), [code], NOW)
    outbox.put(db.session(), part(Keyring), [notice], NOW + timedelta(milliseconds=1))
    db.session.commit()
    return [code.id, notice.id]


def claim(at: datetime) -> list[claims.Claimed]:
    with db.engine.begin() as connection:
        return claims.claim(connection, Lane.SMS, Priority.SINGLE, 100, at)


def test_a_claim_returns_the_same_with_and_without(ids: list[str], monkeypatch: pytest.MonkeyPatch):
    at = NOW + timedelta(seconds=1)
    assert one_step.can_do(db.engine.dialect)
    at_once = claim(at)
    assert claim(at) == []
    monkeypatch.setattr(one_step, "can_do", lambda _: False)
    row_by_row = claim(at + claims.LEASE)
    assert [one.id for one in at_once] == ids
    assert [type(value) for one in at_once for value in one] == [
        type(value) for one in row_by_row for value in one
    ]
    assert [one._replace(tries=0, lease_token="") for one in at_once] == [
        one._replace(tries=0, lease_token="") for one in row_by_row
    ]


@pytest.mark.parametrize("at_once", [True, False])
def test_an_outcome_is_stored_the_same_with_and_without(
    ids: list[str], at_once: bool, monkeypatch: pytest.MonkeyPatch
):
    code, notice = claim(NOW + timedelta(seconds=1))
    monkeypatch.setattr(one_step, "can_do", lambda _: at_once)
    ended = NOW + timedelta(seconds=2, microseconds=345_678)
    outcomes = [
        Settled(code, MessageStatus.SENT, ended, gateway="g", gateway_reference=ODD, took_ms=0),
        Settled(notice, MessageStatus.FAILED, ended, error=ODD),
        Settled(notice._replace(lease_token="another's"), MessageStatus.SENT, ended),
    ]
    with db.engine.begin() as connection:
        settling.settle(connection, outcomes)
    sent, failed = (db.session.get_one(Message, one, populate_existing=True) for one in ids)
    assert (sent.status, sent.gateway, sent.gateway_reference, sent.took_ms) == ("sent", "g", ODD, 0)
    assert (sent.sent_at, sent.settled_at, sent.sealed, sent.error) == (ended, ended, None, None)
    assert (failed.status, failed.gateway, failed.gateway_reference, failed.error) == (
        "failed",
        None,
        None,
        ODD,
    )
    assert (failed.sent_at, failed.settled_at, failed.took_ms) == (None, ended, None)
    assert failed.sealed is not None
    assert {one.due_at for one in (sent, failed)} == {one.lease_token for one in (sent, failed)} == {None}
