"""Pipelining (RFC 2920): what the server reads, in which order, and what each refusal means."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from channels.email.mail_settings import MailSettings
from channels.email.smtp import SmtpGateway
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from tests.channels.conftest import mail
from tests.servers.smtp import DROP, SILENCE, Answer, SmtpServer
from tests.servers.thread import ServerThread

AHEAD = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n"
GOOD = b"250 2.1.0 Ok\r\n250-2.1.5 Ok\r\n250 2.1.5 really\r\n354 End with a dot\r\n"
QUICK = {"seconds": 0.3, "wait_seconds": 0.3}


class Packets(ServerThread):
    """A server that answers each packet with the next scripted reply, and records what it read."""

    def __init__(self, *answers: bytes, pause: float = 0):
        super().__init__()
        self._answers = answers
        self._pause = pause
        self.read: list[bytes] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet, then answer packet by packet, in separate pieces where the script has a |."""
        hello = [b"220 x ESMTP\r\n", b"250-x\r\n250 PIPELINING\r\n"]
        for answer in [*hello, *self._answers]:
            for piece in answer.split(b"|"):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(self._pause)
            self.read.append(await reader.read(65_536))


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer(extensions=("PIPELINING",)) as started:
        yield started


def gateway_to(server: ServerThread, **limits: float) -> SmtpGateway:
    return SmtpGateway(MailSettings(server.host, server.port, default_sender="a@example.com"), **limits)


def failure(gateway: SmtpGateway) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        gateway.send(mail())
    gateway.close()
    return caught.value


def verbs(server: SmtpServer, connection: int = 1) -> list[str]:
    return [line.split()[0].upper() for number, line in server.commands if number == connection]


def test_all_commands_are_one_packet_and_the_mail_another() -> None:
    with Packets(GOOD, b"250 queued as A\r\n", GOOD, b"250 queued as B\r\n") as server:
        gateway = gateway_to(server)
        assert [gateway.send(mail()), gateway.send(mail())] == ["A", "B"]
        gateway.close()
    _, first, content, second, _ = server.read[:5]
    assert first == second == AHEAD
    assert content.startswith(b"From: a@example.com\r\n")
    assert content.endswith(b"\r\n.\r\n")


@pytest.mark.parametrize("cut", range(5, len(GOOD), 9))
def test_answers_may_arrive_in_any_pieces(cut: int) -> None:
    with Packets(GOOD[:cut] + b"|" + GOOD[cut:], b"250 2.0.0 Ok: |queued as |A\r|\n", pause=0.01) as server:
        gateway = gateway_to(server)
        assert gateway.send(mail()) == "A"
        gateway.close()
    assert server.read[1] == AHEAD


def test_a_server_that_offers_it_and_answers_slowly_gets_its_time(server: SmtpServer) -> None:
    for step in ("MAIL", "RCPT", "DATA", "."):
        server.always(step, Answer("354 go" if step == "DATA" else "250 ok", delay=0.1))
    gateway = gateway_to(server)
    gateway.send(mail())
    gateway.close()
    assert len(server.mails) == 1


@pytest.mark.parametrize("data", ["503 5.5.1 no valid recipients", "354 go ahead then"])
@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [
        ("MAIL", "550 5.7.1 no", "MAIL answered 550 5.7.1"),
        ("MAIL", "451 4.3.0 later", "MAIL answered 451 4.3.0"),
        ("RCPT", "550-5.1.1 not\r\n550 5.1.1 here", "RCPT answered 550 5.1.1"),
        ("RCPT", "450 4.2.0 greylisted", "RCPT answered 450 4.2.0"),
    ],
)
def test_the_first_refusal_is_reported_and_no_mail_is_left_behind(
    server: SmtpServer, step: str, answer: str, reason: str, data: str
) -> None:
    server.script(step, answer)
    server.script("DATA", data)
    if data.startswith("354"):
        server.script(".", "554 5.5.1 no valid recipients")
    gateway = gateway_to(server)
    with pytest.raises(GatewayError) as caught:
        gateway.send(mail())
    assert caught.value.reason == reason
    assert isinstance(caught.value, TemporaryGatewayError) == (answer[0] == "4" or step == "MAIL")
    assert verbs(server) == ["EHLO", "MAIL", "RCPT", "DATA", "RSET"]
    gateway.send(mail())
    gateway.close()
    assert [arrived.content.count(b"Subject: ") for arrived in server.mails] == [1]
    assert server.connections == 1


def test_a_data_accepted_after_a_refusal_is_ended_with_a_dot() -> None:
    with Packets(b"250 ok\r\n550 no\r\n354 go\r\n", b"554 no\r\n", b"250 ok\r\n") as server:
        assert failure(gateway_to(server)).reason == "RCPT answered 550"
    assert server.read[1:4] == [AHEAD, b".\r\n", b"RSET\r\n"]


@pytest.mark.parametrize(
    "end", [SILENCE, DROP, "421 4.3.2 bye", "what?"], ids=["silence", "drop", "421", "nonsense"]
)
@pytest.mark.parametrize("step", ["DATA", ".", "RSET"])
def test_a_refusal_is_reported_even_if_the_server_then_leaves(
    server: SmtpServer, step: str, end: str | Answer
) -> None:
    server.script("RCPT", "550 5.1.1 no such user")
    if step == ".":
        server.script("DATA", "354 go")
    server.script(step, end)
    error = failure(gateway_to(server, **QUICK))
    assert error.reason == "RCPT answered 550 5.1.1"
    assert not isinstance(error, TemporaryGatewayError)
    assert server.connections == 1


@pytest.mark.parametrize("end", [DROP, "421 4.3.2 bye", "what?"], ids=["drop", "421", "nonsense"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_leaves_before_it_has_the_mail_is_tried_once_more(
    server: SmtpServer, step: str, end: str | Answer
) -> None:
    gateway = gateway_to(server)
    gateway.send(mail())
    server.script(step, end)
    gateway.send(mail())
    gateway.close()
    assert [arrived.connection for arrived in server.mails] == [1, 2]


@pytest.mark.parametrize("taken", [1, 3])
def test_a_server_with_a_limit_of_mails_per_connection_is_connected_again(taken: int) -> None:
    class Few(SmtpServer):
        async def _say(self, writer: asyncio.StreamWriter, step: str, usual: str) -> bool:
            if step == "MAIL" and next(asked) % (taken + 1) == taken:
                self.script("MAIL", Answer("421 4.7.0 too many mails on this connection", drop=True))
            return await super()._say(writer, step, usual)

    asked = itertools.count()
    with Few(extensions=("PIPELINING",)) as server:
        gateway = gateway_to(server)
        for _ in range(7):
            gateway.send(mail())
        gateway.close()
    per_connection = [arrived.connection for arrived in server.mails]
    assert per_connection == [number // taken + 1 for number in range(7)]
