"""A schedule's arguments for its task: destinations stay in the row and never go through the broker."""

from typing import Any

import pytest
import sqlalchemy as sa
from celery.result import EagerResult
from flask import Flask

from channels.memory import MemoryGateway
from domain.task_headers import FIRED
from exts import db
from services.scheduling import schedules
from services.scheduling.schedule_rules import NewSchedule
from tasks import daily_report, hourly_report, send_mail

pytestmark = pytest.mark.usefixtures("context")
OPS, MAIL = (
    "ops@example.org",
    {"subject": "Monday", "recipients": ["kim@example.org"], "body": "All is well."},
)


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """An in-process broker whose queues can be read."""
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False, "CELERY_BROKER_URL": "memory://"}


def published(app: Flask) -> Any:
    """Take the one message in the broker's queue."""
    with app.extensions["celery"].connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        return queue.get(timeout=1)


def run(name: str, task: str, app: Flask, *args: Any, **kwargs: Any) -> tuple[str, Any]:
    """Fire a schedule; return the run's id and the published message."""
    schedules.add(NewSchedule(name, task, every="1d", args=args, kwargs=kwargs), force=True)
    run_id = schedules.run_now(name)
    return run_id, published(app)


def taken(task: Any, run_id: str, *args: Any, **kwargs: Any) -> EagerResult:
    """Run a task as a worker does when a schedule has fired it."""
    return task.apply(args=args, kwargs=kwargs, task_id=run_id, headers={FIRED: True})


def sent(app: Flask, mails: MemoryGateway) -> list[str]:
    """Send what is due; return the recipients."""
    app.extensions["celery"].tasks["sendcode.drain"].apply()
    return [mail.to for mail in mails.sent]


@pytest.mark.parametrize("task", [hourly_report, daily_report])
def test_the_recipients_of_a_report_are_read_from_the_row(
    app: Flask, mails: MemoryGateway, task: Any
) -> None:
    run_id, message = run("report", task.name, app, recipients=[OPS], locale="de")
    assert OPS not in str(message.body) + str(message.headers)
    assert message.payload[:2] == [[], {}]
    assert taken(task, run_id).get() == 1
    assert sent(app, mails) == [OPS]
    assert "Nachrichten gesendet" in mails.sent[0].subject


def test_an_older_task_with_recipients_in_its_arguments_still_runs(app: Flask, mails: MemoryGateway) -> None:
    run_id, _ = run("report", hourly_report.name, app, recipients=[OPS])
    assert taken(hourly_report, run_id, recipients=["old@example.org"]).get() == 1
    assert sent(app, mails) == ["old@example.org"]


def test_a_task_called_by_hand_gets_no_schedules_recipients(app: Flask) -> None:
    run_id, _ = run("report", hourly_report.name, app, recipients=[OPS])
    assert hourly_report.apply(task_id=run_id).get() == 0


def test_a_mail_by_schedule_leaves_its_text_in_the_row(app: Flask, mails: MemoryGateway) -> None:
    run_id, message = run("monday", send_mail.name, app, *MAIL.values())
    assert message.payload[:2] == [[], {}]
    assert "Monday" not in str(message.headers)
    assert taken(send_mail, run_id).get() == 0
    assert sent(app, mails) == ["kim@example.org"]


@pytest.mark.parametrize("task", ["sendcode.purge", "elsewhere.report"])
def test_all_other_tasks_get_their_arguments_from_the_broker(app: Flask, task: str) -> None:
    _, message = run("other", task, app, older_than_days=7)
    assert message.payload[:2] == [[], {"older_than_days": 7}]


def test_a_run_whose_schedule_is_gone_sends_nothing(app: Flask, mails: MemoryGateway) -> None:
    run_id, _ = run("report", hourly_report.name, app, recipients=[OPS])
    schedules.remove("report")
    assert taken(hourly_report, run_id).get() == 0
    assert sent(app, mails) == []


def test_a_row_that_can_not_be_read_fails_visibly(app: Flask) -> None:
    run_id, _ = run("report", hourly_report.name, app, recipients=[OPS])
    db.session.execute(sa.text("UPDATE schedule SET arguments = '[]'"))
    db.session.commit()
    assert taken(hourly_report, run_id).failed()
