"""Addresses for call-backs: kept sealed, deleted with their messages."""

from datetime import timedelta

import pytest

from domain.errors import InvalidInput
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import StatusCallback
from services import retention
from services.messaging import messages, status_callbacks
from services.messaging.messages import Request
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
URL = "https://user:s3cret@shop.example:8443/status?a=b"


def test_an_address_is_kept_sealed_beside_its_message(owner: Owner) -> None:
    sent = messages.send(Request(Channel.SMS, "+8613800138000", text="x", status_callback=URL), owner)
    sealed = db.session.get(StatusCallback, sent.id).sealed_url
    assert b"s3cret" not in sealed
    assert part(Keyring).open(sealed, row=sent.id).decode() == URL
    other = messages.send(Request(Channel.SMS, "+8613800138000", text="x"), owner)
    assert db.session.get(StatusCallback, other.id) is None


def test_the_purge_deletes_it_with_its_message(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_callbacks, "HEARD_AFTER", timedelta())
    messages.send(Request(Channel.SMS, "+8613800138000", text="x", status_callback=URL), owner)
    retention.purge(timedelta())
    assert db.session.scalars(db.select(StatusCallback)).all() == []


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "/status", "ftp://x.org/", "javascript:1", "http://", "http://x.org/a b", "http://[x/"),
        *("http://ü.org", "http://x.org/\n", "http://x.org:99999/", "http://x.org:0/"),
        "http://x.org/" + "x" * 2048,
    ],
)
def test_what_is_no_whole_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        status_callbacks.check(url)
