"""Gateway type `smtp` against a scriptable server and against aiosmtpd."""

import logging
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from channels.email.mail_settings import MailSettings
from channels.email.mime import Mail
from channels.email.smtp import SmtpGateway
from channels.email.smtp_session import Session
from channels.sockets import Deadline, trust
from domain.errors import ConfigurationError
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayBusy,
    GatewayError,
    NotNow,
    RateLimited,
    TemporaryGatewayError,
    TooLate,
    UnknownResult,
    WrongGateway,
)
from tests.channels.conftest import CODE, Authority, mail
from tests.servers.smtp import DROP, SILENCE, Answer, SmtpServer
from tests.servers.thread import closed_port, wait_until

QUICK = {"seconds": 0.3, "wait_seconds": 0.3}
BOUNDED = 4.0
"""Far above the limits that the tests set, and far below hanging."""


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["step by step", "in one go"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with SmtpServer(extensions=("8BITMIME", "SMTPUTF8", "SIZE 10000000", *request.param)) as started:
        yield started


@pytest.fixture
def gateway(server: SmtpServer) -> Iterator[SmtpGateway]:
    made = gateway_to(server)
    yield made
    made.close()


def gateway_to(server: SmtpServer, *, limits: dict[str, float] | None = None, **settings: Any) -> SmtpGateway:
    known = {"server": server.host, "port": server.port, "default_sender": "Sendcode <no-reply@example.com>"}
    return SmtpGateway(MailSettings(**known | settings), **(limits or {}))


def gateway_to_nobody() -> SmtpGateway:
    return SmtpGateway(MailSettings("127.0.0.1", 1, default_sender="a@example.com"))  # tcpmux: no listener


def failure(gateway: SmtpGateway, **changes: object) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        gateway.send(mail(**changes))
    return caught.value


def is_final(error: GatewayError) -> bool:
    return not isinstance(error, TemporaryGatewayError)


def test_a_mail_arrives_with_its_envelope_and_headers(server: SmtpServer, gateway: SmtpGateway) -> None:
    assert gateway.send(mail(subject="Dein Schlüssel", html="<b>hi</b>")) == "Q1"
    (arrived,) = server.mails
    assert (arrived.sender, arrived.recipient) == ("no-reply@example.com", "ann@example.org")
    message = arrived.message
    assert message["From"] == "Sendcode <no-reply@example.com>"
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == "Dein Schlüssel"
    assert message["Message-ID"] == "<msg-0123456789abcdef@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime is not None
    assert arrived.text == f"Your code is {CODE}.\n"
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<b>hi</b>"


def test_lines_that_begin_with_dots_and_odd_line_ends_arrive(
    server: SmtpServer, gateway: SmtpGateway
) -> None:
    gateway.send(mail(text=".\n..two\nthree\r.four\r\n.\r\nfive"))
    gateway.send(mail(text="six"))
    assert [arrived.text for arrived in server.mails] == [".\n..two\nthree\n.four\n.\nfive\n", "six\n"]


def test_aiosmtpd_takes_our_mails() -> None:
    received = []

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (its name)
            received.append(envelope)
            return "250 OK"

    port = closed_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        gateway = SmtpGateway(MailSettings("127.0.0.1", port, default_sender="a@example.com"))
        for number in range(3):
            assert gateway.send(mail(text=f"您的验证码 {number}", to="ann@bücher.example")) is None
        gateway.close()
    finally:
        controller.stop()
    assert [envelope.rcpt_tos for envelope in received] == [["ann@xn--bcher-kva.example"]] * 3


def test_a_4xx_is_temporary_and_the_next_try_arrives(server: SmtpServer, gateway: SmtpGateway) -> None:
    server.script("RCPT", "451 4.3.0 ann@example.org try later")
    error = failure(gateway)
    assert isinstance(error, TemporaryGatewayError)
    assert error.reason == "RCPT answered 451 4.3.0"
    gateway.send(mail())
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [
        ("MAIL", "553 5.1.8 sender has no domain", "MAIL answered 553 5.1.8"),
        ("RCPT", "550 5.1.1 <ann@example.org> unknown", "RCPT answered 550 5.1.1"),
        ("DATA", "554 5.5.1 no", "DATA answered 554 5.5.1"),
        (".", "554 looks like spam", "the mail answered 554"),
    ],
)
def test_a_5xx_is_final_and_the_connection_stays(
    server: SmtpServer, gateway: SmtpGateway, step: str, answer: str, reason: str
) -> None:
    server.script(step, answer)
    error = failure(gateway)
    assert is_final(error)
    assert error.reason == reason
    gateway.send(mail())
    assert (len(server.mails), server.connections) == (1, 1)
    assert (1, "RSET") in server.commands


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("MAIL", "550 5.7.1 sender refused", GatewayAtFault),
        ("MAIL", "530 5.7.0 authentication required", GatewayAtFault),
        ("MAIL", "550 not you", GatewayAtFault),
        ("MAIL", "552 5.3.4 message too big for system", WrongGateway),
        ("RCPT", "554 5.7.1 <ann@example.org>: Relay access denied", GatewayAtFault),
        ("RCPT", "550 relay not permitted", GatewayAtFault),
        ("RCPT", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", GatewayAtFault),
        ("RCPT", "530 5.7.57 Client not authenticated to send mail", GatewayAtFault),
        ("RCPT", "550 5.1.1 no such user, relay", GatewayError),
        ("RCPT", "552 5.2.2 mailbox full", GatewayError),
        ("RCPT", "450 4.7.1 Error: too much mail from 10.0.0.1", RateLimited),
        ("MAIL", "451 4.7.0 Temporary rate limit, slow down", RateLimited),
        ("RCPT", "452 4.5.3 Too many recipients", RateLimited),
        ("RCPT", "450 4.2.0 Greylisted, see postgrey", NotNow),
        ("RCPT", "452 4.2.2 mailbox full", NotNow),
        ("RCPT", "451 4.3.0 queue file write error", TemporaryGatewayError),
        ("MAIL", "451 try later", TemporaryGatewayError),
        ("MAIL", "421 4.7.0 Too many connections", RateLimited),
        (".", "552 5.3.4 message size exceeds limit", WrongGateway),
        (".", "554 5.7.1 looks like spam", GatewayError),
    ],
)
def test_whose_fault_a_refusal_is(
    server: SmtpServer, gateway: SmtpGateway, step: str, answer: str, kind: type[GatewayError]
) -> None:
    server.script(step, Answer(answer, drop=answer.startswith("421")))
    error = failure(gateway)
    assert isinstance(error, kind)
    exact = {GatewayError, NotNow, TemporaryGatewayError, WrongGateway}
    assert kind not in exact or type(error) is kind


