"""waitress with our patience: no flags needed, for its command line makes the server after it has called us."""

import time
from typing import Any

import waitress.server
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import MultiSocketServer, TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher

from serving import stopping
from serving.ceilings import Ceilings
from serving.channel import Channel
from serving.patience import MOST_CONNECTIONS

ALWAYS_ANSWERED = "/healthz"
"""Has a thread of its own: a supervisor must not restart us because all others wait for the database."""

YOUNG_SECONDS = 1.0


def install(ceilings: Ceilings) -> None:
    """Make every server of waitress that is created from now on one of ours."""
    Adjustments.ceilings = ceilings
    Adjustments.connection_limit = MOST_CONNECTIONS
    Adjustments.asyncore_use_poll = True  # select() can't look at more than 1,024 files
    Adjustments.cleanup_interval = 1
    Adjustments.max_request_header_size = 32 * 1024  # for each of the connections, before anybody is known
    waitress.server.TcpWSGIServer = TcpServer
    waitress.server.UnixWSGIServer = UnixServer
    waitress.server.MultiSocketServer = ManyServers
    waitress.server.ThreadedTaskDispatcher = Dispatcher


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """The threads, and one more."""

    def __init__(self) -> None:
        super().__init__()
        self._spare = ThreadedTaskDispatcher()

    def set_thread_count(self, count: int) -> None:
        """Start or end threads."""
        super().set_thread_count(count)
        self._spare.set_thread_count(min(count, 1))

    def add_task(self, task: HTTPChannel) -> None:
        """Put a connection with a whole request into the queue."""
        if task.requests[0].path == ALWAYS_ANSWERED:
            self._spare.add_task(task)
        else:
            super().add_task(task)

    @property
    def is_busy(self) -> bool:
        """Whether a thread works, even for a client that has gone."""
        return bool(self.active_count or self.queue or self._spare.active_count or self._spare.queue)


class Patience:
    """What our servers do besides serving: they close slow connections, and stop without cutting anybody off."""

    channel_class = Channel
    is_stopping = False

    def handle_accept(self: Any) -> None:
        """Accept; where no more are allowed, the one that has kept us waiting longest makes room."""
        super().handle_accept()  # type: ignore[misc]
        if len(self._map) >= self.adj.connection_limit:
            idle = [one for one in self.active_channels.values() if not one.is_busy]
            if idle:
                min(idle, key=_priority).handle_close()

    def maintenance(self: Any, now: float) -> None:
        """Close what has taken too long."""
        super().maintenance(now)  # type: ignore[misc]
        for channel in [one for one in self.active_channels.values() if one.is_overdue(now)]:
            channel.handle_close()

    def run(self: Any) -> None:
        """Serve until a signal asks to stop."""
        stopping.serve([self], self._map, self.adj, self.task_dispatcher)

    def stop_accepting(self: Any) -> None:
        """Take in who has connected already, and nobody after: who connects before the port is closed is cut off."""
        self.is_stopping = True
        self.del_channel(self._map)
        before = -1
        while before != len(self.active_channels) < self.adj.connection_limit:
            before = len(self.active_channels)
            self.handle_accept()
        self.socket.close()
        self.accepting = False


class TcpServer(Patience, TcpWSGIServer):  # type: ignore[misc]
    """Ours on a port."""


class UnixServer(Patience, UnixWSGIServer):  # type: ignore[misc]
    """Ours on a Unix socket."""


class ManyServers(MultiSocketServer):  # type: ignore[misc]
    """Ours on several ports."""

    def run(self) -> None:
        """Serve until a signal asks to stop."""
        servers = [one for one in self.map.values() if isinstance(one, Patience)]
        stopping.serve(servers, self.map, self.adj, self.task_dispatcher)


def _priority(channel: Channel) -> tuple[int, float]:
    """Return what sorts those first who keep us waiting for a request, then kept connections, then newcomers."""
    if channel.is_kept:
        return 1, channel.last_activity
    since = channel.began or channel.creation_time
    return (0 if time.time() - since > YOUNG_SECONDS else 2), since
