"""A mail server that accepts every mail at once and keeps none, to measure sending mail against.

    python -m bench.smtp_sink --port 2525 --no-pipelining

It prints `listening on <port>` when it is ready, and ends on SIGTERM. The command `HELP` answers
`214 <mails> <bytes> <connections>`. With uvloop installed it accepts far more mails than one Python program can send.
"""

import argparse
import asyncio
import signal
import smtplib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

ROOT = Path(__file__).resolve().parent.parent
END = b"\r\n.\r\n"
ANSWERS = {
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"HELO": b"250 sink.test\r\n",
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


@dataclass
class Counts:
    """The totals so far."""

    mails: int = 0
    bytes: int = 0
    connections: int = 0


class Dialogue(asyncio.Protocol):
    """One client; commands that arrive in one packet are answered in one packet."""

    def __init__(self, counts: Counts, pipelining: bool):
        self._counts = counts
        self._hello = b"250-sink.test\r\n" + b"250-PIPELINING\r\n" * pipelining + b"250 8BITMIME\r\n"
        self._unread = b""
        self._content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop has its own class
        self._counts.connections += 1
        transport.write(b"220 sink.test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer the complete commands."""
        self._unread += data
        answers = []
        while answer := self._mail() if self._content else self._command():
            answers.append(answer)
        self._transport.write(b"".join(answers))
        if answers and answers[-1] is ANSWERS[b"QUIT"]:
            self._transport.close()

    def _command(self) -> bytes:
        line, end, rest = self._unread.partition(b"\r\n")
        if not end:
            return b""
        self._unread = rest
        verb = line[:4].upper()
        if verb == b"EHLO":
            return self._hello
        if verb == b"HELP":
            return f"214 {self._counts.mails} {self._counts.bytes} {self._counts.connections}\r\n".encode()
        if verb == b"DATA":
            self._content = True
            self._unread = b"\r\n" + rest  # an empty mail ends with the very first ".\r\n"
        return ANSWERS.get(verb, b"500 5.5.2 What?\r\n")

    def _mail(self) -> bytes:
        end = self._unread.find(END)
        if end < 0:
            return b""
        self._content = False
        self._counts.mails += 1
        self._counts.bytes += end
        self._unread = self._unread[end + len(END) :]
        return b"250 2.0.0 Ok: queued as %X\r\n" % self._counts.mails


class Sink:
    """The sink as a separate process, for the duration of a `with`."""

    def __init__(self, *, pipelining: bool = True, python: str = sys.executable):
        switch = "--pipelining" if pipelining else "--no-pipelining"
        self._command = [python, "-m", "bench.smtp_sink", switch]
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline().rpartition(" ")[2])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    def counts(self) -> Counts:
        """Ask the sink for its totals."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="bench") as client:
            answer = client.docmd("HELP")[1]
        return Counts(*map(int, answer.split()))


async def serve(port: int, *, pipelining: bool) -> None:
    """Accept mails until SIGTERM or Ctrl-C."""
    counts = Counts()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(lambda: Dialogue(counts, pipelining), "127.0.0.1", port, backlog=1024)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 = a free one")
    parser.add_argument("--pipelining", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:
        runner = asyncio.Runner()
    with runner:
        runner.run(serve(given.port, pipelining=given.pipelining))


if __name__ == "__main__":
    main()
