"""`flask receipts bounce`: what a mail server learns from its exit code."""

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.exc import OperationalError

from domain import bounce_addresses
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.messaging import mail_reports, messages
from services.messaging.messages import Request
from services.process import parts
from tests.channels.bounces.mails import delivery, vacation


@pytest.fixture
def sent(app: Flask) -> str:
    """A mail that a gateway has taken."""
    with app.app_context():
        asked = Request(channel=Channel.EMAIL, to="kim@example.com", subject="s", text="t")
        return messages.send(asked, Owner("key:tests")).id


def run(app: Flask, content: bytes, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["receipts", "bounce", *arguments], input=content)


def status(app: Flask, message_id: str) -> str:
    with app.app_context():
        row = db.session.get(Message, message_id)
        assert row is not None
        return row.status


def verp(app: Flask, message_id: str) -> str:
    token = bounce_addresses.token(parts.of(app, Keyring), message_id)
    assert token is not None
    return bounce_addresses.with_token("bounces@example.com", token)


def test_a_bounce_is_taken_in(app: Flask, sent: str) -> None:
    result = run(app, delivery(to="postmaster@example.com", message_id="x"), "--to", verp(app, sent))
    assert (result.exit_code, result.output) == (0, f"message {sent}\n")
    assert status(app, sent) == "undelivered"


@pytest.mark.parametrize("content", [b"", b"\xff\0" * 9, vacation("x@y.org"), delivery()])
def test_what_is_none_of_ours_is_taken_and_forgotten(app: Flask, sent: str, content: bytes) -> None:
    result = run(app, content, "--to", "bounces@example.com")
    assert (result.exit_code, result.output) == (0, "nothing of ours\n")
    assert status(app, sent) == "sent"


def test_a_huge_mail_is_read_to_its_end(app: Flask, sent: str) -> None:
    content = delivery(to=verp(app, sent)) + b"x" * 3_000_000
    assert run(app, content).exit_code == 0
    assert status(app, sent) == "undelivered"


def test_while_the_database_is_away_the_server_is_asked_to_try_again(
    app: Flask, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("select kim@example.com", {}, Exception("no connection"))

    monkeypatch.setattr(mail_reports, "transaction", away)
    result = run(app, delivery(to=verp(app, sent)))
    assert (result.exit_code, result.output) == (75, "not taken in, try again: OperationalError\n")


def test_a_database_without_tables_is_one_that_is_away(app: Flask, sent: str) -> None:
    address = verp(app, sent)
    with app.app_context():
        db.drop_all()
    assert run(app, delivery(to=address)).exit_code == 75
