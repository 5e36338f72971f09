"""The thread of a worker that makes messages of recipients who wait in parts.

Not the drain: making a thousand messages takes as long as sending some codes. It rests between two parts, so that
codes and clicks get the database and the processor.
"""

import logging
import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from domain.faults import place
from domain.keyring import Keyring
from models import patience
from services.outbox import packed
from services.process.parts import part
from services.test_numbers import fixed_codes

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
REST_SECONDS = 0.05
STUMBLE_SECONDS = 1.0
ANSWER_SECONDS = 60.0


class Unpacker:
    """Looks twice a second. `wake` is called after each part, because its messages are due."""

    def __init__(self, app: Flask, wake: Callable[[], None]):
        self._app, self._wake = app, wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="unpacking", daemon=True)

    def start(self) -> None:
        """Run until `stop`, in a thread of its own."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End after the part at hand; what is cut off is made again by another worker, and none twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        patience.in_background(ANSWER_SECONDS)
        while not self._stopping.is_set():
            self._stopping.wait(self._turn())

    def _turn(self) -> float:
        """Make the messages of one part, if one waits; return how long to rest."""
        try:
            with self._app.app_context():
                found = packed.unpack(part(Keyring), fixed_codes.marked)
        except SQLAlchemyError as error:
            log.error("recipients wait, the database did not answer: %s", type(error).__name__)
            return STUMBLE_SECONDS
        except Exception as error:  # noqa: BLE001 - the thread must survive every error
            log.error("making messages failed and is tried again: %s", place(error))
            return STUMBLE_SECONDS
        if not found:
            return LOOK_SECONDS
        self._wake()
        return REST_SECONDS


def unpack_all() -> None:
    """Make the messages of all that wait, here and now."""
    while packed.unpack(part(Keyring), fixed_codes.marked):
        pass
