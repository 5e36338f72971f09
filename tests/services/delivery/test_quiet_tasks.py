"""Events, logs and `inspect` of a real worker, asked by a program of somebody else's."""

import contextlib
import logging
import threading
import time

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker

import tasks
from services.delivery import worker

NUMBER, CODE, ADDRESS = "13800138000", "135790", "kim@example.org"
SECRETS = (NUMBER, CODE, ADDRESS, "13800138001", "246813")


@pytest.fixture
def settings(settings):
    return settings | {
        "CELERY_TASK_ALWAYS_EAGER": False,
        "CELERY_BROKER_URL": "memory://quiet",
        "CELERY_WORKER_SEND_TASK_EVENTS": True,
        "CELERY_TASK_SEND_SENT_EVENT": True,
        "CELERY_RESULT_BACKEND": "cache+memory://",
        "CELERY_TASK_IGNORE_RESULT": False,
    }


@pytest.fixture(autouse=True)
def no_drain_is_left(monkeypatch):
    """A worker in this process starts a drain, which later tests must not find."""
    monkeypatch.setattr(tasks, "_consumed", {})
    yield
    worker.stop()


class Watcher(threading.Thread):
    """Collects all events, as Flower does."""

    def __init__(self, celery):
        super().__init__(daemon=True)
        self._celery = celery
        self.events, self.ready, self.over = [], threading.Event(), threading.Event()

    def run(self):
        with self._celery.connection() as connection:
            receiver = self._celery.events.Receiver(connection, handlers={"*": self.events.append})
            receiver.on_consume_ready = lambda *_, **__: self.ready.set()
            while not self.over.is_set():
                with contextlib.suppress(TimeoutError):
                    receiver.capture(limit=None, timeout=0.2, wakeup=False)

    def saw(self, kind, count):
        until = time.monotonic() + 20
        while sum(event["type"] == kind for event in self.events) < count:
            assert time.monotonic() < until, [event["type"] for event in self.events]
            time.sleep(0.02)


@pytest.mark.slow
def test_no_event_log_line_or_answer_to_inspect_holds_an_argument(app, caplog):
    celery = app.extensions["celery"]
    caplog.set_level(logging.DEBUG)
    logging.getLogger("kombu").setLevel(logging.INFO)
    answers, seen = [], threading.Event()

    @celery.task(name="broken")
    def broken(mobile, *, code):
        raise RuntimeError("it broke")

    @celery.task(name="asks")
    def asks(mobile, code):
        from celery.worker import state

        answers.extend(request.info() for request in state.active_requests)
        answers.extend(map(repr, state.active_requests))
        seen.set()

    celery.finalize()
    shop = Celery("shop", broker="memory://quiet")
    shop.conf.task_send_sent_event = False  # its own events are its own business
    watcher = Watcher(celery)
    watcher.start()
    assert watcher.ready.wait(10)
    with start_worker(celery, pool="solo", perform_ping_check=False, loglevel="debug"):
        shop.send_task("ccp_send_sms_code", (NUMBER, CODE))
        shop.send_task("ccp_send_sms_code", (), {"mobile": NUMBER, "sms_code": CODE}, countdown=0.1)
        shop.send_task("send_mail", ("Hello", [ADDRESS], f"{CODE} it is"))
        shop.send_task("broken", (NUMBER,), {"code": CODE})
        shop.send_task("asks", (NUMBER, CODE))
        celery.send_task("ccp_send_sms_code", ("13800138001", "246813"))
        celery.tasks["ccp_send_sms_code"].delay("13800138001", "246813")
        watcher.saw("task-succeeded", 6)
        watcher.saw("task-failed", 1)
        watcher.saw("task-sent", 2)
    watcher.over.set()
    watcher.join(5)
    assert seen.is_set()
    assert len(answers) >= 2
    received = [event for event in watcher.events if event["type"] in ("task-received", "task-sent")]
    assert len(received) >= 9, "these, and the bells"
    shown = [
        str(watcher.events),
        str(answers),
        caplog.text,
        *(str(record.__dict__) for record in caplog.records),
    ]
    for secret in SECRETS:
        assert not any(secret in text for text in shown), secret
