"""The servers that other tests rely on, checked with independent clients."""

import asyncio
import smtplib
import time
import urllib.error
import urllib.request

import pytest

from tests.servers.http import Answer, HttpGatewayServer
from tests.servers.smtp import Answer as SmtpAnswer
from tests.servers.smtp import SmtpServer


def test_smtp_server_keeps_mails_with_their_envelope() -> None:
    with SmtpServer(login=("ann", "pässword")) as server, smtplib.SMTP(server.host, server.port) as client:
        client.ehlo()
        client.docmd("AUTH", "PLAIN AGFubgBww6Rzc3dvcmQ=")
        client.sendmail("a@x.org", ["b@y.org"], "Subject: hi\n\n.dot\nbye")
    (mail,) = server.mails
    assert (mail.sender, mail.recipient, mail.connection) == ("a@x.org", "b@y.org", 1)
    assert mail.message["Subject"] == "hi"
    assert mail.text == ".dot\nbye\n"


def test_smtp_server_follows_its_script_once() -> None:
    with SmtpServer() as server, smtplib.SMTP(server.host, server.port) as client:
        server.script("RCPT", "451 4.3.0 later", SmtpAnswer("550 5.1.1 never", delay=0.01))
        client.ehlo()
        client.mail("a@x.org")
        assert [client.rcpt("b@y.org")[0] for _ in range(3)] == [451, 550, 250]


def test_http_server_follows_its_script_and_keeps_the_calls() -> None:
    with HttpGatewayServer() as server:
        server.script(Answer(503, headers={"Retry-After": "7"}))
        request = urllib.request.Request(server.url, data=b'{"to": 1}', headers={"X-One": "1"})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        caught.value.close()
        assert (caught.value.code, caught.value.headers["Retry-After"]) == (503, "7")
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b'{"id": "g2"}'
    assert [call.json for call in server.calls] == [{"to": 1}, {"to": 1}]
    assert server.calls[0].headers["x-one"] == "1"


def test_http_server_answers_many_slow_calls_side_by_side() -> None:
    async def call(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /sms HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        head = await reader.readuntil(b"\r\n")
        writer.close()
        return head

    async def call_all(port: int) -> list[bytes]:
        return await asyncio.gather(*(call(port) for _ in range(300)))

    with HttpGatewayServer(delay=0.5) as server:
        started = time.monotonic()
        answers = asyncio.run(call_all(server.port))
    assert answers == [b"HTTP/1.1 200 Scripted\r\n"] * 300
    assert time.monotonic() - started < 30  # one after the other: 150 s
