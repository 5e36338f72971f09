import subprocess
import sys
from types import SimpleNamespace

import pytest
from celery import signals
from celery.worker import WorkController
from flask import Flask, current_app

import tasks
from domain.statuses import Lane
from tests.conftest import MemoryGateway
from tests.fresh import run_fresh


@pytest.fixture
def shop():
    """A Flask application unrelated to ours."""
    app = Flask("shop")
    app.config.update(
        CELERY_BROKER_URL="memory://",
        CELERY_TASK_ALWAYS_EAGER=True,
        CELERY_TASK_ROUTES={"report": {"queue": "reports"}},
        CELERY_BEAT_SCHEDULE={"hourly": {"task": "report", "schedule": 3600}},
        SECRET_KEY="not for Celery",
        GREETING="hello",
    )
    return app


def test_make_celery_obeys_every_celery_key_and_hands_over_nothing_else(shop):
    celery = tasks.make_celery(shop)
    assert celery.conf.task_always_eager is True
    assert celery.conf.task_routes == {"report": {"queue": "reports"}}
    assert "hourly" in celery.conf.beat_schedule
    assert celery.conf.broker_url == "memory://"
    assert "not for Celery" not in str(celery.conf.humanize(with_defaults=False, censored=False))


def test_a_task_runs_in_the_context_of_its_application(shop):
    celery = tasks.make_celery(shop)

    @celery.task(name="report")
    def report(name):
        return f"{current_app.config['GREETING']} {name}"

    assert report.delay("world").get() == "hello world"
    assert report("world") == "hello world"


def test_the_newest_application_is_tasks_celery(app):
    assert tasks.celery is app.extensions["celery"]


def test_the_blogs_tasks_send_in_eager_mode(app, mails: MemoryGateway, sms: MemoryGateway):
    assert tasks.send_mail.delay("Hello", ["a@x.org"], "How are you?").get() == 0
    assert tasks.ccp_send_sms_code.delay("13800138000", "135790").get() == 0
    assert tasks.ccp_send_sms_code.delay("nonsense", "135790").get() == -1
    assert mails.sent[0].text == "How are you?"
    assert sms.sent[0].params["code"] == "135790"


def test_an_unknown_name_of_the_module_is_an_attribute_error():
    with pytest.raises(AttributeError):
        _ = tasks.nonsense


@pytest.mark.slow
def test_the_names_can_be_imported_in_a_fresh_process(tmp_path):
    program = (
        "from tasks import celery, make_celery, send_mail, ccp_send_sms_code\n"
        "print(type(celery).__name__, celery.tasks['send_mail'].name, celery.conf.task_ignore_result)"
    )
    done = run_fresh(program, tmp_path)
    assert done.stdout.split() == ["Celery", "send_mail", "True"], done.stderr


@pytest.mark.slow
def test_a_worker_loads_no_dialect_but_its_databases_own_and_opens_no_door(tmp_path):
    program = (
        "import sys, tasks\n"
        "assert tasks.celery\n"
        "rooms = ('api', 'cms', 'commands', 'sqlalchemy.dialects.')\n"
        "print(sorted({name.split('.')[-2] for name in sys.modules if name.startswith(rooms) and '.' in name}))"
    )
    done = run_fresh(program, tmp_path)
    assert done.stdout.strip() == "['dialects', 'sqlite']", done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["flask", "--app", "app", "routes"], ["celery", "-A", "tasks.celery", "report"]]
)
def test_a_start_without_keys_ends_with_one_clear_line(command, tmp_path, monkeypatch):
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={"PATH": "/usr/bin:/bin", "SECRET_KEY": "short", "FLASK_DEBUG": "0", "FLASK_SKIP_DOTENV": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert lines == ["Sendcode can't start: SECRET_KEY must be set to at least 32 random characters"], (
        "a .env of dev.py may stand beside the code: this test needs SECRET_KEY to be asked first"
    )


@pytest.fixture
def note_lanes(monkeypatch):
    """Let a worker of an application with this pool begin; returns the steps that it got."""
    monkeypatch.setattr(tasks, "_consumed", {})
    monkeypatch.setattr(signals.worker_process_init, "receivers", [])

    def begin(celery, pool):
        monkeypatch.setitem(celery.steps, "worker", set())
        tasks._note_lanes(sender=SimpleNamespace(app=celery, pool_cls=pool))
        return celery.steps["worker"]

    return begin


@pytest.fixture
def started(monkeypatch):
    """Return the lanes of each drain that was to start."""
    lanes_of_each = []
    monkeypatch.setattr(tasks, "_start", lambda app, lanes: lanes_of_each.append(lanes))
    return lanes_of_each


def test_a_worker_of_another_application_starts_no_drain(shop, note_lanes, started):
    assert note_lanes(tasks.make_celery(shop), "solo") == set()
    signals.worker_process_init.send(sender=None)
    assert started == []


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_a_worker_of_one_process_starts_its_drain_after_it_has_forked_beat(app, note_lanes, started, pool):
    (step,) = note_lanes(tasks.celery, pool)
    signals.worker_process_init.send(sender=None)  # the pool of solo sends it, and is made before beat starts
    assert started == []
    blueprint = WorkController.Blueprint(steps=[step])
    order = [one.name for one in blueprint._finalize_steps(blueprint.claim_steps())]
    assert order.index("celery.worker.components.Beat") < order.index(step.name)
    step(None).start(None)
    assert started == [list(Lane)]


def test_each_child_of_a_prefork_worker_starts_a_drain(app, note_lanes, started):
    assert note_lanes(tasks.celery, "prefork") == set()
    signals.worker_process_init.send(sender=None)
    assert started == [list(Lane)]
