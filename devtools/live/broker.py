"""A broker that can be killed, silenced and restarted on the same port."""

import os
import shutil
import signal
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from devtools.broker import valkey_command, valkey_server
from devtools.live.process import HOST, Process, free_port


class Broker:
    """An embedded Valkey, or the system's Redis."""

    def __init__(self, folder: Path, port: int | None = None):
        """Choose port and folder; `with` or `start` starts it."""
        self.port = port or free_port()
        self.url = f"redis://{HOST}:{self.port}/0"
        self._folder = folder
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def start(self) -> None:
        """Start it, with the data of its append-only file if there is one, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        server = valkey_server() or Path(shutil.which("redis-server") or "redis-server")
        command = valkey_command(server, self.port, self._folder)
        self._process = Process("broker", command, {"PATH": os.environ["PATH"]}, self._folder / "output.log")
        self._process.wait_until_ready(self.answers)

    def kill(self) -> None:
        """Kill it: its port refuses connections from now on."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def silence(self) -> None:
        """Make it accept connections without answering, until `resume`."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Make it answer again."""
        os.kill(self.pid, signal.SIGCONT)

    def answers(self) -> bool:
        """Tell whether it answers PING."""
        return self.ask("PING").startswith(b"+PONG")

    def ask(self, *words: str) -> bytes:
        """Send one command and return the first part of its answer, empty where there is none."""
        request = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                connection.sendall(request.encode())
                return connection.recv(65536)
        except OSError:
            return b""