def test_a_mail_that_has_expired_is_not_given_although_the_server_waits_for_it(
    server: SmtpServer, gateway: SmtpGateway
) -> None:
    gateway.send(mail())
    server.script("RCPT", Answer("250 ok", delay=0.4))
    error = failure(gateway, valid_until=time.monotonic() + 0.2)
    assert type(error) is TooLate
    assert len(server.mails) == 1
    gateway.send(mail())
    assert len(server.mails) == 2


@pytest.mark.parametrize("code", [530, 535])
def test_a_missing_or_wrong_login_is_temporary(server: SmtpServer, gateway: SmtpGateway, code: int) -> None:
    server.script("MAIL", f"{code} 5.7.0 authentication required")
    assert not is_final(failure(gateway))


def test_a_drop_after_the_accepted_mail_is_success(server: SmtpServer, gateway: SmtpGateway) -> None:
    server.script(".", Answer("250 2.0.0 Ok: queued as ABC", drop=True))
    assert gateway.send(mail()) == "ABC"
    gateway.send(mail())
    assert (len(server.mails), server.connections) == (2, 2)


@pytest.mark.parametrize(
    "answer", [SILENCE, DROP, "what?", Answer("250 ok", drip=0.3), Answer("250-ok", drop=True)]
)
def test_an_unknown_result_is_reported_as_such_and_we_send_nothing_twice(
    server: SmtpServer, answer: str | Answer
) -> None:
    gateway = gateway_to(server, limits=QUICK)
    gateway.send(mail())
    server.script(".", answer)
    assert isinstance(failure(gateway), UnknownResult)
    gateway.close()
    assert len([line for _, line in server.commands if line == "DATA"]) == 2


def test_a_server_that_refuses_the_mail_and_leaves_did_not_take_it(
    server: SmtpServer, gateway: SmtpGateway
) -> None:
    server.script(".", Answer("421 4.4.2 bye", drop=True))
    error = failure(gateway)
    assert error.reason == "the mail answered 421 4.4.2"
    assert type(error) is TemporaryGatewayError
    gateway.send(mail())
    assert (len(server.mails), server.connections) == (1, 2)


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_silent_server_is_given_up_in_time(server: SmtpServer, step: str) -> None:
    server.always(step, SILENCE)
    started = time.monotonic()
    assert not is_final(failure(gateway_to(server, limits=QUICK)))
    assert time.monotonic() - started < BOUNDED
    assert server.mails == []


