"""Composing a message for the gateway: which ones have an unsubscribe link, down to the wire."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from channels.email.mail_settings import MailSettings
from channels.email.smtp import SmtpGateway
from channels.memory import MemoryGateway
from domain import bounce_addresses, unsubscribe_links
from domain.destinations import parse
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import Channel, Priority
from exts import db
from models import Message
from services.codes.verifications import Request, issue
from services.delivery import worker
from services.delivery.claims import Claimed
from services.delivery.composing import compose
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process import parts
from services.process.parts import part
from services.templating import texts
from tests.servers.smtp import SmtpServer

KEYRING = Keyring(["k" * 32])
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUBLIC = "https://news.example.com"


def claimed(*, bulk: bool = True, to: str = "Kim+News@Example.com", **params: Any) -> Claimed:
    destination = parse(Channel.EMAIL if "@" in to else Channel.SMS, to, region="CN")
    return Claimed(
        id="m1",
        verification_id=None,
        channel=destination.channel.value,
        to=destination.to,
        country=destination.country,
        template=None,
        locale="en",
        sealed=KEYRING.seal(json.dumps({"subject": "News", "text": "text", **params}).encode(), row="m1"),
        is_test=False,
        tries=1,
        deadline_at=NOW,
        lease_token="t",
        is_bulk=bulk,
    )


@pytest.mark.parametrize("to", ["Kim+News@Example.com", "+8613800138000"])
def test_a_bulk_message_carries_the_link_of_its_canonical_destination(to: str) -> None:
    url = compose(claimed(to=to), KEYRING, PUBLIC).unsubscribe_url
    assert url is not None
    channel, canonical = unsubscribe_links.read(KEYRING, url.removeprefix(f"{PUBLIC}/unsubscribe/"))
    assert canonical == parse(channel, to, region="CN").canonical


def test_every_copy_of_a_message_is_the_same() -> None:
    assert compose(claimed(), KEYRING, PUBLIC) == compose(claimed(), KEYRING, PUBLIC)


def test_every_mail_has_the_token_of_its_bounces_and_no_sms_has_one() -> None:
    message_id = "0123456789abcdef" * 2
    mail = claimed(bulk=False)._replace(id=message_id, sealed=KEYRING.seal(b'{"text": "hi"}', row=message_id))
    token = compose(mail, KEYRING).bounce_token()
    assert token is not None
    assert bounce_addresses.read(KEYRING, f"bounces+{token}@example.com") == message_id
    assert compose(claimed(to="+8613800138000"), KEYRING).bounce_token() is None


def test_other_messages_have_no_link() -> None:
    assert compose(claimed(bulk=False), KEYRING, PUBLIC).unsubscribe_url is None
    assert compose(claimed(), KEYRING, "").unsubscribe_url is None


@pytest.fixture
def newsletter(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A template that shows the link if there is one."""
    folder = tmp_path / "en"
    folder.mkdir()
    text = "News\nHello{% if unsubscribe_url %}, enough? {{ unsubscribe_url }}{% endif %}\n"
    (folder / "news.email.txt").write_text(text)
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    texts._environment.cache_clear()
    texts._form.cache_clear()
    yield
    texts._environment.cache_clear()
    texts._form.cache_clear()


@pytest.mark.usefixtures("newsletter")
def test_a_template_may_show_the_link_and_works_without_one() -> None:
    def text(one: Claimed, public: str) -> str:
        return compose(one._replace(template="news"), KEYRING, public).text.strip()

    with_link = compose(claimed()._replace(template="news"), KEYRING, PUBLIC)
    assert with_link.text.strip() == f"Hello, enough? {with_link.unsubscribe_url}"
    assert with_link.params["unsubscribe_url"] == with_link.unsubscribe_url
    assert text(claimed(bulk=False), PUBLIC) == text(claimed(), "") == "Hello"


class TestOnTheWire:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "PUBLIC_URL": PUBLIC}

    @pytest.fixture
    def server(self) -> Iterator[SmtpServer]:
        with SmtpServer() as started:
            yield started

    @pytest.fixture
    def mails(self, server: SmtpServer) -> Iterator[SmtpGateway]:
        """A mail server instead of the memory gateway."""
        gateway = SmtpGateway(
            MailSettings(
                server=server.host,
                port=server.port,
                default_sender="no-reply@example.com",
                bounce_address="bounces@example.com",
            )
        )
        yield gateway
        gateway.close()

    def put(self, priority: Priority) -> None:
        now = datetime.now(UTC)
        message = NewMessage(
            owner="key:tests",
            destination=parse(Channel.EMAIL, "Kim@Example.com", region="CN"),
            template=None,
            locale="en",
            params={"subject": priority.name, "text": "Hello"},
            priority=priority,
            deadline_at=now + timedelta(minutes=5),
        )
        outbox.put(db.session(), part(Keyring), [message], now)
        db.session.commit()
        worker.drain_now()

    @pytest.mark.usefixtures("context")
    def test_bulk_mails_have_the_headers_and_codes_and_single_mails_do_not(
        self, app: Flask, server: SmtpServer, sms: MemoryGateway
    ) -> None:
        issue(Request(Channel.EMAIL, "kim@example.com"), Owner("key:tests"))
        self.put(Priority.SINGLE)
        self.put(Priority.BULK)
        mails = server.wait_for(3)
        ids = {bounce_addresses.read(parts.of(app, Keyring), mail.sender) for mail in mails}
        assert ids == set(db.session.scalars(select(Message.id)))
        code, single, bulk = (mail.message for mail in mails)
        assert (single["Subject"], bulk["Subject"]) == ("SINGLE", "BULK")
        for message in (code, single):
            assert not [name for name in message if name.startswith("List-")]
        assert bulk["List-Id"] == "<broadcasts.example.com>"
        assert bulk["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        token = bulk["List-Unsubscribe"].removeprefix(f"<{PUBLIC}/unsubscribe/").removesuffix(">")
        keyring = parts.of(app, Keyring)
        assert unsubscribe_links.read(keyring, token) == (Channel.EMAIL, "kim@example.com")
