"""Credentials for a Twilio SDK: they live and end with their API key, and no row holds a token."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from domain import twilio_sids
from domain.errors import Conflict, NotFound
from domain.statuses import SecretKind
from exts import db
from models import ApiKeySecret
from services.audit import trail
from services.keys import api_keys, key_owners, key_rotation, twilio_tokens

pytestmark = pytest.mark.usefixtures("context")


def test_the_credentials_sign_in_as_their_key() -> None:
    view, _ = api_keys.create("shop", scopes=["read"], networks=["10.0.0.0/8"], is_test=True)
    _, given = twilio_tokens.give(view.id)
    owner = twilio_tokens.authenticate(given.account_sid, given.auth_token)
    assert owner == key_owners.KeyOwner(view.id, frozenset({"read"}), True, owner.networks)
    assert [str(network) for network in owner.networks] == ["10.0.0.0/8"]
    assert given.account_sid == f"AC{view.id}"
    assert given.service_sid == f"VA{view.id}"
    assert len(given.auth_token) == 32
    assert given.auth_token not in repr(given)


def test_a_token_works_with_its_own_account_only() -> None:
    _, shop = twilio_tokens.give(api_keys.create("shop")[0].id)
    _, bank = twilio_tokens.give(api_keys.create("bank")[0].id)
    assert twilio_tokens.authenticate(bank.account_sid, shop.auth_token) is None
    assert twilio_tokens.authenticate(shop.account_sid, shop.auth_token.upper()) is None
    assert twilio_tokens.authenticate("", "") is None


def test_a_token_is_no_api_key_and_an_api_key_no_token() -> None:
    view, key = api_keys.create("shop")
    _, given = twilio_tokens.give(view.id)
    for text in (given.auth_token, f"{given.account_sid}:{given.auth_token}"):
        assert key_owners.authenticate(text) is None
    assert key_owners.authenticate(key, SecretKind.TWILIO) is None
    assert twilio_tokens.authenticate(given.account_sid, key) is None


def test_an_older_token_works_for_another_day(app: Flask) -> None:
    view, key = api_keys.create("shop")
    _, first = twilio_tokens.give(view.id)
    view, second = twilio_tokens.give(view.id)
    assert [one.hint for one in view.twilio_tokens] == [second.auth_token[:4], first.auth_token[:4]]
    for given in (first, second):
        assert twilio_tokens.authenticate(given.account_sid, given.auth_token).id == view.id
    app.extensions.pop("sendcode_api_keys")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, minutes=1)):
        assert twilio_tokens.authenticate(first.account_sid, first.auth_token) is None
        assert twilio_tokens.authenticate(second.account_sid, second.auth_token).id == view.id
        assert key_owners.authenticate(key).id == view.id


def test_a_revoked_key_takes_its_tokens_along_at_once() -> None:
    view, _ = api_keys.create("shop")
    _, given = twilio_tokens.give(view.id)
    assert twilio_tokens.authenticate(given.account_sid, given.auth_token)
    api_keys.revoke(view.id)
    assert twilio_tokens.authenticate(given.account_sid, given.auth_token) is None
    with pytest.raises(Conflict):
        twilio_tokens.give(view.id)


def test_rotating_the_api_key_leaves_the_token_alone_and_the_other_way_round() -> None:
    view, key = api_keys.create("shop")
    _, given = twilio_tokens.give(view.id)
    rotated, _ = key_rotation.rotate(view.id, "0")
    assert len(rotated.secrets) == 2
    assert len(rotated.twilio_tokens) == 1
    assert twilio_tokens.authenticate(given.account_sid, given.auth_token)
    assert key_owners.authenticate(key) is None


def test_no_row_holds_a_token() -> None:
    view, _ = api_keys.create("shop")
    _, first = twilio_tokens.give(view.id)
    _, second = twilio_tokens.give(view.id)
    rows = db.session.scalars(db.select(ApiKeySecret)).all()
    told = [str(vars(row)) for row in rows] + [repr(entry) for entry in trail.entries().shown]
    assert not [text for text in told for given in (first, second) if given.auth_token in text]


def test_a_new_token_is_in_the_audit() -> None:
    view, _ = api_keys.create("shop")
    _, first = twilio_tokens.give(view.id)
    _, second = twilio_tokens.give(view.id)
    entry = trail.entries().shown[0]
    assert (entry.action, entry.subject_id) == ("key.twilio_token_made", view.id)
    assert entry.before == {"secret": first.auth_token[:4]}
    assert entry.after == {"secret": second.auth_token[:4]}
    with pytest.raises(NotFound):
        twilio_tokens.give("0" * 32)


def test_a_sid_is_read_back() -> None:
    id = "0123456789abcdef" * 2
    assert twilio_sids.read("VE", f"VE{id.upper()}") == id
    for text in (id, f"VE{id}0", f"SM{id}", "VE", "", f"VE{id[:-1]}g"):
        assert twilio_sids.read("VE", text) is None
