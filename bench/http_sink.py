"""A provider that accepts every message at once and keeps none, to measure gateways of type `http` against.

    python -m bench.http_sink

It prints `listening on <port>` when it is ready, and ends on SIGTERM.
"""

import asyncio
import re
import signal
import subprocess
import sys
from typing import Self, cast

from devtools.live.process import ROOT

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
BODY = b'{"id": "accepted-by-the-sink", "code": 0, "status": "queued"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)
END = b"\r\n\r\n"


class Dialogue(asyncio.Protocol):
    """One client, which keeps its connection."""

    def __init__(self) -> None:
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer the complete requests."""
        self._unread += data
        while (end := self._unread.find(END)) >= 0:
            length = LENGTH.search(self._unread, 0, end)
            size = end + len(END) + (int(length[1]) if length else 0)
            if len(self._unread) < size:
                return
            self._unread = self._unread[size:]
            self._transport.write(ANSWER)


class Sink:
    """The sink as a separate process, for the duration of a `with`."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.http_sink"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline().rpartition(" ")[2])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)


async def serve() -> None:
    """Accept messages until SIGTERM or Ctrl-C."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(Dialogue, "127.0.0.1", 0, backlog=1024)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
