"""Connections to a server: what goes out, and where answers end."""

import socket
from typing import Any

import pytest

from channels.http import http_pool
from channels.http.posting import Poster
from domain.gateway_errors import UnknownResult
from tests.servers.http import Answer, HttpGatewayServer


def test_an_answer_with_endless_headers_leaves_the_result_unknown() -> None:
    with HttpGatewayServer() as server:
        server.script(Answer(200, headers={f"X-{number}": "y" for number in range(101)}))
        poster = Poster(server.url)
        with pytest.raises(UnknownResult):
            poster.post(b"{}", {})
        poster.close()


def test_a_request_goes_out_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []

    class Recording(socket.socket):
        def sendall(self, data: Any, *flags: int) -> None:
            pieces.append(bytes(data))
            super().sendall(data, *flags)

    def connect(*address: Any) -> socket.socket:
        opened = opens(*address)
        return Recording(fileno=opened.detach())

    opens = http_pool.connect
    monkeypatch.setattr(http_pool, "connect", connect)
    with HttpGatewayServer() as server:
        poster = Poster(server.url)
        for body in (b'{"to": "1"}', b'{"to": "2"}', None):
            poster.request("POST", poster.target, body, {})
        poster.close()
        assert [call.body for call in server.calls] == [b'{"to": "1"}', b'{"to": "2"}', b""]
    assert [piece.partition(b"\r\n\r\n")[2] for piece in pieces] == [b'{"to": "1"}', b'{"to": "2"}', b""]
