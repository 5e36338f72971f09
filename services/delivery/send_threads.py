"""A thread pool for sends: one or two threads while sends are short, one per message while each waits for a gateway.

A thread per message is right for a gateway that takes a second, but costs several times as much as a short send itself:
Python runs one thread at a time. So threads are added only while the processor has time for them.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import process_time
from typing import Generic, TypeVar

from domain.faults import place

log = logging.getLogger(__name__)
TICK_SECONDS = 0.002
"""How often to call `grow` while messages wait; after seven calls, a hundred blocked sends are under way."""
SHORT_SENDS = 4
"""A thread that ends more sends than this in a tick is not waiting for a gateway: another would only slow it down."""
BUSY_SECONDS = TICK_SECONDS / 2
"""A process that computes longer than this in a tick has no time for twice as many threads."""
STILL_TICKS = 3
"""Unless no message at all was taken in as many ticks: then another part of the process computes, and sends wait."""
MANY = 200
"""If this many wait, the owner is told when a quarter of them are under way, so that it fetches more in time."""

Label = TypeVar("Label")
Message = TypeVar("Message")
Result = TypeVar("Result")


class SendThreads(Generic[Label, Message, Result]):
    """Runs `send` for each message in up to `most` threads, or greenlets where the process is patched.

    A result comes back under the label of its message. `rested` is called whenever a thread has run out of work, or
    when a quarter of a large backlog is under way. Only one thread, the owner, may call the methods.
    """

    def __init__(self, send: Callable[[Message], Result], most: int, rested: Callable[[], None]):
        self._send = send
        self.most = most
        self._rested = rested
        self._waiting: deque[tuple[Label, Message]] = deque()
        self._ended: deque[tuple[Label, Result | None]] = deque()
        self._idle: list[threading.Lock] = []  # the lock that each resting thread waits for
        self._threads: list[threading.Thread] = []
        self._width = 1
        self._left = 0  # how many waited at the last `grow` or `start`
        self._used = 0.0  # how long the process had computed by then
        self._still = 0  # the ticks since a message was taken
        self._low = -1  # the owner is told when this many wait
        self._handed_out = 0  # started and not yet taken back
        self._stopping = False

    @property
    def backlog(self) -> int:
        """The number of messages that no thread has taken yet."""
        return len(self._waiting)

    @property
    def may_grow(self) -> bool:
        """Tell whether messages wait that another thread could take."""
        return bool(self._waiting) and (self._width < self.most or self._nobody_is_up)

    @property
    def _nobody_is_up(self) -> bool:
        """Tell whether all threads rest: the last one may have run out of work just before more was started."""
        return len(self._idle) == len(self._threads)

    def start(self, label: Label, messages: Sequence[Message]) -> None:
        """Send these in their order, after those that wait already."""
        if self._sending() * 2 < self._width:
            self._width = max(1, self._width // 2)
        self._waiting.extend((label, message) for message in messages)
        self._handed_out += len(messages)
        self._left = len(self._waiting)
        self._low = self._left * 3 // 4 if self._left >= MANY else -1
        self._wake(self._width)
        self._used = process_time()

    def grow(self) -> None:
        """Put more threads to work if those at work wait for their gateways, not for the processor."""
        left, is_busy = len(self._waiting), process_time() - self._used > BUSY_SECONDS
        taken, self._left = self._left - left, left
        self._still = 0 if taken else self._still + 1
        waits = taken <= SHORT_SENDS * self._width and (not is_busy or self._still >= STILL_TICKS)
        if left and (waits or self._nobody_is_up):
            self._width = min(2 * self._width, self.most)
            self._wake(self._width)
        self._used = process_time()

    def take_ended(self) -> list[tuple[Label, Result | None]]:
        """Return the results since the last call; None is the result of a `send` that raised."""
        ended = [self._ended.popleft() for _ in range(len(self._ended))]
        self._handed_out -= len(ended)
        return ended

    def stop(self) -> None:
        """End the threads once their messages are sent, and wait for them."""
        self._stopping = True
        while self._idle:
            self._idle.pop().release()
        for thread in self._threads:
            thread.join()

    def _sending(self) -> int:
        return self._handed_out - len(self._waiting) - len(self._ended)

    def _wake(self, count: int) -> None:
        for _ in range(min(count, len(self._waiting))):
            if self._idle:
                self._idle.pop().release()
            elif len(self._threads) < self.most:
                thread = threading.Thread(target=self._serve, name=f"send-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self) -> None:
        """Send until nothing waits, rest until woken, and so on."""
        sleep = threading.Lock()
        sleep.acquire()
        while True:
            self._send_waiting()
            self._idle.append(sleep)
            self._rested()
            if self._stopping:
                return
            sleep.acquire()

    def _send_waiting(self) -> None:
        waiting, ended, send = self._waiting, self._ended, self._send
        while waiting:
            try:
                label, message = waiting.popleft()
            except IndexError:
                return  # another thread was faster
            if len(waiting) == self._low:
                self._rested()
            try:
                ended.append((label, send(message)))
            except Exception as error:  # noqa: BLE001 - a thread that ends is worse than a message that comes again
                log.error("a send raised an error, which it must not: %s", place(error))
                ended.append((label, None))
