"""`flask purge`"""

import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from domain.statuses import Channel, SignInOutcome
from exts import db
from models import Verification
from services.audit import trail
from services.codes import verifications
from services.codes.verifications import Request
from services.sign_in import sign_ins
from services.sign_in.sign_ins import Browser


def purge(app, *arguments):
    result = app.test_cli_runner().invoke(args=["purge", *arguments])
    return result.exit_code, result.output


def test_it_prints_what_was_deleted(app, owner):
    with app.app_context(), time_machine.travel(datetime.now(UTC) - timedelta(days=31)):
        verifications.issue(Request(Channel.SMS, "+8613800138000"), owner)
    code, output = purge(app, "--older-than", "30d")
    assert code == 0
    counts = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in output.splitlines()}
    assert (counts["messages"], counts["verifications"], counts["limit windows"]) == (1, 1, 1)
    assert "13800138000" not in output


@pytest.mark.parametrize("age", ["", "30", "soon", "-1d", "99999d"])
def test_a_bad_age_is_a_usage_error(app, age):
    code, output = purge(app, "--older-than", age)
    assert code == 2
    assert "--older-than must be" in output


@pytest.mark.parametrize("age", ["36501d", "00036501d", "999999999d", "9999999999d", "1" * 50 + "m"])
def test_an_age_that_is_too_large_is_told_as_such(app, age):
    code, output = purge(app, "--older-than", age)
    assert code == 2
    assert "--older-than must be at most 36500d" in output


@pytest.mark.parametrize(
    ("answer", "options", "is_deleted"), [("n", [], 0), ("y", [], 1), ("", ["--yes"], 1)]
)
def test_somebody_at_a_terminal_is_asked_before_todays_data_go(
    app, owner, monkeypatch, answer, options, is_deleted
):
    with app.app_context(), time_machine.travel(datetime.now(UTC) - timedelta(hours=2)):
        verifications.issue(Request(Channel.SMS, "+8613800138000"), owner)
    monkeypatch.setattr(sys.modules["commands.purge"], "_is_at_a_terminal", lambda: True)
    result = app.test_cli_runner().invoke(args=["purge", "--older-than", "1h", *options], input=answer)
    assert ("younger than a day" in result.output) == (not options)
    with app.app_context():
        assert db.session.scalar(select(func.count(Verification.id))) == 1 - is_deleted


def test_an_age_is_needed(app):
    assert purge(app)[0] == 2


def test_it_leaves_an_audit_entry(app):
    assert purge(app, "--older-than", "30d")[0] == 0
    with app.app_context():
        (entry,) = trail.entries().shown
    assert (entry.action, entry.actor, entry.after) == (
        "retention.purged",
        "command line",
        {"older_than": "30 days, 0:00:00"},
    )


def test_the_sign_in_history_of_a_week_survives_every_age(app):
    now = datetime.now(UTC)
    with app.app_context():
        for days in (6, 8):
            with time_machine.travel(now - timedelta(days=days)):
                sign_ins.note_failure(
                    SignInOutcome.WRONG_PASSWORD, "a@example.org", None, Browser("192.0.2.1", "")
                )
        assert purge(app, "--older-than", "0d")[0] == 0
        assert len(sign_ins.of().shown) == 1
