"""One commit for a whole request: everything that it commits, and its answer, are kept together or not at all."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from exts import Session, db
from models.turns import turn_to_write

log = logging.getLogger(__name__)
Statements = Callable[[Connection], object]


class Joint:
    """A transaction that several pieces of work share; each piece that fails is rolled back alone.

    It opens with the first piece, so that no lock is held while a request is parsed. A first piece that fails leaves
    nothing open.
    """

    def __init__(self, first: Statements):
        """`first` runs before the first piece, in the same transaction; its errors are those of that piece."""
        self._first = first
        self._stack: ExitStack | None = None
        self._connection: Connection | None = None
        self._afterwards: list[Callable[[], None]] = []

    @property
    def is_open(self) -> bool:
        """Whether a piece of work waits for the commit."""
        return self._connection is not None

    @contextmanager
    def piece(self, *, in_session: bool = False) -> Iterator[Connection]:
        """Run one piece of work with the shared connection; the session uses it as well, in savepoints of its own."""
        is_first = not self.is_open
        connection = self._connection or self._open()
        try:
            with nullcontext() if is_first or in_session else connection.begin_nested():
                yield connection
        except BaseException:
            if is_first:
                self.abandon()
            raise

    def _open(self) -> Connection:
        with ExitStack() as stack:
            stack.enter_context(turn_to_write(db.engine))
            session = cast(Session, db.session())
            session.rollback()
            connection = stack.enter_context(db.engine.connect())
            connection.begin()
            self._first(connection)
            session.joined = connection
            stack.callback(setattr, session, "joined", None)
            stack.callback(_end, session)
            self._stack, self._connection = stack.pop_all(), connection
        return connection

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call `act` once the work is committed, and never if it is not."""
        self._afterwards.append(act)

    def commit(self, last: Statements) -> None:
        """Run `last` in the same transaction and commit; if this raises, nothing was written."""
        connection = self._connection or self._open()
        try:
            db.session.rollback()  # ends its savepoint; what it wrote, it has committed to this transaction
            last(connection)
            connection.commit()
        except BaseException:
            self.abandon()
            raise
        self._close()
        afterwards, self._afterwards = self._afterwards, []
        for act in afterwards:
            try:
                act()
            except SQLAlchemyError as error:
                log.error("the work after a commit failed: %s", type(error).__name__)

    def abandon(self) -> None:
        """Roll everything back; harmless where nothing is open."""
        self._afterwards = []
        self._close()

    def _close(self) -> None:
        stack, self._stack, self._connection = self._stack, None, None
        if stack is not None:
            stack.close()


def _end(session: Session) -> None:
    try:
        session.rollback()
    except SQLAlchemyError:
        session.invalidate()  # its connection is gone


_current: ContextVar[Joint | None] = ContextVar("joint", default=None)


def current() -> Joint | None:
    """Return the shared transaction of this request, if it has one."""
    return _current.get()


def join(shared: Joint | None) -> None:
    """Let everything that this thread commits from now on go through `shared`; None: each piece for itself again."""
    _current.set(shared)


def after_commit(act: Callable[[], None]) -> None:
    """Call `act` when what was committed so far is durable: now, or with the commit of the whole request."""
    shared = _current.get()
    if shared is not None and shared.is_open:
        shared.after_commit(act)
    else:
        act()
