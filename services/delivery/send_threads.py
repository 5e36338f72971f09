"""Threads that send: one or two while sends are short, as many as there are messages while each waits for a gateway.

A thread for each message would be right for a gateway that takes a second, and would cost several times what a short
send costs itself: threads of Python take turns.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from services.process.faults import place

log = logging.getLogger(__name__)
TICK_SECONDS = 0.002
"""How often `grow` wants to be called while messages wait; a hundred blocked sends are under way after seven times."""
SHORT_SENDS = 4
"""A thread that ends more than so many sends in a tick does not wait for its gateway: another would only disturb it."""
MANY = 200
"""Where so many wait the owner is told when a quarter of them are under way, and fetches more while they are sent."""

Label = TypeVar("Label")
Message = TypeVar("Message")
Result = TypeVar("Result")


class SendThreads(Generic[Label, Message, Result]):
    """Runs `send` for each message in up to `most` threads, or greenlets where the process is patched.

    A result comes back under the label of its message. `rested` is called whenever a thread has found nothing more to
    do, or many wait and more may come. All methods are for one thread, the owner's.
    """

    def __init__(self, send: Callable[[Message], Result], most: int, rested: Callable[[], None]):
        self._send = send
        self._most = most
        self._rested = rested
        self._waiting: deque[tuple[Label, Message]] = deque()
        self._ended: deque[tuple[Label, Result | None]] = deque()
        self._idle: list[threading.Lock] = []  # of each resting thread the lock that it waits for
        self._threads: list[threading.Thread] = []
        self._width = 1
        self._left = 0  # how many waited when it was last looked
        self._low = -1  # when so few wait the owner is told
        self._handed_out = 0  # started and not yet taken back
        self._stopping = False

    @property
    def backlog(self) -> int:
        """How many messages no thread has taken yet."""
        return len(self._waiting)

    @property
    def may_grow(self) -> bool:
        """Tell whether messages wait that one more thread could take."""
        return bool(self._waiting) and (self._width < self._most or self._nobody_is_up)

    @property
    def _nobody_is_up(self) -> bool:
        """Tell whether all threads rest: the last one may have found nothing just before more was started."""
        return len(self._idle) == len(self._threads)

    def start(self, label: Label, messages: Sequence[Message]) -> None:
        """Send these, in their order; those that wait already go first."""
        if self._sending() * 2 < self._width:
            self._width = max(1, self._width // 2)
        self._waiting.extend((label, message) for message in messages)
        self._handed_out += len(messages)
        self._left = len(self._waiting)
        self._low = self._left * 3 // 4 if self._left >= MANY else -1
        self._wake(self._width)

    def grow(self) -> None:
        """Put more threads to work where those that are awake wait for their gateways."""
        left = len(self._waiting)
        taken, self._left = self._left - left, left
        if left and (taken <= SHORT_SENDS * self._width or self._nobody_is_up):
            self._width = min(2 * self._width, self._most)
            self._wake(self._width)

    def take_ended(self) -> list[tuple[Label, Result | None]]:
        """Return what has been sent since the last time; None is the result of one whose `send` broke."""
        ended = [self._ended.popleft() for _ in range(len(self._ended))]
        self._handed_out -= len(ended)
        return ended

    def stop(self) -> None:
        """End the threads after what they have, and wait for them."""
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
            elif len(self._threads) < self._most:
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
                log.error("a send broke its promise: %s", place(error))
                ended.append((label, None))
