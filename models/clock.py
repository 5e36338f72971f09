"""One clock for all machines: the database's. A process whose own clock is off by more than a second corrects it.

Otherwise a worker whose clock is ahead would expire other people's codes, and a web process one behind would accept
expired ones. Every connection taken from the pool tells the database's time, so nobody asks for it separately; a clock
that is set between two of them is noticed. SQLite is on the same machine and has no clock of its own.
"""

import logging
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

log = logging.getLogger(__name__)
TOLERANCE_SECONDS = 1.0
"""Less than that is no error: a round trip takes its time, and no limit or lease is as short."""
QUESTIONS = {
    "psycopg": "SELECT extract(epoch FROM clock_timestamp())",
    "pymysql": "SELECT unix_timestamp(sysdate(6))",
}
"""By driver."""
_ahead: float | None = None
_is_off = False
_zero: float | None = None
"""This machine's clock at the zero of `_steady`, when the database last told its time."""
_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def _steady() -> float:
    """Return the seconds of a clock that nobody sets; it goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(_BOOTTIME) if _BOOTTIME is not None else time.monotonic()


def now() -> datetime:
    """Return the time by the database's clock.

    Before the database has told it, that is this machine's: who acts on the time takes a connection first, or `asked`.
    """
    own = datetime.now(UTC)
    step = 0.0 if _zero is None else own.timestamp() - _steady() - _zero
    wrong = (_ahead if _is_off and _ahead else 0.0) + (step if abs(step) > TOLERANCE_SECONDS else 0.0)
    return own - timedelta(seconds=wrong) if wrong else own


def asked(engine: Engine) -> datetime:
    """Return the time when a connection has told it, for those who act on it before they take one.

    Raises what SQLAlchemy raises.
    """
    with engine.connect():
        return now()


def ahead() -> float | None:
    """Return by how many seconds this process's own clock is ahead of the database's; None: never asked."""
    return _ahead


def note(server: float, began: float) -> None:
    """Take note of the server's time, which arrived now and was asked for at `began`, both in seconds since 1970.

    The answer may have been on its way for all of the round trip, so that is how wrong the comparison may be.
    """
    global _ahead, _is_off, _zero
    ended = time.time()
    found, doubt = (began + ended) / 2 - server, (ended - began) / 2
    if not 0 <= doubt <= TOLERANCE_SECONDS / 2:
        return
    was_off, _ahead, _is_off = _is_off, found, abs(found) - doubt > TOLERANCE_SECONDS
    _zero = ended - _steady()
    if _is_off and not was_off:
        word = "ahead of" if found > 0 else "behind"
        log.error(
            "this machine's clock is %.1f s %s the database's, which is used: check NTP", abs(found), word
        )
