"""The worker's entry point: `make_celery`, `celery` for the command line, and thin tasks.

Run it with `celery -A tasks.celery worker --pool=solo --loglevel=info` and `celery -A tasks.celery beat`.
"""

import gc

gc.disable()  # imported objects are never freed, and collecting them over and over takes a third of the startup

import logging
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from celery import Task, bootsteps, concurrency, shared_task, signals
from flask import Flask
from kombu import Queue

from domain.statuses import Lane
from exts import db
from services import retention
from services.alarms import watching
from services.delivery import worker, worker_logs
from services.delivery.quiet_tasks import REQUEST, Celery
from services.figures import rollups
from services.messaging import bounce_mailbox, incoming, mail_reports
from services.outbox import bell
from services.scheduling import firing, reports, run_arguments, schedule_runs

ROOT = str(Path(__file__).resolve().parent)
# Added although it is there already: the `celery` command adds the folder to load this file and then removes one entry.
sys.path.insert(0, ROOT)

gc.freeze()
gc.enable()

log = logging.getLogger(__name__)
worker_logs.keep_bodies_out()


def make_celery(app: Flask) -> Celery:
    """Return a Celery application that runs tasks in `app`'s context and reads every `CELERY_*` key of its config.

    The often copied `celery.conf.update(app.config)` ignores `CELERY_TASK_ALWAYS_EAGER`, routes and schedules, and
    passes `SECRET_KEY` to Celery; the namespace form does neither.
    """

    class ContextTask(Task):
        abstract = True
        Request = REQUEST
        arguments_in_row = False
        """Whether a schedule publishes the task without arguments, which may be destinations; they are read here."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                if self.arguments_in_row and not args and not kwargs and firing.is_fired(self.request):
                    args, kwargs = run_arguments.of(self.request.id)
                return self.run(*args, **kwargs)

    application = Celery(app.import_name, task_cls=ContextTask)
    application.config_from_object(app.config.get_namespace("CELERY_"))
    application.conf.task_queues = application.conf.task_queues or [
        Queue(name, routing_key=name) for name in (application.conf.task_default_queue, *Lane)
    ]
    application.set_default()
    application.flask_app = app
    app.extensions["celery"] = application
    globals()["celery"] = application
    return application


def __getattr__(name: str) -> Any:
    """Make `tasks.celery` when the command line first asks for it; a web process has made its own by then.

    app.py and this file import each other, which no other two files do. `create_app()` needs `make_celery`, or a task's
    `.delay()` and eager mode would not work in a web process; `celery -A tasks.celery` needs `create_app()`. A third
    file would only move `make_celery` out of the file where everybody looks for it. So the import that points up runs
    only here, on demand.
    """
    if name != "celery":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from app import create_app

    return create_app(doors=()).extensions["celery"]


@shared_task(name=bell.TASK)
def drain() -> None:
    """Send what is due; in a worker the drain thread does that, and this only wakes it."""
    worker.drain_now()


@shared_task(name="send_mail", bind=True, arguments_in_row=True)
def send_mail(self: Task, subject: str, recipients: list[str], body: str) -> int:
    """Put one mail per recipient into the outbox; return 0, or -1 where the arguments are invalid."""
    return incoming.accept_mail(self.request.id, subject, recipients, body)


@shared_task(name="ccp_send_sms_code", bind=True, arguments_in_row=True)
def ccp_send_sms_code(self: Task, mobile: str, sms_code: str) -> int:
    """Put an SMS with the caller's own code into the outbox; return 0, or -1 where it is refused."""
    return incoming.accept_sms_code(self.request.id, mobile, sms_code)


@shared_task(name="sendcode.purge", bind=True)
def purge(self: Task, older_than_days: int = 30) -> int:
    """Delete data older than `older_than_days`, at least one; return the number of rows."""
    return sum(retention.purge(retention.scheduled_age(older_than_days), tell=_progress(self)).values())


@shared_task(name="sendcode.roll_up", bind=True)
def roll_up(self: Task) -> int:
    """Roll up the hours that have ended or may have changed; return how many had."""
    return rollups.roll_up(only_due=True, tell=_progress(self))


