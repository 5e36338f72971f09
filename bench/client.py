"""`python -m bench.client PORT PATH CLIENTS COUNT KEY FIRST`: POST COUNT times, print each call's seconds as JSON.

A separate process with kept connections that does as little work as possible, so that only the server is measured.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from devtools.live.process import ROOT
from tests.live.installation import phone


@dataclass(frozen=True)
class Run:
    """What a client measured: seconds per call, and for all calls together."""

    seconds: list[float]
    took: float

    @property
    def rate(self) -> float:
        """Calls per second."""
        return len(self.seconds) / self.took


def call(port: int, path: str, *, clients: int, count: int, key: str = "", first: int = 0) -> Run:
    """Run a client process; every answer must be a 2xx."""
    command = [
        sys.executable,
        "-m",
        "bench.client",
        str(port),
        path,
        str(clients),
        str(count),
        key or "-",
        str(first),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"POST {path}: {done.stderr[-1000:]}")
    return Run(**json.loads(done.stdout))


def request(port: int, path: str, key: str, number: int) -> bytes:
    """Return the request for a code to one number."""
    body = json.dumps({"channel": "sms", "to": phone(number)})
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def one(port: int, path: str, key: str, numbers: Iterator[int], seconds: list[float]) -> None:
    """Make calls one after another on one connection until the numbers are used up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:
        sent = request(port, path, key, number)
        began = time.perf_counter()
        writer.write(sent)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        status, _, rest = answer.partition(b"\r\n")
        length = rest.partition(b"content-length:")[2].partition(b"\r\n")[0]
        content = await reader.readexactly(int(length))
        seconds.append(time.perf_counter() - began)
        if not status.split()[1].startswith(b"2"):
            raise RuntimeError(f"{status.decode()}: {content[:300]!r}")
    writer.close()


async def everything(port: int, path: str, clients: int, count: int, key: str, first: int) -> Run:
    """Divide the calls among the clients."""
    seconds: list[float] = []
    numbers = iter(range(first, first + count))
    began = time.perf_counter()
    await asyncio.gather(*(one(port, path, key, numbers, seconds) for _ in range(clients)))
    return Run(seconds, time.perf_counter() - began)


if __name__ == "__main__":
    port, path, clients, count, key, first = sys.argv[1:]
    run = asyncio.run(everything(int(port), path, int(clients), int(count), key, int(first)))
    print(json.dumps({"seconds": run.seconds, "took": run.took}))
