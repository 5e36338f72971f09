"""Values that one database takes and another refuses: the answer is the same on all three."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from exts import db
from models import Message
from tests.api.conftest import Caller, new_caller, problem
from tests.databases import KINDS, database_of


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Settings for each kind of database; SMS may go anywhere, and a mail gateway takes every mailbox."""
    open_to_all = settings | {"SMS_COUNTRIES": ["*"], "SMS_NUMBERS": "possible"}
    if request.param == "sqlite":
        yield open_to_all
        return
    with database_of(request.param) as address:
        yield open_to_all | {"SQLALCHEMY_DATABASE_URI": address}


@pytest.fixture
def caller(app: Flask, mails: Any) -> Caller:
    mails.smtputf8 = True
    return new_caller(app)


LONG_LOCAL = "a" * 64
LONG_DOMAIN = ".".join(["b" * 60] * 3) + ".org"


TAKEN = {
    "+881612345678": None,
    "+80012345678": None,
    "+979123456789": None,
    "+1 999 999 9999": None,
    "+8610000000000": "CN",
    f"{LONG_LOCAL}@{LONG_DOMAIN}": None,
    "ä" * 32 + "@bücher.example.com": None,
    "\U0001f600@example.com": None,
}
"""Destinations, and the country of each."""


def test_every_destination_that_is_taken_has_room(app: Flask, caller: Caller) -> None:
    for to, country in TAKEN.items():
        made = caller.verify(to, locale="zh-Hant-TW-x-aaaaaaaa-bbbbbbbb", purpose="p" * 64)
        with app.app_context():
            row = db.session.get(Message, made["message"]["id"])
            assert (row.country, row.to) == (country, made["to"]), to
        channel = "email" if "@" in to else "sms"
        body = {"channel": channel, "text": "Hello", "recipients": [{"to": to}, {"to": "nobody"}]}
        body |= {"subject": "s"} if channel == "email" else {}
        assert caller.post("/api/v1/broadcasts", body).json["accepted"] == 1
        found = caller.get("/api/v1/messages").json["messages"]
        assert found[0]["to"] == made["to"]


def test_two_mailboxes_that_differ_in_an_accent_are_two(caller: Caller, mails: Any) -> None:
    first = caller.verify("müller@example.org")
    second = caller.verify("muller@example.org")
    code = mails.sent[0].params["code"]
    body = {"to": "muller@example.org", "code": code}
    told = caller.post("/api/v1/verifications/check", body).json
    assert told["id"] == second["id"]
    assert not told["valid"] or code == mails.sent[1].params["code"]
    told = caller.post("/api/v1/verifications/check", {**body, "to": "Müller@example.org"}).json
    assert (told["id"], told["valid"]) == (first["id"], True)


def test_an_odd_id_is_not_found(caller: Caller) -> None:
    for odd in ("%00", "a%00b", "x" * 500, "%F0%9F%98%80", "a%0Ab", "%ED%A0%80"):
        for path in (f"verifications/{odd}", f"messages/{odd}", f"broadcasts/{odd}"):
            problem(caller.get(f"/api/v1/{path}"), 404, "not_found")
        for path in (f"verifications/{odd}/cancel", f"messages/{odd}/resend", f"broadcasts/{odd}/pause"):
            problem(caller.post(f"/api/v1/{path}", {}), 404, "not_found")


def test_an_odd_query_is_refused(caller: Caller) -> None:
    for query in ("to=%00", "cursor=%00", "limit=99999999999999999999", "to=%F0%9F%98%80"):
        assert caller.get(f"/api/v1/messages?{query}").status_code == 422, query
