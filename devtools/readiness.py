"""Readiness checks for children."""

import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable

from devtools.processes import Running

HOST = "127.0.0.1"
Ready = Callable[[Running], bool]


def answers_ping(port: int) -> Ready:
    """Ready when a Redis-protocol server answers PING."""

    def ready(_running: Running) -> bool:
        try:
            with socket.create_connection((HOST, port), timeout=1) as connection:
                connection.sendall(b"*1\r\n$4\r\nPING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    return ready


def answers_http(url: str) -> Ready:
    """Ready when the URL answers 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy for loopback

    def ready(_running: Running) -> bool:
        try:
            with opener.open(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return ready


def says(text: str) -> Ready:
    """Ready when a line with this text was printed."""
    return lambda running: running.said(text)


def is_free(port: int) -> bool:
    """Tell whether a loopback port is free.

    Binding is not enough of a test: macOS lets us bind 127.0.0.1:5000 next to its AirPlay receiver on *:5000.
    """
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.settimeout(0.5)
                if probe.connect_ex((host, port)) == 0:
                    return False
        except OSError:  # no IPv6 here
            continue
    try:
        with socket.socket() as probe:
            if os.name != "nt":  # else connections that ended just now would block the port for a minute
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except OSError:
        return False
    return True


def free_port(first: int, tried: int = 100, *, taken: tuple[int, ...] = ()) -> int:
    """Return the first free port, starting at `first`.

    Raises OSError where none of the next ones is free.
    """
    for port in range(first, first + tried):
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port between {first} and {first + tried - 1}")
