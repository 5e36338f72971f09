"""A TCP proxy that can stop forwarding: its clients see a frozen server, whose connections stay open."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class FrozenProxy:
    """Forwards to one address until `freeze`, and again after `thaw`."""

    def __init__(self, host: str, port: int):
        self._target = (host, port)
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Forward nothing any more; connections are still accepted, as a frozen machine's kernel does."""
        self._flows.clear()

    def thaw(self) -> None:
        """Forward again, what came in the meantime as well."""
        self._flows.set()

    def close(self) -> None:
        """Accept no more connections."""
        self._flows.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._flows.wait()
        with suppress(OSError), client, socket.create_connection(self._target) as server:
            back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
            back.start()
            self._pump(client, server)
            back.join()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                target.sendall(data)
        for side in (source, target):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


@contextmanager
def frozen_proxy(host: str, port: int) -> Iterator[FrozenProxy]:
    """Run a proxy in front of a server."""
    proxy = FrozenProxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()
