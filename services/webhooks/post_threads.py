"""The threads that post: up to sixteen at a time to one endpoint, each until nothing more waits for it."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

from services.webhooks.claims import Ended
from services.webhooks.kinds import Due

MOST_TO_ONE = 16
START_WITHIN_SECONDS = 5.0
"""What has not begun by then is late: an endpoint that was quick may hang now, and the lease goes on."""


class PostThreads:
    """Posts deliveries and hands on how each ended; an endpoint that hangs keeps no other waiting."""

    def __init__(self, post: Callable[[Due], Ended], ended: Callable[[Ended], None]):
        """`post` raises nothing. `ended` is called in the threads."""
        self._post, self._ended = post, ended
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[tuple[Due, float]]] = {}
        self._threads: Counter[str] = Counter()

    def start(self, due: Sequence[Due]) -> None:
        """Post these, those to one endpoint in their order."""
        until = time.monotonic() + START_WITHIN_SECONDS
        for one in due:
            to = one.webhook_id or ""
            with self._lock:
                self._waiting.setdefault(to, deque()).append((one, until))
                needs_thread = self._threads[to] < MOST_TO_ONE
                self._threads[to] += needs_thread
            if needs_thread:
                threading.Thread(target=self._work, args=(to,), name="event", daemon=True).start()

    def take_back(self, *, late_only: bool) -> list[Due]:
        """Return what no thread has begun, or of that only what has waited for too long; it is not posted."""
        now = time.monotonic()
        taken: list[Due] = []
        with self._lock:
            for waiting in self._waiting.values():
                while waiting and (waiting[0][1] < now or not late_only):
                    taken.append(waiting.popleft()[0])
        return taken

    def _work(self, to: str) -> None:
        while (due := self._next(to)) is not None:
            self._ended(self._post(due))

    def _next(self, to: str) -> Due | None:
        with self._lock:
            if self._waiting[to]:
                return self._waiting[to].popleft()[0]
            self._threads[to] -= 1
            if not self._threads[to]:
                del self._threads[to], self._waiting[to]
            return None
