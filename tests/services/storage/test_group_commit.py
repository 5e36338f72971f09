"""Work that waits for the write lock is committed together; a failure affects no other caller."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from exts import db
from models.limit_window import LimitWindow
from models.turns import turn_to_write
from services.storage import group_commit
from tests.servers.thread import wait_until

pytestmark = pytest.mark.usefixtures("context")
WHO: ContextVar[str] = ContextVar("WHO", default="nobody")
Work = Callable[[Connection], Any]


class Crowd:
    """Callers that all wait for the write lock, so that they are committed together."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.commits = 0
        self._pool = ThreadPoolExecutor(32)
        event.listen(self.engine, "commit", self._count)

    def _count(self, _: Connection) -> None:
        self.commits += 1

    def close(self) -> None:
        event.remove(self.engine, "commit", self._count)
        self._pool.shutdown()

    def do(self, works: Sequence[Work], put: Any = None) -> list[Future[Any]]:
        """Queue the pieces of work in order, release the write lock, and return their results or errors."""
        ended: list[Future[Any]] = []
        with turn_to_write(self.engine):
            for number, work in enumerate(works):
                ended.append(self._pool.submit(self._one, f"caller {number}", work, put or nothing))
                wait_until(lambda number=number: len(self._waiting()) == number + 1)
            assert self.commits == 0
        return self._all(ended)

    def do_behind(self, first: Work, works: Sequence[Work]) -> list[Future[Any]]:
        """Let `first` have the turn, and go on when the others wait behind it; return what became of all."""
        has_turn, others_wait = threading.Event(), threading.Event()

        def leading(connection: Connection) -> Any:
            has_turn.set()
            assert others_wait.wait(10)
            return first(connection)

        ended = [self._pool.submit(self._one, "caller 0", leading, nothing)]
        assert has_turn.wait(10)
        for number, work in enumerate(works, 1):
            ended.append(self._pool.submit(self._one, f"caller {number}", work, nothing))
            wait_until(lambda number=number: len(self._waiting()) == number)
        others_wait.set()
        return self._all(ended)

    def _all(self, ended: list[Future[Any]]) -> list[Future[Any]]:
        for one in ended:
            one.exception(10)
        assert not self._waiting()
        return ended

    def _waiting(self) -> Sequence[Any]:
        return group_commit._waiting.get(self.engine, ())

    def _one(self, name: str, work: Work, put: Any) -> Any:
        WHO.set(name)
        return group_commit.commit(self.engine, work, put)


def nothing(_: Connection, __: Sequence[Any]) -> None:
    """Write nothing more."""


def row(key: str) -> dict[str, Any]:
    return {"key": key, "version": 1, "events": "", "touched_at": datetime.now(UTC)}


def write(connection: Connection, key: str) -> None:
    connection.execute(insert(LimitWindow).values(row(key)))


def kept() -> set[str]:
    with db.engine.connect() as connection:
        return set(connection.scalars(select(LimitWindow.key)))


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd(db.engine)
    yield crowd
    crowd.close()


def named(connection: Connection) -> str:
    write(connection, WHO.get())
    return WHO.get()


def test_waiting_callers_share_a_commit_and_get_their_own_results(crowd: Crowd) -> None:
    names = [f"caller {number}" for number in range(5)]
    assert [one.result() for one in crowd.do([named] * 5)] == names
    assert kept() == set(names)
    assert crowd.commits == 1


def test_the_remaining_writes_are_made_together(crowd: Crowd) -> None:
    calls = []

    def put(connection: Connection, names: Sequence[str]) -> None:
        calls.append(list(names))
        connection.execute(insert(LimitWindow), [row(name) for name in names])

    names = [one.result() for one in crowd.do([lambda _: WHO.get()] * 4, put)]
    assert calls == [names]
    assert kept() == set(names)


def test_a_commit_has_an_end(crowd: Crowd) -> None:
    ended = crowd.do([named] * (group_commit.MOST + 4))
    assert len({one.result() for one in ended}) == len(kept()) == group_commit.MOST + 4
    assert crowd.commits == 2


