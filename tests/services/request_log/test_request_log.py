"""The log of requests: what is kept, in which order, how it is bounded, and what becomes of it without a database."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from exts import db
from models import ApiHour, ApiRequest
from services import retention
from services.process.parts import part
from services.request_log import noting, request_lists, writing
from services.request_log.noting import RequestLog

pytestmark = pytest.mark.usefixtures("context")
START = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOUR = START.replace(minute=0)
KEY, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def note(key=KEY, status=200, code=None, request_id="request-1"):
    part(RequestLog).note(key, "GET", "/api/v1/messages", status, code, 0.0124, request_id)


def hours():
    return {
        (row.api_key_id, row.hour): (row.calls, row.errors, row.unlogged)
        for row in db.session.scalars(sa.select(ApiHour))
    }


def test_requests_are_kept_by_key_newest_first(clock):
    note()
    clock.shift(1)
    note(status=404, code="not_found", request_id="request-2")
    note(OTHER)
    part(RequestLog).write()
    newest, oldest = request_lists.page(KEY).requests
    assert (newest.status, newest.code, newest.request_id, newest.at) == (
        404,
        "not_found",
        "request-2",
        START + timedelta(seconds=1),
    )
    assert (oldest.method, oldest.path, oldest.status, oldest.code, oldest.took_ms) == (
        "GET",
        "/api/v1/messages",
        200,
        None,
        12,
    )
    assert request_lists.page(KEY, errors_only=True).requests == (newest,)
    assert request_lists.page(KEY, request_id="request-1").requests == (oldest,)
    assert request_lists.usage(HOUR) == {
        KEY: request_lists.Usage(2, 1, 0),
        OTHER: request_lists.Usage(1, 0, 0),
    }
    assert request_lists.usage(HOUR + timedelta(hours=1)) == {}
    later = request_lists.last_day(START + timedelta(hours=2))
    assert later.keys() == {KEY, OTHER}
    assert [place for place, one in enumerate(later[KEY]) if one.calls] == [21]
    assert later[KEY][21] == request_lists.Usage(2, 1, 0)
    assert request_lists.last_day(START + timedelta(hours=24)) == {}


def test_pages_have_no_gap_and_no_repetition(clock, monkeypatch):
    monkeypatch.setattr(request_lists, "PAGE", 3)
    for number in range(7):
        note(request_id=f"request-{number}")
    part(RequestLog).write()
    found, cursor = [], None
    while True:
        page = request_lists.page(KEY, cursor=cursor)
        found += [one.request_id for one in page.requests]
        if (cursor := page.next_cursor) is None:
            break
    assert sorted(found) == [f"request-{number}" for number in range(7)]


def test_counts_of_an_hour_add_up_over_writes_and_processes(clock):
    for _ in range(2):
        note()
        part(RequestLog).write()
    writing.count({(KEY, HOUR): (5, 1, 0), (OTHER, HOUR): (1, 0, 0)})
    assert hours() == {(KEY, HOUR): (7, 1, 0), (OTHER, HOUR): (1, 0, 0)}


def test_two_processes_may_begin_the_same_hour(app):
    together = threading.Barrier(4)

    def work():
        with app.app_context():
            together.wait()
            writing.count({(KEY, HOUR): (1, 0, 0), (OTHER, HOUR): (1, 1, 0)})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hours() == {(KEY, HOUR): (4, 0, 0), (OTHER, HOUR): (4, 4, 0)}


def test_a_note_asks_nothing_of_the_database(clock):
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    note()
    assert asked == []


def test_what_there_is_no_room_for_is_counted(clock, monkeypatch):
    monkeypatch.setattr(noting, "MOST_WAITING", 2)
    for _ in range(5):
        note(status=500, code="internal_error")
    part(RequestLog).write()
    assert len(request_lists.page(KEY).requests) == 2
    assert hours() == {(KEY, HOUR): (5, 5, 3)}
    note()
    part(RequestLog).write()
    assert len(request_lists.page(KEY).requests) == 3


def test_what_the_database_refuses_is_told_once_it_answers(clock, monkeypatch, caplog):
    def refuse(_):
        raise OperationalError("INSERT", {}, Exception("the server is gone"))

    note()
    with monkeypatch.context() as broken:
        broken.setattr(writing, "statements", refuse)
        part(RequestLog).write()
    assert "1 requests of API keys were not logged: OperationalError" in caplog.text
    note()
    part(RequestLog).write()
    assert len(request_lists.page(KEY).requests) == 1
    assert hours() == {(KEY, HOUR): (2, 0, 1)}


def test_old_requests_are_purged(clock):
    note()
    part(RequestLog).write()
    clock.shift(timedelta(days=6, hours=23))
    retention.purge(timedelta(days=30))
    assert len(request_lists.page(KEY).requests) == 1
    clock.shift(timedelta(hours=2))
    assert retention.purge(timedelta(days=30))["requests"] == 1
    assert (request_lists.page(KEY).requests, hours()) == ((), {})


def test_switched_off_nothing_is_kept(app, clock):
    app.config["REQUEST_LOG_DAYS"] = 0
    log = RequestLog(app)
    log.note(KEY, "GET", "/api/v1/messages", 200, None, 0.01, "request-1")
    log.write()
    assert db.session.scalar(sa.select(sa.func.count(ApiRequest.id))) == 0
    assert hours() == {}


def test_a_thread_of_the_process_writes(app, monkeypatch):
    monkeypatch.setattr(noting, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(noting.atexit, "register", lambda *_: None)
    written = threading.Event()
    app.config["CELERY_TASK_ALWAYS_EAGER"] = False
    log = RequestLog(app)
    monkeypatch.setattr(RequestLog, "write", lambda _: written.set())
    for _ in range(2):
        written.clear()
        log.note(KEY, "GET", "/api/v1/messages", 200, None, 0.01, "request-1")
        assert written.wait(5)


def test_the_thread_ends_with_the_application_and_nothing_is_written_at_the_exit(app, monkeypatch):
    at_exit = []
    monkeypatch.setattr(noting.atexit, "register", lambda *call: at_exit.append(call[0]))
    monkeypatch.setattr(
        noting.atexit, "unregister", lambda call: at_exit.count(call) and at_exit.remove(call)
    )
    monkeypatch.setattr(RequestLog, "write", lambda _: pytest.fail("there is no database any more"))
    app.config["CELERY_TASK_ALWAYS_EAGER"] = False
    log = RequestLog(app)
    others = set(threading.enumerate())
    log.note(KEY, "GET", "/api/v1/messages", 200, None, 0.01, "request-1")
    (thread,) = (one for one in set(threading.enumerate()) - others if one.name == "sendcode-requests")
    assert len(at_exit) == 1
    log.close()
    thread.join(30)
    assert not thread.is_alive()
    assert at_exit == []
