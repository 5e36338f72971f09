"""A live solo worker with mail servers that refuse, drop connections, hang, or have a wrong certificate."""

import ssl
import time

import pytest
import trustme

from tests.live.installation import NO_LIMITS, phone
from tests.live.processes import free_port, wait_until
from tests.servers.smtp import DROP, SILENCE, Answer, SmtpServer

pytestmark = pytest.mark.slow


@pytest.fixture
def running(make):
    installation = make(**NO_LIMITS, MAIL_CONNECTIONS=2)
    with installation.web(), installation.worker():
        yield installation, installation.api()


def message_of(installation):
    (row,) = installation.query("SELECT status, tries, error FROM message WHERE channel = 'email'")
    return row


def test_a_mail_deferred_once_is_tried_again_and_arrives_once(running):
    installation, api = running
    installation.mail.script("RCPT", "451 4.3.0 try again later")
    api.issue("a@x.org", "email")
    installation.mail.wait_for(1)
    wait_until(lambda: message_of(installation)[:2] == ("sent", 2))
    assert len(installation.mail.mails) == 1


def test_a_mail_refused_for_good_is_not_tried_again(running):
    installation, api = running
    installation.mail.always("RCPT", "550 5.1.1 no such user")
    api.issue("a@x.org", "email")
    wait_until(lambda: message_of(installation)[:2] == ("failed", 1))
    time.sleep(4.5)
    assert sum(command.startswith("RCPT") for _, command in installation.mail.commands) == 1
    assert "a@x.org" not in message_of(installation)[2]


@pytest.mark.parametrize("after", ["at once", "instead of QUIT"])
def test_a_connection_lost_after_the_mail_was_accepted_sends_no_second_one(running, after):
    installation, api = running
    if after == "at once":
        installation.mail.script(".", Answer("250 2.0.0 ok", drop=True))
    else:
        installation.mail.always("QUIT", DROP)
    api.issue("a@x.org", "email")
    wait_until(lambda: message_of(installation)[0] == "sent")
    time.sleep(4.5)
    assert len(installation.mail.mails) == 1


def test_a_silent_mail_server_holds_the_worker_up_to_twenty_seconds_and_sms_not_at_all(
    running, record_property
):
    installation, api = running
    installation.mail.always("CONNECT", SILENCE)
    started = time.monotonic()
    for n in range(4):
        api.issue(f"user{n}@x.org", "email")
    api.issue(phone(1))
    installation.sms.wait_for(1, seconds=5)
    wait_until(
        lambda: (
            installation.query("SELECT count(*) FROM message WHERE channel='email' AND error IS NOT NULL")[0][
                0
            ]
            > 0
        ),
        30,
    )
    freed = time.monotonic() - started
    record_property("free_after_s", round(freed, 1))
    assert freed < 20
    installation.mail.always("CONNECT", None)
    installation.mail.wait_for(4, seconds=60)


def test_a_mail_server_with_an_untrusted_certificate_gets_nothing(make):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    with SmtpServer(port=free_port(), tls=context) as server:
        installation = make(**NO_LIMITS, MAIL_PORT=server.port, MAIL_USE_SSL=True)
        with installation.web(), installation.worker():
            installation.api().issue("a@x.org", "email")
            wait_until(lambda: message_of(installation)[2] is not None)
        assert server.mails == []
        assert server.commands == []
        assert "certificate" in message_of(installation)[2]