def test_a_caller_that_fails_before_it_writes_fails_alone(crowd: Crowd) -> None:
    def refuse(_: Connection) -> None:
        raise ValueError(WHO.get())

    first, second, third = crowd.do([named, refuse, named])
    with pytest.raises(ValueError, match="caller 1"):
        second.result()
    assert {first.result(), third.result()} == kept() == {"caller 0", "caller 2"}
    assert crowd.commits == 1


def test_a_caller_that_fails_after_it_wrote_is_rolled_back_alone(crowd: Crowd) -> None:
    def half(connection: Connection) -> None:
        write(connection, "half")
        raise ValueError(WHO.get())

    first, second, third = crowd.do([named, half, named])
    with pytest.raises(ValueError, match="caller 1"):
        second.result()
    assert {first.result(), third.result()} == kept() == {"caller 0", "caller 2"}
    assert crowd.commits == 2


def test_writes_that_fail_together_are_made_one_by_one(crowd: Crowd) -> None:
    def put(connection: Connection, keys: Sequence[str]) -> None:
        for key in keys:
            write(connection, key)

    first, second, third = crowd.do([lambda _: "same", lambda _: "same", lambda _: "other"], put)
    assert (first.result(), third.result()) == ("same", "other")
    with pytest.raises(IntegrityError):
        second.result()
    assert kept() == {"same", "other"}


def test_a_lone_caller_gets_its_error_once(crowd: Crowd) -> None:
    tried = []

    def fail(connection: Connection) -> None:
        tried.append(1)
        write(connection, "half")
        write(connection, "half")

    (only,) = crowd.do([fail])
    with pytest.raises(IntegrityError):
        only.result()
    assert (tried, kept()) == ([1], set())


def test_a_locked_database_is_an_error_of_each(crowd: Crowd) -> None:
    impatient = create_engine(db.engine.url, connect_args={"timeout": 0.1})
    others = Crowd(impatient)
    with db.engine.connect() as rival:
        rival.execute(text("BEGIN IMMEDIATE"))
        ended = others.do([named] * 3)
    for one in ended:
        with pytest.raises(OperationalError, match="locked"):
            one.result()
    others.close()
    impatient.dispose()
    assert not kept()


def test_a_database_that_can_not_be_opened_runs_no_work() -> None:
    nowhere = create_engine("sqlite:////no/such/folder/sendcode.db")
    with pytest.raises(OperationalError):
        group_commit.commit(nowhere, named, nothing)
    assert not group_commit._waiting[nowhere]


def test_nested_work_does_not_wait_for_itself() -> None:
    def inner(connection: Connection) -> str:
        write(connection, "inner")
        return "inner"

    def outer(_: Connection) -> str:
        return group_commit.commit(db.engine, inner, nothing)

    assert group_commit.commit(db.engine, outer, nothing) == "inner"
    assert kept() == {"inner"}


def test_a_caller_that_waited_for_the_database_timeout_goes_on(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.turns.BUSY_SECONDS", 0.05)
    done = threading.Event()

    def outside() -> None:
        with turn_to_write(crowd.engine):
            done.wait(10)

    holder = threading.Thread(target=outside)
    holder.start()
    try:
        assert group_commit.commit(crowd.engine, named, nothing) == "nobody"
    finally:
        done.set()
        holder.join()


def test_a_thread_that_must_end_leaves_the_others_their_work(crowd: Crowd) -> None:
    told = []

    def end_once(connection: Connection) -> str:
        write(connection, WHO.get())
        if threading.get_ident() == told_to_end[0]:
            told.append(WHO.get())
            raise SystemExit
        return WHO.get()

    told_to_end: list[int] = []

    def first(_: Connection) -> None:
        told_to_end.append(threading.get_ident())

    ended = crowd.do_behind(first, [end_once, named])
    assert isinstance(ended[0].exception(), SystemExit)
    assert told == ["caller 1"]
    assert [one.result() for one in ended[1:]] == ["caller 1", "caller 2"]
    assert kept() == {"caller 1", "caller 2"}
