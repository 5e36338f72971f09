"""Deadlines, connecting within one, and per-process objects."""

import os
import socket
import time
from typing import Any

import pytest

from channels.sockets import Deadline, PerProcess, connect, trust
from domain.errors import ConfigurationError
from tests.servers.http import HttpGatewayServer
from tests.servers.thread import closed_port


def test_a_deadline_ends() -> None:
    assert 59 < Deadline(60).remaining() <= 60
    assert Deadline(60).remaining(5) == 5
    with pytest.raises(TimeoutError):
        Deadline(0).remaining()


def names(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpGatewayServer() as server:
        names(monkeypatch, ("127.0.0.1", closed_port()), ("127.0.0.1", server.port))
        with connect("two.example", 1, 5) as opened:
            assert opened.getpeername() == ("127.0.0.1", server.port)


def test_dead_addresses_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener with a full backlog answers no further connection, like a dead address."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        names(monkeypatch, *[full.getsockname()] * 5)
        started = time.monotonic()
        with pytest.raises(OSError, match=r"timed out|out of time"):
            connect("dead.example", 1, 0.5)
        assert time.monotonic() - started < 3
        for one in waiting:
            one.close()


def test_a_name_without_addresses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch)
    with pytest.raises(OSError, match="no address"):
        connect("nothing.example", 1, 1)


def test_an_unreadable_authority_is_a_mistake_in_the_configuration(tmp_path: Any) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for file in [str(empty), str(tmp_path / "missing.pem")]:
        with pytest.raises(ConfigurationError, match="ca_file"):
            trust(file)


def test_a_forked_child_makes_its_own_object(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = PerProcess(object)
    first = kept.get()
    assert kept.get() is first
    monkeypatch.setattr(os, "getpid", lambda: -1)
    child = kept.get()
    assert child is not first
    assert kept.get() is child


def test_authorities_are_read_once_a_process_and_protocol() -> None:
    assert trust() is trust()
    assert trust(protocol="http") is trust(None, "http")
    assert trust() is not trust(protocol="http"), "urllib3 makes it say that it speaks HTTP"
