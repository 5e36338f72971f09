"""A connection that was closed in one turn of the loop must not take the next one with it, which has its number."""

import socket
import threading
from contextlib import closing

import pytest
import waitress.server
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from devtools.live.process import HOST, free_port
from serving import waitress_server
from serving.ceilings import Ceilings

NAMES = ("TcpWSGIServer", "UnixWSGIServer", "MultiSocketServer", "ThreadedTaskDispatcher")
SETTINGS = (
    "ceilings",
    "connection_limit",
    "asyncore_use_poll",
    "cleanup_interval",
    "max_request_header_size",
)


def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def server(monkeypatch):
    """A server of ours, whose loop the test turns."""
    for name in NAMES:
        monkeypatch.setattr(waitress.server, name, getattr(waitress.server, name))
    for name in SETTINGS:
        monkeypatch.setattr(Adjustments, name, getattr(Adjustments, name, None), raising=False)
    waitress_server.install(Ceilings(10_000, {}))
    sockets: dict[int, object] = {}
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(1)
    made = waitress_server.TcpServer(
        application,
        map=sockets,
        dispatcher=dispatcher,
        adj=Adjustments(host=HOST, port=free_port()),
        sockinfo=(socket.AF_INET, socket.SOCK_STREAM, 0, (HOST, free_port())),
    )
    yield made
    dispatcher.shutdown()
    for one in list(sockets.values()):
        one.close()


def turn(server):
    wasyncore.poll2(0.2, server._map)


def test_who_connects_while_an_overdue_one_is_closed_is_answered(server):
    address = (HOST, server.effective_port)
    with closing(socket.create_connection(address)) as silent:
        turn(server)
        (channel,) = server.active_channels.values()
        number = channel.socket.fileno()
        channel.creation_time -= 60
        server.next_channel_cleanup = 0
        with closing(socket.create_connection(address, timeout=10)) as caller:
            turn(server)  # closes the silent one, and accepts the caller
            (taken,) = server.active_channels.values()
            assert taken.socket.fileno() == number
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            done = threading.Event()
            thread = threading.Thread(
                target=lambda: caller.recv(4096).startswith(b"HTTP/1.1 200") and done.set()
            )
            thread.start()
            for _ in range(50):
                turn(server)
                if done.is_set():
                    break
            thread.join(10)
            assert done.is_set()
        assert silent.recv(10) == b""
