"""An asyncio server in its own thread, as a context manager."""

import asyncio
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Self

from devtools.live.process import PORTS

HOST = "127.0.0.1"
BACKLOG = 2048
LONGEST_PAUSE = 0.1
"""Seconds between two looks of a long wait: a look may be a query over thousands of rows."""


class ServerThread:
    """The life of one server: start on a free port, stop with every connection it holds."""

    def __init__(self, *, port: int | None = None, tls: ssl.SSLContext | None = None):
        self.host = HOST
        self.port = port or 0
        self.connections = 0
        self._tls = tls
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        if self._failure:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def drop_connections(self, farewell: str = "") -> None:
        """Close every open connection, after sending a last line if one is given."""
        asyncio.run_coroutine_threadsafe(self._drop(farewell), self._loop).result(10)

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._writers)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client until it or the script ends it."""
        raise NotImplementedError

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            self._failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await self._listen()
        self._ready.set()
        await self._stopping.wait()
        # Accept no more first: asyncio fails on a connection that it accepts while the server closes.
        for listening in server.sockets:
            self._loop.remove_reader(listening.fileno())
        await _turns()
        server.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        await _turns()  # let the loop notice that the connections are closed

    async def _listen(self) -> asyncio.Server:
        for port in [self.port] if self.port else random.sample(PORTS, 50):
            try:
                server = await asyncio.start_server(
                    self._accept, HOST, port, backlog=BACKLOG, ssl=self._tls, limit=2**16
                )
            except OSError:
                if self.port:
                    raise
            else:
                self.port = port
                return server
        raise OSError("no free port for a test server")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        try:
            await self.converse(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # the client left, or the server was stopped: both are normal
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if self._stopping.is_set() else writer.close()

    async def _drop(self, farewell: str) -> None:
        for writer in list(self._writers):
            if farewell:
                writer.write(farewell.encode() + b"\r\n")
            writer.close()
        await asyncio.sleep(0.05)  # time for the last line; TLS would wait for the client to close
        for writer in list(self._writers):
            writer.transport.abort()


async def _turns() -> None:
    """Let the loop run ready callbacks, and those that they schedule; a sleep may be too short on a busy machine."""
    for _ in range(20):
        await asyncio.sleep(0)


async def write(writer: asyncio.StreamWriter, data: bytes, *, drip: float = 0) -> None:
    """Send `data` at once, or one byte every `drip` seconds."""
    for piece in [bytes([byte]) for byte in data] if drip else [data]:
        writer.write(piece)
        await writer.drain()
        if drip:
            await asyncio.sleep(drip)


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a TCP reset instead of a polite end."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def silence() -> None:
    """Send nothing until the server stops."""
    await asyncio.Event().wait()


def closed_port() -> int:
    """Find a port that refuses connections."""
    with ServerThread() as server:
        return server.port


def wait_until(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until `condition()` is true; fail the test after `seconds`."""
    ends, pause = time.monotonic() + seconds, 0.02
    while not condition():
        assert time.monotonic() < ends, f"not within {seconds} s"
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.1)
