"""The newest 500 arrivals, in memory."""

import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex

KEEP = 500
LONGEST_SOURCE = 256 * 1024


@dataclass(frozen=True)
class Arrived:
    """One mail or SMS as its receiver would see it."""

    n: int
    id: str
    channel: str
    to: str
    sender: str
    subject: str
    text: str
    html_present: bool
    received_at: datetime
    copies: int
    reference: str
    html: str = ""
    source: str = ""
    """A mail as it came over the wire, cut off after `LONGEST_SOURCE` characters; empty for an SMS."""


class Inbox:
    """A thread-safe list of arrivals, oldest first.

    An arrival with the key of an earlier one (`Idempotency-Key`, `Message-ID`) is a copy: counted, not added.
    """

    def __init__(self, keep: int = KEEP):
        self._keep = keep
        self._arrived: deque[Arrived] = deque()
        self._keys: dict[str, int] = {}
        self._n = 0
        self._changes = 0
        self._start = token_hex(4)  # numbers restart in each process; the page must not mix them up
        self._lock = threading.Lock()

    @property
    def revision(self) -> str:
        """A token that changes with every change of the list."""
        return f"{self._start}-{self._changes}"

    def add(
        self,
        *,
        channel: str,
        to: str,
        text: str,
        now: datetime,
        sender: str = "",
        subject: str = "",
        html: str = "",
        source: str = "",
        reference: str = "",
        key: str | None = None,
    ) -> Arrived:
        """Store an arrival, or count it as a copy of the one with the same key, and return it."""
        with self._lock:
            self._changes += 1
            if key is not None and key in self._keys:
                return self._count_copy(self._keys[key])
            self._n += 1
            arrived = Arrived(
                n=self._n,
                id=f"{self._start}-{self._n}",
                channel=channel,
                to=to,
                sender=sender,
                subject=subject,
                text=text,
                html_present=bool(html),
                html=html,
                source=source[:LONGEST_SOURCE],
                received_at=now,
                copies=1,
                reference=reference,
            )
            self._arrived.append(arrived)
            if key is not None:
                self._keys[key] = arrived.n
            self._forget_oldest()
            return arrived

    def after(self, n: int = 0) -> list[Arrived]:
        """List the arrivals after number n, oldest first."""
        with self._lock:
            return [arrived for arrived in self._arrived if arrived.n > n]

    def named(self, id: str) -> Arrived | None:
        """Return one arrival by its id; None where it is gone."""
        with self._lock:
            return next((arrived for arrived in self._arrived if arrived.id == id), None)

    def clear(self) -> None:
        """Forget everything; numbers continue."""
        with self._lock:
            self._changes += 1
            self._arrived.clear()
            self._keys.clear()

    def _count_copy(self, n: int) -> Arrived:
        place = n - self._arrived[0].n  # numbers in the deque have no gaps
        copied = replace(self._arrived[place], copies=self._arrived[place].copies + 1)
        self._arrived[place] = copied
        return copied

    def _forget_oldest(self) -> None:
        while len(self._arrived) > self._keep:
            oldest = self._arrived.popleft().n
            self._keys = {key: n for key, n in self._keys.items() if n != oldest}
