"""What a role may have a schedule do: no schedule gives anybody more power than the console does."""

import pytest

from domain.errors import InvalidInput, NotAllowed
from domain.roles import Role
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.scheduling import schedules, task_roles
from services.scheduling.schedule_rules import NewSchedule, known_tasks
from services.scheduling.schedule_views import everything

pytestmark = pytest.mark.usefixtures("context")
KIM, JANE = Actor(7, "kim@example.org", role=Role.OPERATOR), Actor(8, "jane@example.org", role=Role.OWNER)
SOMEBODY = Actor(9, "vera@example.org")
CODE = {"mobile": "+8613800138000", "sms_code": "evil.example/x"}


@pytest.fixture
def settings(settings):
    return settings | {"CELERY_TASK_ALWAYS_EAGER": True}


def test_every_task_has_a_role(app):
    assert {task for task in known_tasks() if task_roles.needed(task) is Role.OPERATOR} == task_roles.OPEN
    assert task_roles.needed("a task of another program") is Role.OWNER


@pytest.mark.parametrize("by", [KIM, SOMEBODY])
@pytest.mark.parametrize("task", ["sendcode.purge", "ccp_send_sms_code", "send_mail", "another.task"])
def test_an_operator_has_no_owners_task_run(by, task):
    with pytest.raises(NotAllowed):
        schedules.add(NewSchedule("mine", task, every="1h"), force=True, by=by)
    schedules.add(NewSchedule("theirs", task, every="1h", enabled=False), force=True, by=JANE)
    for act in (schedules.enable, schedules.run_now, schedules.remove):
        with pytest.raises(NotAllowed):
            act("theirs", by=by)
    for other in (task, "sendcode.drain"):
        with pytest.raises(NotAllowed):
            schedules.edit(NewSchedule("theirs", other, every="2h"), force=True, by=by)
    (kept,) = everything()
    assert (kept.task, kept.when, kept.enabled, kept.last_run) == (task, "every 1h", False, None)


def test_an_operator_may_stop_any_schedule():
    schedules.add(NewSchedule("theirs", "send_mail", every="1h"), force=True, by=JANE)
    assert not schedules.disable("theirs", by=KIM).enabled


def test_an_operator_turns_no_schedule_of_their_own_into_an_owners():
    schedules.add(NewSchedule("mine", "sendcode.drain", every="1h"), by=KIM)
    with pytest.raises(NotAllowed):
        schedules.edit(NewSchedule("mine", "ccp_send_sms_code", every="1h", kwargs=CODE), by=KIM)


@pytest.mark.parametrize(
    "given", [0, 0.9, -1, "0", None, True, [1], float("nan"), float("inf"), -float("inf")], ids=repr
)
@pytest.mark.parametrize("positional", [True, False])
def test_no_schedule_deletes_what_is_younger_than_a_day(given, positional):
    told = {"args": [given]} if positional else {"kwargs": {"older_than_days": given}}
    with pytest.raises(InvalidInput) as refused:
        schedules.add(NewSchedule("wipe", "sendcode.purge", every="1h", **told), by=JANE)
    assert refused.value.problems[0].field == "older_than_days"


def test_the_task_itself_refuses_too(app):
    with pytest.raises(InvalidInput):
        app.extensions["celery"].tasks["sendcode.purge"].apply(kwargs={"older_than_days": 0}, throw=True)


@pytest.mark.parametrize("by", [JANE, COMMAND_LINE])
def test_the_audit_says_what_was_run_and_masks_it(by):
    given = {"mobile": "+8613800138000", "sms_code": "135790"}
    schedules.add(NewSchedule("code", "ccp_send_sms_code", every="1h", kwargs=given, enabled=False))
    schedules.run_now("code", by=by)
    entry = trail.entries().shown[0]
    assert entry.action == "schedule.run"
    assert entry.after == {"task": "ccp_send_sms_code", "arguments": ["mobile=text", "sms_code=text"]}
