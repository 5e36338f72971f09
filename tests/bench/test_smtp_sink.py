"""The mail server that sending mail is measured against."""

import smtplib
import socket

import pytest

from bench.smtp_sink import Counts, Sink

MAIL = b"Subject: hi\r\n\r\n..\r\n.dot\r\n"


@pytest.mark.parametrize("pipelining", [True, False])
def test_it_counts_what_it_takes(pipelining: bool) -> None:
    with Sink(pipelining=pipelining) as sink, smtplib.SMTP("127.0.0.1", sink.port) as client:
        for _ in range(3):
            assert client.sendmail("a@x.org", ["b@x.org"], MAIL) == {}
        assert client.has_extn("pipelining") is pipelining
        assert sink.counts() == Counts(mails=3, bytes=3 * (len(MAIL) + 2), connections=2)  # two dots doubled


def test_pipelined_commands_and_mails_in_pieces_are_answered() -> None:
    with Sink() as sink, socket.create_connection(("127.0.0.1", sink.port)) as client:
        client.sendall(b"MAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\n")
        for piece in [b"a\r\n.", b"\r", b"\nMAIL FROM:<a@x.org>\r\nDATA\r\n.\r\nQUIT\r\n"]:
            client.sendall(piece)
        answers = b"".join(iter(lambda: client.recv(1000), b"")).split(b"\r\n")
        assert [answer[:3] for answer in answers] == [*b"220 250 250 354 250 250 354 250 221".split(), b""]