@pytest.mark.parametrize("step", ["CONNECT", "RCPT", "."])
def test_a_dripping_server_is_given_up_in_time(server: SmtpServer, step: str) -> None:
    server.always(step, Answer("250-" + "x" * 200 + "\r\n250 ok", drip=0.1))
    started = time.monotonic()
    assert not is_final(failure(gateway_to(server, limits=QUICK)))
    assert time.monotonic() - started < BOUNDED


def test_one_answer_may_take_the_timeout_of_the_settings_at_most(server: SmtpServer) -> None:
    server.always("RCPT", SILENCE)
    started = time.monotonic()
    assert failure(gateway_to(server, timeout=0.3)).reason == "the mail server did not answer in time"
    assert time.monotonic() - started < BOUNDED


def test_a_server_that_stops_reading_is_given_up_in_time(server: SmtpServer) -> None:
    server.always("DATA", Answer("354 go", deaf=True))
    session = Session(MailSettings(server.host, server.port), trust(), Deadline(5))
    started = time.monotonic()
    with pytest.raises(TemporaryGatewayError):
        session.deliver(
            Mail("a@x.org", "b@x.org", b"x" * 30_000_000 + b"\r\n", international=False),
            Deadline(0.5),
            lambda: None,
        )
    assert time.monotonic() - started < BOUNDED
    assert not session.usable


def test_an_unreachable_server_is_temporary() -> None:
    error = failure(gateway_to_nobody())
    assert not is_final(error)
    assert error.reason == "the mail server was not reached: Connection refused"


def test_starttls_with_a_trusted_authority_works(authority: Authority) -> None:
    with SmtpServer(starttls=authority.server_context(), login=("ann", "secret")) as server:
        gateway = gateway_to(server, use_tls=True, username="ann", password="secret", ca_file=authority.file)
        gateway.send(mail())
        gateway.send(mail())
        gateway.close()
    assert (len(server.mails), server.connections) == (2, 1)


def test_tls_from_the_first_byte_works_and_its_connection_is_kept(authority: Authority) -> None:
    with SmtpServer(tls=authority.server_context()) as server:
        gateway = gateway_to(server, use_ssl=True, ca_file=authority.file)
        gateway.send(mail())
        gateway.send(mail())
        server.drop_connections()
        wait_until(lambda: server.open_connections == 0)
        gateway.send(mail())
        gateway.close()
    assert (len(server.mails), server.connections) == (3, 2)


@pytest.mark.parametrize("way", ["use_tls", "use_ssl"])
@pytest.mark.parametrize("fault", ["unknown authority", "other name"])
def test_nothing_is_sent_to_a_server_with_a_wrong_certificate(
    authority: Authority, way: str, fault: str
) -> None:
    context = authority.server_context("mail.example.net" if fault == "other name" else "127.0.0.1")
    tls = {"tls": context} if way == "use_ssl" else {"starttls": context}
    trusted = {"ca_file": authority.file} if fault == "other name" else {}
    with SmtpServer(login=("ann", "secret"), **tls) as server:
        gateway = gateway_to(server, username="ann", password="secret", **{way: True}, **trusted)
        error = failure(gateway)
    assert not is_final(error)
    assert "certificate is not trusted" in error.reason
    assert server.mails == []
    assert {line.split()[0].upper() for _, line in server.commands} <= {"EHLO", "STARTTLS"}


def test_a_server_without_starttls_gets_nothing(server: SmtpServer) -> None:
    error = failure(gateway_to(server, use_tls=True, username="ann", password="secret"))
    assert not is_final(error)
    assert "STARTTLS" in error.reason
    assert {line.split()[0].upper() for _, line in server.commands} == {"EHLO"}


def test_a_wrong_password_is_temporary_and_never_shown() -> None:
    with SmtpServer(login=("ann", "right")) as server:
        error = failure(gateway_to(server, username="ann", password="wr0ng-pass"))
    assert not is_final(error)
    assert error.reason == "the mail server refused the login (535)"


def test_a_kept_connection_is_used_again(server: SmtpServer, gateway: SmtpGateway) -> None:
    for _ in range(5):
        gateway.send(mail())
    assert (len(server.mails), server.connections) == (5, 1)


@pytest.mark.parametrize("farewell", ["", "421 4.4.2 idle for too long"])
def test_an_idle_connection_that_the_server_closed_is_replaced(
    server: SmtpServer, gateway: SmtpGateway, farewell: str
) -> None:
    gateway.send(mail())
    server.drop_connections(farewell)
    wait_until(lambda: server.open_connections == 0)
    gateway.send(mail())
    assert (len(server.mails), server.connections) == (2, 2)


