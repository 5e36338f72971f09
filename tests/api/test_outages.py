"""What callers get while the database is locked, frozen or read-only: a 503 in time."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

from app import create_app
from channels.registry import Gateways
from exts import db
from models import patience
from services.process import parts
from services.request_log.noting import RequestLog
from tests.api.conftest import new_caller, problem
from tests.databases import ON_SERVERS, database_of
from tests.servers.tcp import frozen_proxy

CALLERS, THREADS = 40, 16
"""As many threads as `dev.py run` gives waitress."""
SECONDS = 6.0


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """Forget the stall that an earlier test has left."""
    monkeypatch.setattr(patience, "_stalled_until", 0.0)


@pytest.fixture
def served(request, settings, sms, mails):
    """Return an application on the database that the test names, and a proxy before its server."""
    kind = request.param
    if kind == "sqlite":
        yield from _app(settings, sms, mails, None)
        return
    with database_of(kind) as url:
        real = sqlalchemy.make_url(url)
        with frozen_proxy(real.host, real.port) as proxy:
            through = real.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
            yield from _app({**settings, "SQLALCHEMY_DATABASE_URI": through}, sms, mails, proxy)


def _app(settings, sms, mails, proxy):
    app = create_app({**settings, "CELERY_TASK_ALWAYS_EAGER": False})
    parts.put(app, Gateways([sms, mails]))
    with app.app_context():
        db.create_all()
    try:
        yield app, new_caller(app, "tests"), proxy
    finally:
        if proxy:
            proxy.thaw()
        parts.of(app, RequestLog).close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def crowd(app, caller, path="/api/v1/verifications"):
    """Call forty times at once from sixteen threads; return statuses, and the seconds each waited from the start."""
    started = time.monotonic()

    def one(number):
        body = {"channel": "email", "to": f"{number}@example.org"}
        headers = {**caller.headers, **({"Idempotency-Key": str(number)} if number % 2 else {})}
        answer = app.test_client().post(path, json=body, headers=headers)
        return answer.status_code, time.monotonic() - started, answer

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(CALLERS)))


def all_are_refused_in_time(answers):
    assert {status for status, _, _ in answers} == {503}
    assert max(seconds for _, seconds, _ in answers) < SECONDS
    for _, _, answer in answers:
        assert problem(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_a_locked_sqlite_refuses_everybody_in_time(served):
    app, caller, _ = served
    with app.app_context():
        path = db.engine.url.database
    other = sqlalchemy.create_engine(f"sqlite:///{path}")
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        all_are_refused_in_time(crowd(app, caller))
        connection.rollback()
    other.dispose()
    time.sleep(patience.STALLED_FOR)
    assert {status for status, _, _ in crowd(app, caller)} == {202}


@pytest.mark.parametrize("served", ON_SERVERS, indirect=True)
@pytest.mark.parametrize("warm", [True, False])
def test_a_frozen_server_refuses_everybody_in_time(served, warm):
    app, caller, proxy = served
    if warm:
        assert {status for status, _, _ in crowd(app, caller)} == {202}
    else:
        with app.app_context():
            db.engine.dispose()
    proxy.freeze()
    all_are_refused_in_time(crowd(app, caller))
    page = app.test_client().get("/cms/login")
    assert page.status_code in (200, 503)
    proxy.thaw()
    time.sleep(patience.STALLED_FOR + 0.1)
    assert caller.post("/api/v1/verifications", {"channel": "email", "to": "a@b.org"}).status_code == 202


@pytest.mark.parametrize("served", ON_SERVERS, indirect=True)
def test_a_locked_table_refuses_everybody_in_time(served):
    app, caller, _ = served
    with app.app_context():
        url = db.engine.url
    lock = "LOCK TABLE message IN ACCESS EXCLUSIVE MODE"
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)  # a connection kept would keep the lock, too
    with engine.connect() as connection:
        connection.exec_driver_sql(
            lock if url.get_backend_name() == "postgresql" else "LOCK TABLES message WRITE"
        )
        all_are_refused_in_time(crowd(app, caller))


@pytest.mark.parametrize("served", ON_SERVERS, indirect=True)
def test_a_read_only_database_is_503_with_one_line_in_the_log(served, caplog):
    app, caller, _ = served
    with app.app_context():
        engine = db.engine
    reading = (
        "SET default_transaction_read_only = on"
        if engine.dialect.name == "postgresql"
        else "SET SESSION TRANSACTION READ ONLY"
    )

    def read_only(connection, *_):
        with connection.cursor() as cursor:
            cursor.execute(reading)
        connection.commit()

    engine.dispose()
    sqlalchemy.event.listen(engine, "connect", read_only)
    caplog.set_level(logging.WARNING)
    for headers in ({}, {"Idempotency_Key": "k"}):
        caplog.clear()
        body = {"channel": "email", "to": "a@b.org"}
        problem(caller.post("/api/v1/verifications", body, **headers), 503, "unavailable")
        lines = [record for record in caplog.records if record.name != "services.limits.rate_windows"]
        assert [record.name for record in lines if record.exc_info] == []
        assert [record.name for record in lines].count("api.problems") == 1


@pytest.mark.parametrize("served", ON_SERVERS, indirect=True)
def test_long_work_is_cut_only_where_it_is_a_click(served):
    """A worker or command has no patience of its own; the server's limits do not hold for it."""
    app, _, _ = served
    with app.app_context():
        sleep = "SELECT pg_sleep(5)" if db.engine.dialect.name == "postgresql" else "SELECT SLEEP(5)"
        ended = []

        def run(begin):
            with app.app_context():
                begin()
                try:
                    with db.engine.connect() as connection:
                        connection.execute(sqlalchemy.text(sleep))
                    ended.append("done")
                except sqlalchemy.exc.SQLAlchemyError:
                    ended.append("cut")

        for begin, how in ((patience.begin, "cut"), (patience.end, "done"), (_long, "done")):
            thread = threading.Thread(target=run, args=(begin,))
            thread.start()
            thread.join()
            assert ended.pop() == how


def _long():
    patience.begin()
    patience.take_time()
