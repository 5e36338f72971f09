"""Clients that a server should survive: bodies without end, and requests that come drop by drop."""

import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.live.processes import HOST

MIB = 1024 * 1024
PIECE = b" " * 64 * 1024


def pour(port: int, path: str, length: int, *, chunked: bool = False) -> int | None:
    """Send a body of that length without a key; return the status of the answer, None where there is none."""
    frame = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % length
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n\r\n" % (
        path.encode(),
        frame,
    )
    with socket.create_connection((HOST, port), timeout=20) as client:
        with suppress(OSError):
            client.sendall(head)
            for _ in range(length // len(PIECE)):
                client.sendall(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
        with suppress(OSError, IndexError):
            return int(client.recv(65_536).split(b" ")[1])
    return None


@contextmanager
def dripping(port: int, count: int, head: bytes, drop: bytes) -> Iterator[list[float]]:
    """Hold that many connections that send `head` and then a drop a second; yield how long closed ones lasted."""
    lasted: list[float] = []
    ends = threading.Event()

    def drip() -> None:
        while not ends.is_set():
            began = time.monotonic()
            with suppress(OSError), socket.create_connection((HOST, port), timeout=5) as client:
                client.sendall(head)
                client.settimeout(0.05)
                while not ends.wait(1):
                    client.sendall(drop)
                    with suppress(TimeoutError):
                        if not client.recv(4096):
                            break
            lasted.append(time.monotonic() - began)
            ends.wait(0.1)

    threads = [threading.Thread(target=drip, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield lasted
    finally:
        ends.set()
        for thread in threads:
            thread.join(10)


HEADERS = b"POST /api/v1/verifications HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"
BODIES = b"POST /api/v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n", b" "
EXPECTED = BODIES[0][:-2] + b"Expect: 100-continue\r\n\r\n", b" "
LONG_BODIES = (
    BODIES[0].replace(b"verifications", b"broadcasts").replace(b"60000", b"600000") + PIECE + b" ",
    b" ",
)
CHUNKS = BODIES[0].replace(b"Content-Length: 60000", b"Transfer-Encoding: chunked"), b"1\r\n \r\n"
SILENCE = b"", b""


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, float]:
    """Return the status of a call and how long it took; raises OSError where there is none in 20 s."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.monotonic() - began
    finally:
        connection.close()


class Watched:
    """What a process and its children take, of memory at their highest and of files that have no name any more."""

    def __init__(self, pid: int):
        self._pids = [pid, *_children(pid)]
        self._before = self._memory()
        self.disk = 0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ends.set()
        self._thread.join()
        self.memory = self._memory() - self._before

    def _memory(self) -> int:
        return sum(_memory_peak(pid) for pid in self._pids)

    def _look(self) -> None:
        while not self._ends.wait(0.02):
            self.disk = max(self.disk, sum(_unnamed_files(pid) for pid in self._pids))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _memory_peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _unnamed_files(pid: int) -> int:
    total = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if "(deleted)" in os.readlink(file):
                total += file.stat().st_size
    return total
