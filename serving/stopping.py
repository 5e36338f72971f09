"""Stop a server of waitress so that no call which did something stays without its answer."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from waitress import wasyncore

from serving import files
from serving.patience import STOP_IDLE_SECONDS, STOP_PARTIAL_SECONDS, STOP_SECONDS

log = logging.getLogger(__name__)
SIGNALS = [
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)
]  # SIGBREAK: how one asks a program to end on Windows
TURN_SECONDS = 0.05


def serve(servers: Sequence[Any], sockets: dict[int, Any], adjustments: Any, dispatcher: Any) -> None:
    """Serve until a signal comes; then accept nobody, finish and answer what was received, at most 10 s."""

    files.allow_more()

    def turn(seconds: float) -> None:
        wasyncore.loop(seconds, adjustments.asyncore_use_poll, sockets, count=1)

    with _asked_to_stop(servers[0].pull_trigger) as is_asked:
        while sockets and not is_asked():
            turn(adjustments.asyncore_loop_timeout)
        _finish(servers, turn, dispatcher)
    dispatcher.shutdown(timeout=0)
    wasyncore.close_all(sockets)


def _finish(servers: Sequence[Any], turn: Callable[[float], None], dispatcher: Any) -> None:
    began = time.time()
    for server in servers:
        server.stop_accepting()
    while (waited := time.time() - began) < STOP_SECONDS:
        turn(TURN_SECONDS)
        for server in servers:
            server.maintenance(time.time())
        channels = [channel for server in servers for channel in server.active_channels.values()]
        if not channels and not dispatcher.is_busy:
            return
        for channel in channels:
            patience = STOP_PARTIAL_SECONDS if channel.is_partial else STOP_IDLE_SECONDS
            if not channel.is_busy and channel.lingers_since is None and waited > patience:
                channel.handle_close()
    log.warning("stopped with calls that did not end within %s s", STOP_SECONDS)


@contextmanager
def _asked_to_stop(wake: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Give what tells whether a signal has come; a second one ends the process as it always did."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def stop(number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise SystemExit(128 + number)
        asked.set()
        wake()

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
