"""One clock for all machines: the database's. A process whose own clock is off by more than a second corrects it.

Otherwise a worker whose clock is ahead would expire other people's codes, and a web process one behind would accept
expired ones. Every connection taken from the pool tells the database's time, so nobody asks for it separately. SQLite
is on the same machine and has no clock of its own.
"""

import logging
import time
from datetime import UTC, datetime, timedelta

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


def now() -> datetime:
    """Return the time by the database's clock."""
    own = datetime.now(UTC)
    return own - timedelta(seconds=_ahead) if _is_off and _ahead else own


def ahead() -> float | None:
    """Return by how many seconds this process's own clock is ahead of the database's; None: never asked."""
    return _ahead


def note(server: float, began: float) -> None:
    """Take note of the server's time, which arrived now and was asked for at `began`, both in seconds since 1970.

    The answer may have been on its way for all of the round trip, so that is how wrong the comparison may be.
    """
    global _ahead, _is_off
    ended = time.time()
    found, doubt = (began + ended) / 2 - server, (ended - began) / 2
    if not 0 <= doubt <= TOLERANCE_SECONDS / 2:
        return
    was_off, _ahead, _is_off = _is_off, found, abs(found) - doubt > TOLERANCE_SECONDS
    if _is_off and not was_off:
        word = "ahead of" if found > 0 else "behind"
        log.error(
            "this machine's clock is %.1f s %s the database's, which is used: check NTP", abs(found), word
        )
