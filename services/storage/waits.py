"""What a door needs to know about waiting for the database: did it fail to answer, and how to ask for more time."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from models.patience import take_time as take_time
from models.reasons import reason

_READ_ONLY = ("25006", 1290, 1792, 1836)
"""A standby, or a server or transaction that is read-only: PostgreSQL; MariaDB and MySQL."""


def is_outage(error: BaseException) -> bool:
    """Tell whether the database did not answer, or takes no writes: not the request's fault, and over some day."""
    if isinstance(error, OperationalError | InterfaceError | NoConnection):
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or reason(error.orig) in _READ_ONLY
    )