@shared_task(name="sendcode.read_bounces")
def read_bounces() -> int:
    """Look through the mailbox for bounces, if there is one; return how many were about mails of ours."""
    return bounce_mailbox.read()


@shared_task(name="sendcode.hourly_report", bind=True, arguments_in_row=True)
def hourly_report(
    self: Task, recipients: Sequence[str] = (), locale: str | None = None, zone: str = "UTC"
) -> int:
    """Mail the report of the last full hour; return how many mails were put into the outbox."""
    return reports.send_hourly(self.request.id, recipients, locale, zone)


@shared_task(name="sendcode.daily_report", bind=True, arguments_in_row=True)
def daily_report(
    self: Task, recipients: Sequence[str] = (), locale: str | None = None, zone: str = "UTC"
) -> int:
    """Mail the report of yesterday; return how many mails were put into the outbox."""
    return reports.send_daily(self.request.id, recipients, locale, zone)


def _progress(task: Task) -> schedule_runs.Progress:
    """Return the progress writer for the task's run; it does nothing if no schedule fired the task."""
    return schedule_runs.Progress(db.engine, task.request.id if firing.is_fired(task.request) else None)


_consumed: dict[str, Any] = {}


def _start(app: Flask, lanes: Sequence[Lane]) -> None:
    with app.app_context():
        duties = [mail_reports.early(app, db.engine)]
    worker.start(app, lanes, duties)


class DrainAfterBeat(bootsteps.StartStopStep):  # type: ignore[misc]
    """Starts the drain of a worker that is one process, after the beat of `celery worker -B` is forked from it.

    The other way round, beat would inherit threads that don't run in it, locks that nobody releases, and SQLite's view
    of the file: https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
    """

    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def start(self, parent: Any) -> None:
        """Start it; the broker need not be there yet."""
        _start_drain()


@signals.worker_init.connect
def _note_lanes(sender: Any, **_: Any) -> None:
    """Remember the lanes of this worker, and have its drain started: with prefork in every child."""
    application = sender.app
    if "sendcode" not in application.flask_app.extensions:
        return  # a worker of another application that only uses make_celery
    consumed = set(application.amqp.queues.consume_from)
    _consumed.update(app=application.flask_app, lanes=[lane for lane in Lane if lane in consumed])
    if concurrency.get_implementation(sender.pool_cls).__module__ == "celery.concurrency.prefork":
        signals.worker_process_init.connect(_start_drain)
    else:
        application.steps["worker"].add(DrainAfterBeat)


def _start_drain(**_: Any) -> None:
    _start(**_consumed)


@signals.beat_init.connect
def _watch_over_workers(sender: Any, **_: Any) -> None:
    """Look for alarms in the clock, too: it is still there when the last worker is gone."""
    app = sender.app.flask_app
    if "sendcode" in app.extensions:
        with app.app_context():
            db.engine.dispose(close=False)  # as in worker.start: `celery worker -B` forks beat
            watching.of_clock(app, worker.send_without_worker).start()


@signals.task_prerun.connect
def _note_start(task_id: str, task: Task, **_: Any) -> None:
    if firing.is_fired(task.request):
        _note(task.app, schedule_runs.started, task_id)


@signals.task_success.connect
def _note_success(sender: Task, result: Any, **_: Any) -> None:
    if firing.is_fired(sender.request):
        _note(sender.app, schedule_runs.succeeded, sender.request.id, result)


@signals.task_failure.connect
def _note_failure(sender: Task, task_id: str, exception: BaseException, **_: Any) -> None:
    # No check for is_fired: if a prefork child was killed, the parent sends this signal and has no request.
    _note(sender.app, schedule_runs.failed, task_id, type(exception).__name__)


@signals.task_revoked.connect
def _note_expiry(sender: Task, request: Any, expired: bool, **_: Any) -> None:
    if expired and firing.is_fired(request):
        _note(sender.app, schedule_runs.failed, request.id, "no worker took it in time")


def _note(application: Celery, write: Callable[..., None], *arguments: Any) -> None:
    with application.flask_app.app_context():
        write(db.engine, *arguments, datetime.now(UTC))


@signals.worker_shutdown.connect
@signals.worker_process_shutdown.connect
def _stop_drain(**_: Any) -> None:
    worker.stop()
