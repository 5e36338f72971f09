"""A mailbox over IMAP: unread mails, what they say, and every way in which it can't be had."""

import ssl
from typing import Any

import pytest

from channels.bounces import mailbox
from channels.bounces.mailbox import Mailbox, MailboxSettings
from domain.gateway_errors import TemporaryGatewayError
from tests.channels.conftest import Authority
from tests.servers.imap import PASSWORD, USER, ImapServer
from tests.servers.thread import closed_port


def settings(port: int, **changes: Any) -> MailboxSettings:
    usual = {
        "server": "127.0.0.1",
        "use_ssl": False,
        "username": USER,
        "password": PASSWORD,
        "folder": 'My "b"',
    }
    return MailboxSettings(port=port, **usual | changes)


def test_unread_mails_stay_unread_until_they_are_marked() -> None:
    with ImapServer(b"first", b"second") as server, Mailbox(settings(server.port)) as box:
        assert box.unread() == ["1", "2"]
        assert [box.read(uid) for uid in box.unread()] == [b"first", b"second"]
        box.mark_read("1")
        assert box.unread() == ["2"]
        assert server.seen == {1}


def test_an_empty_folder_has_no_unread_mail() -> None:
    with ImapServer() as server, Mailbox(settings(server.port)) as box:
        assert box.unread() == []


def problem(server_port: int, *, seconds: float = 10.0, **changes: Any) -> str:
    with pytest.raises(TemporaryGatewayError) as caught:
        use(settings(server_port, **changes), seconds)
    return caught.value.reason


def use(given: MailboxSettings, seconds: float) -> None:
    with Mailbox(given, seconds) as box:
        for uid in box.unread():
            box.read(uid)
            box.mark_read(uid)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("LOGIN", "the mailbox refused the login"),
        ("SELECT", "the mailbox has no such folder"),
        ("SEARCH", "the mailbox can't be searched"),
        ("FETCH", "the mailbox gives no mail"),
        ("STORE", "the mailbox can't be changed"),
    ],
)
def test_a_refusal_says_what_was_refused_without_the_servers_words(command: str, reason: str) -> None:
    with ImapServer(b"first", refuses=command) as server:
        assert problem(server.port) == reason


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"password": "Müller"}, {"username": 'x"y\\'}])
def test_a_wrong_login_is_refused(changes: dict[str, str]) -> None:
    with ImapServer() as server:
        assert problem(server.port, **changes) == "the mailbox refused the login"


def test_a_silent_server_and_none_at_all_end_in_time() -> None:
    with ImapServer(b"first", silent_at="SEARCH") as server:
        assert problem(server.port, seconds=0.2) == "the mailbox's server did not answer in time"
    assert "can't be reached" in problem(closed_port())


def test_a_certificate_is_verified(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with ImapServer(tls=authority.server_context()) as server:
        assert "certificate is not trusted" in problem(server.port, use_ssl=True)
        trusting = ssl.create_default_context(cafile=authority.file)
        monkeypatch.setattr(mailbox, "trust", lambda: trusting)
        with Mailbox(settings(server.port, use_ssl=True)) as box:
            assert box.unread() == []
