"""Keeps child processes running: starts them in order, restarts one that dies, stops all in reverse order."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from devtools.console import Console
from devtools.guard import Guard
from devtools.processes import Child, Running
from devtools.stopping import Stop

PATIENCE_SECONDS = 10.0
MOST_DEATHS = 3
DEATHS_WITHIN_SECONDS = 60.0
LOOK_SECONDS = 0.1


class ChildFailedError(Exception):
    """Raised when a child does not start; the text says which, why, and what it printed last."""


@dataclass
class Place:
    """A child's place in the order, with the process that runs in it now."""

    child: Child
    running: Running | None = None
    deaths: list[float] = field(default_factory=list)
    restart_at: float = 0.0


class Supervisor:
    """Starts, watches and stops the children of one run."""

    def __init__(self, folder: Path, console: Console, stop: Stop, guard: Guard):
        self._folder = folder
        self._console = console
        self._stop = stop
        self._guard = guard
        self._places: list[Place] = []

    def start(self, *children: Child) -> None:
        """Start children in this order, without waiting for them."""
        for child in children:
            self._stop.check()
            place = Place(child)
            self._places.append(place)
            self._fill(place)

    def wait_until_ready(self) -> None:
        """Wait for every started child.

        Raises ChildFailedError where one ends or takes longer than its time, StoppedError on request.
        """
        for place in self._places:
            give_up_at = time.monotonic() + place.child.ready_seconds
            while not self._is_ready(place):
                self._stop.check()
                if time.monotonic() > give_up_at:
                    raise ChildFailedError(
                        self._failure(place, f"not ready after {place.child.ready_seconds:g} s")
                    )
                self._stop.wait(LOOK_SECONDS / 2)

    def watch(self) -> int:
        """Restart children that die until a stop is requested (returns 0) or a child keeps dying (returns 1)."""
        while not self._stop.asked:
            for place in self._places:
                if not self._look_after(place):
                    return 1
            self._stop.wait(LOOK_SECONDS)
        return 0

    def stop(self) -> None:
        """End every child, last started first; kill those that take longer than 10 s, or all on a second request."""
        for place in reversed(self._places):
            running = place.running
            if running is None:
                continue
            running.ask_to_end()
            give_up_at = time.monotonic() + PATIENCE_SECONDS
            while running.exit_code() is None and time.monotonic() < give_up_at and not self._stop.at_once:
                self._stop.wait(LOOK_SECONDS / 4)
            if running.exit_code() is None:
                self._console.say(f"{place.child.name} did not end by itself: killed")
            self._empty(place)

    def _fill(self, place: Place) -> None:
        try:
            place.running = Running(place.child, self._folder, self._console.say)
        except OSError as error:
            raise ChildFailedError(f"{place.child.name} could not be started: {error}") from error
        self._guard.watch(place.running.pid)

    def _empty(self, place: Place) -> None:
        if place.running:
            place.running.end_group()
            self._guard.forget(place.running.pid)
            place.running = None

    def _is_ready(self, place: Place) -> bool:
        for each in self._places:
            if each.running and each.running.exit_code() is not None:
                raise ChildFailedError(
                    self._failure(each, f"ended with {exit_words(each.running.exit_code())}")
                )
        return place.running is not None and place.child.ready(place.running)

    def _failure(self, place: Place, why: str) -> str:
        words = place.running.last_words() if place.running else ""
        return f"{place.child.name}: {why}. Its last lines:\n{words}"

    def _look_after(self, place: Place) -> bool:
        """Restart a dead child when its delay is over; return False if it has died too often."""
        now = time.monotonic()
        if place.running is None:
            if now >= place.restart_at:
                self._console.say(f"starting {place.child.name} again")
                self._fill(place)
            return True
        if place.running.exit_code() is None:
            return True
        self._console.say(self._failure(place, f"ended with {exit_words(place.running.exit_code())}"))
        self._empty(place)
        place.deaths.append(now)
        delay = delay_before_restart(place.deaths, now)
        if delay is None:
            self._console.say(
                f"{place.child.name} died {MOST_DEATHS} times within a minute: stopping everything"
            )
            return False
        place.restart_at = now + delay
        self._console.say(f"{place.child.name} starts again in {delay:g} s")
        return True


def delay_before_restart(deaths: list[float], now: float) -> float | None:
    """Return the seconds to wait before a restart: 1, 2, 4; None after three deaths within a minute."""
    if len([death for death in deaths if now - death < DEATHS_WITHIN_SECONDS]) >= MOST_DEATHS:
        return None
    recent = len([death for death in deaths if now - death < 10 * DEATHS_WITHIN_SECONDS])
    return float(2 ** (min(recent, 3) - 1))


def exit_words(code: int | None) -> str:
    """Describe an exit code in words."""
    if code is not None and code < 0:
        return f"signal {-code}"
    return f"exit code {code}"
