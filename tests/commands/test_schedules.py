"""`flask schedules`"""

import pytest
import sqlalchemy as sa

from exts import db
from services.scheduling.schedule_views import get


@pytest.fixture
def cli(app):
    """Run the command and return its exit code and all it printed."""

    def cli(*arguments):
        result = app.test_cli_runner().invoke(args=["schedules", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return cli


def test_a_schedule_through_its_life(cli, app):
    code, output = cli(
        "add",
        "nightly",
        "sendcode.purge",
        "--cron",
        "17 3 * * *",
        "--zone",
        "Asia/Shanghai",
        "--kwargs",
        '{"older_than_days": 9}',
    )
    assert code == 0
    assert output.startswith("nightly added, next run 2")
    assert output.rstrip().endswith("03:17:00 CST")
    code, output = cli("edit", "nightly", "--zone", "Europe/Berlin", "--kwargs", '{"older_than_days": 7}')
    assert (code, output.startswith("nightly changed, next run 2")) == (0, True)
    assert output.rstrip().endswith(("03:17:00 CET", "03:17:00 CEST"))
    assert cli("edit", "nightly", "--zone", "Asia/Shanghai")[0] == 0
    assert cli("disable", "nightly") == (0, "nightly disabled\n")
    assert cli("enable", "nightly")[1].startswith("nightly enabled, next run 2")
    code, output = cli("run", "nightly")
    assert (code, output.startswith("nightly fired, run ")) == (0, True)
    code, output = cli("list")
    head, row = output.splitlines()
    assert head.split("  ")[0] == "NAME"
    for cell in (
        "nightly",
        "sendcode.purge",
        "17 3 * * *",
        "Asia/Shanghai",
        "yes",
        "03:17:00 CST",
        "succeeded (0)",
    ):
        assert cell in row
    assert cli("remove", "nightly") == (0, "nightly removed\n")
    assert len(cli("list")[1].splitlines()) == 1


def test_columns_are_aligned_with_their_headings(cli):
    cli("add", "a", "sendcode.purge", "--every", "2d")
    cli("add", "a much longer name", "sendcode.drain", "--every", "90s", "--disabled")
    head, first, second = cli("list")[1].splitlines()
    column = head.index("TASK")
    assert first[column:].startswith("sendcode.purge")
    assert second[column:].startswith("sendcode.drain")
    assert "every 2d" in first
    assert "every 90s" in second
    assert second.rstrip().endswith("-")


def test_arguments_are_kept_as_they_are(cli, app):
    cli(
        "add",
        "mail",
        "send_mail",
        "--every",
        "1h",
        "--args",
        '["Hi", ["a@b.org"], "text"]',
        "--queue",
        "bulk",
    )
    with app.app_context():
        assert (
            db.session.scalar(sa.text("SELECT arguments FROM schedule"))
            == '{"args":["Hi",["a@b.org"],"text"],"kwargs":{}}'
        )
        assert get("mail").queue == "bulk"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "x", "nothing", "--every", "1h"), "task 'nothing' is not known here"),
        (("add", "x", "sendcode.purge"), "or a crontab line is needed"),
        (("add", "x", "sendcode.purge", "--every", "soon"), "every must be a number"),
        (("add", "x", "sendcode.purge", "--cron", "61 * * * *"), "61"),
        (("add", "x", "sendcode.purge", "--cron", "* * * * *", "--zone", "Nowhere"), "zone 'Nowhere'"),
        (("add", "x", "sendcode.purge", "--every", "1h", "--args", "{}"), "--args must be JSON: a list"),
        (("add", "x", "sendcode.purge", "--every", "1h", "--args", "[1e400]"), "--args must be JSON: a list"),
        (
            ("add", "x", "sendcode.purge", "--every", "1h", "--kwargs", "{"),
            "--kwargs must be JSON: an object",
        ),
        (("add", "a\nb", "sendcode.purge", "--every", "1h"), "name must be"),
        (("edit", "x", "--every", "1h"), "there is no schedule 'x'"),
        (("remove", "x"), "there is no schedule 'x'"),
        (("enable", "x"), "there is no schedule 'x'"),
        (("disable", "x"), "there is no schedule 'x'"),
        (("run", "x"), "there is no schedule 'x'"),
    ],
)
def test_an_error_is_reported_in_one_line(cli, arguments, said):
    code, output = cli(*arguments)
    assert code == 1
    assert said in output
    assert len(output.splitlines()) == 1


def test_a_dead_broker_is_reported_with_its_setting(cli, app):
    app.extensions["celery"].conf.task_always_eager = False
    cli("add", "nightly", "sendcode.purge", "--every", "1d")
    code, output = cli("run", "nightly")
    assert code == 1
    assert "CELERY_BROKER_URL" in output
    assert "failed" in cli("list")[1]
