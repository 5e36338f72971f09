"""A key that may be used from some networks only."""

from typing import Any

import pytest
from flask import Flask

from app import create_app
from exts import db
from services.keys import api_keys, key_owners
from tests.api.conftest import Caller, new_caller


def ask(caller: Caller, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {caller.key}", **options.pop("headers", {})}
    return caller.client.get("/api/v1/messages", headers=headers, **options)


@pytest.mark.parametrize("address", ["203.0.113.7", "::ffff:203.0.113.200", "2001:db8::1"])
def test_a_call_from_the_list_is_answered(app: Flask, address: str) -> None:
    caller = new_caller(app, networks=["203.0.113.0/24", "2001:db8::/32"])
    assert ask(caller, environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db9::1", ""])
def test_a_call_from_elsewhere_is_forbidden_with_its_own_code(app: Flask, address: str) -> None:
    caller = new_caller(app, networks=["203.0.113.0/24", "2001:db8::/32"])
    answer = ask(caller, environ_base={"REMOTE_ADDR": address})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert (answer.json["code"], answer.json["status"]) == ("address_not_allowed", 403)
    assert caller.key not in answer.text


def test_a_header_set_by_the_caller_is_not_trusted(app: Flask) -> None:
    caller = new_caller(app, networks=["203.0.113.7"])
    headers = {"X-Forwarded-For": "203.0.113.7"}
    answer = ask(caller, headers=headers, environ_base={"REMOTE_ADDR": "198.51.100.1"})
    assert answer.status_code == 403


def test_behind_a_trusted_proxy_the_address_that_the_proxy_saw_counts(settings: dict[str, Any]) -> None:
    app = create_app({**settings, "TRUSTED_PROXIES": 1})
    with app.app_context():
        db.create_all()
    caller = new_caller(app, networks=["203.0.113.7"])
    proxy = {"REMOTE_ADDR": "10.0.0.1"}
    for said, status in (
        ("203.0.113.7", 200),
        ("198.51.100.1", 403),
        ("203.0.113.7, 198.51.100.1", 403),
        ("198.51.100.1, 203.0.113.7", 200),
    ):
        answer = ask(caller, headers={"X-Forwarded-For": said}, environ_base=proxy)
        assert answer.status_code == status, said
    assert ask(caller, environ_base=proxy).status_code == 403
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_changed_list_applies_at_once_in_this_process(app: Flask) -> None:
    caller = new_caller(app)
    assert ask(caller).status_code == 200
    with app.app_context():
        api_keys.edit(caller.view.id, scopes=key_owners.Scope, networks=["203.0.113.7"])
    assert ask(caller).status_code == 403