@pytest.mark.parametrize(
    ("step", "answer"), [("MAIL", DROP), ("RCPT", DROP), ("DATA", DROP), ("MAIL", "421 bye")]
)
def test_a_connection_lost_before_the_mail_was_given_is_replaced_once(
    server: SmtpServer, gateway: SmtpGateway, step: str, answer: str | Answer
) -> None:
    gateway.send(mail())
    server.script(step, answer)
    gateway.send(mail())
    assert (len(server.mails), server.connections) == (2, 2)
    server.script(step, answer, answer)
    assert not is_final(failure(gateway))
    assert server.connections == 3


def test_closing_says_goodbye(server: SmtpServer, gateway: SmtpGateway) -> None:
    gateway.send(mail())
    gateway.close()
    wait_until(lambda: (1, "QUIT") in server.commands)
    gateway.send(mail())
    assert server.connections == 2


def test_fifty_senders_share_eight_connections(server: SmtpServer, gateway: SmtpGateway) -> None:
    server.delay = 0.02
    with ThreadPoolExecutor(50) as pool:
        sent = list(pool.map(lambda number: gateway.send(mail(to=f"u{number}@example.org")), range(50)))
    assert len(set(sent)) == 50
    assert {arrived.recipient for arrived in server.mails} == {
        f"u{number}@example.org" for number in range(50)
    }
    assert 1 <= server.connections <= 8


def test_waiting_too_long_for_a_connection_is_gateway_busy(server: SmtpServer) -> None:
    server.delay = 0.6
    gateway = gateway_to(server, connections=1, limits={"wait_seconds": 0.1})
    first = threading.Thread(target=gateway.send, args=[mail()])
    first.start()
    wait_until(lambda: any(line == "DATA" for _, line in server.commands))
    with pytest.raises(GatewayBusy):
        gateway.send(mail())
    first.join()
    gateway.close()
    assert len(server.mails) == 1


def test_an_international_mailbox_needs_a_server_with_smtputf8(
    server: SmtpServer, gateway: SmtpGateway
) -> None:
    gateway.send(mail(to="änn@example.org"))
    assert server.mails[0].recipient == "änn@example.org"
    assert server.mails[0].message["To"] == "änn@example.org"
    with SmtpServer(extensions=("SIZE",)) as old:
        error = failure(gateway_to(old), to="änn@example.org")
    assert isinstance(error, WrongGateway), "another server may take it"
    assert old.mails == []


@pytest.mark.parametrize("control", ["\r\n", "\r", "\n", "\0", "\x1b", "\x85", "\u2028", "\u2029", "\ud800"])
@pytest.mark.parametrize("where", ["subject", "to", "id"])
def test_control_characters_are_refused_before_connecting(control: str, where: str) -> None:
    value = f"ann{control}Bcc: b@example.org" if where == "subject" else f"ann{control}@example.org"
    assert is_final(failure(gateway_to_nobody(), **{where: value}))


@pytest.mark.parametrize(
    "to",
    [
        *["", "ann", "@example.org", "ann@", "a@x..", "a@-.org\u3002-", "a@xn--\u00fc.org", "a@b@x.org"],
        *["a@x.org,b@x.org", "a@x.org b@x.org", "Ann <a@x.org>", "a@x.org>", '"a b"@x.org'],
    ],
)
def test_a_recipient_that_is_not_one_address_is_refused(to: str) -> None:
    error = failure(gateway_to_nobody(), to=to)
    assert is_final(error)
    assert to == "" or to not in error.reason


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"default_sender": ""}, "sender"),
        ({"default_sender": "a@x.org\nBcc: b@x.org"}, "sender"),
        ({"use_tls": True, "use_ssl": True}, "use_tls"),
        ({"password": "pässword"}, "password"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
    ],
)
def test_unusable_settings_are_refused_at_once(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        SmtpGateway(MailSettings(**{"server": "127.0.0.1", "default_sender": "a@x.org"} | settings))
    assert "pässword" not in str(caught.value)


def test_no_error_and_no_log_contains_the_code_the_password_or_the_recipient(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    with SmtpServer(login=("ann", "s3cret-pass")) as server:
        gateway = gateway_to(server, username="ann", password="s3cret-pass", limits=QUICK)
        for step in ["AUTH", "MAIL", "RCPT", "DATA", "."]:
            for answer in [f"550 ann@example.org {CODE} s3cret-pass", f"450 ann@example.org {CODE}", DROP]:
                server.script(step, answer, answer)
                try:
                    gateway.send(mail())
                except GatewayError as error:
                    told.append("".join(traceback.format_exception(error)))
        gateway.close()
    everything = "".join(told) + caplog.text + "".join(capfd.readouterr()) + repr(gateway._settings)
    assert len(told) > 10
    for secret in [CODE, "s3cret-pass", "ann@example.org"]:
        assert secret not in everything
