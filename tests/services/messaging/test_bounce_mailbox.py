"""Looking through the mailbox for bounces: each mail is marked after the commit, and none is lost."""

import pytest

from domain import bounce_addresses
from domain.gateway_errors import TemporaryGatewayError
from domain.keyring import Keyring
from domain.statuses import Channel
from exts import db
from models import Message
from services.doctor.mailboxes import check_bounces
from services.messaging import bounce_mailbox, mail_reports, messages
from services.messaging.messages import Request
from services.process.parts import part
from tests.channels.bounces.mails import delivery, vacation
from tests.servers.imap import PASSWORD, USER, ImapServer
from tests.servers.thread import closed_port

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def server():
    with ImapServer() as started:
        yield started


@pytest.fixture
def settings(settings, server):
    mailbox = {
        "SERVER": server.host,
        "PORT": server.port,
        "USE_SSL": False,
        "USERNAME": USER,
        "PASSWORD": PASSWORD,
    }
    return settings | {f"MAIL_BOUNCE_IMAP_{name}": value for name, value in mailbox.items()}


@pytest.fixture
def sent(owner):
    return messages.send(
        Request(channel=Channel.EMAIL, to="kim@example.com", subject="s", text="t"), owner
    ).id


def bounce_of(message_id):
    token = bounce_addresses.token(part(Keyring), message_id)
    assert token is not None
    return delivery(to=bounce_addresses.with_token("bounces@example.com", token))


def status(message_id):
    return db.session.get(Message, message_id, populate_existing=True).status


def test_all_unread_mails_are_taken_in_and_marked(server, sent):
    server.mails = {1: vacation("x@y.org"), 2: bounce_of(sent), 3: b"\xff", 4: bounce_of(sent)}
    assert bounce_mailbox.read() == 2
    assert (status(sent), server.seen) == ("undelivered", {1, 2, 3, 4})
    assert bounce_mailbox.read() == 0


def test_a_mail_that_could_not_be_taken_in_stays_unread(server, sent, monkeypatch):
    server.mails = {1: bounce_of(sent)}

    def away(*_):
        raise RuntimeError("no database")

    with monkeypatch.context() as patch:
        patch.setattr(mail_reports, "transaction", away)
        with pytest.raises(RuntimeError):
            bounce_mailbox.read()
    assert (status(sent), server.seen) == ("sent", set())
    assert bounce_mailbox.read() == 1
    assert (status(sent), server.seen) == ("undelivered", {1})


def test_a_run_is_bounded_and_the_next_one_takes_the_rest(server, sent, monkeypatch):
    server.mails = dict.fromkeys(range(1, 6), vacation("x@y.org"))
    monkeypatch.setattr(bounce_mailbox, "MOST_MAILS", 2)
    bounce_mailbox.read()
    assert server.seen == {1, 2}
    monkeypatch.setattr(bounce_mailbox, "RUN_SECONDS", 0)
    bounce_mailbox.read()
    assert server.seen == {1, 2, 3}


def test_without_a_mailbox_nothing_is_done(app, server):
    app.config["MAIL_BOUNCE_IMAP_SERVER"] = ""
    assert bounce_mailbox.read() == 0
    assert list(check_bounces()) == []
    assert server.connections == 0


def test_doctor_signs_in(app, server):
    server.mails = {1: b""}
    (found,) = check_bounces()
    assert (found.level, found.text) == ("ok", f"127.0.0.1:{server.port}, INBOX, 1 unread")
    assert server.seen == set()
    app.config["MAIL_BOUNCE_IMAP_PASSWORD"] = "wrong"
    (found,) = check_bounces()
    assert (found.level, found.text) == ("FAIL", "the mailbox refused the login (MAIL_BOUNCE_IMAP_*)")


def test_a_mailbox_that_can_not_be_reached_fails_the_run(app):
    app.config["MAIL_BOUNCE_IMAP_PORT"] = closed_port()
    with pytest.raises(TemporaryGatewayError):
        bounce_mailbox.read()
