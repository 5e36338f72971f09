"""`flask test-numbers`: add, list, remove, without showing a code."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from services.audit import trail

PHONE, CODE = "+8613800138000", "246810"
DAY = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["test-numbers", *arguments])


def test_one_is_added_listed_and_removed(app: Flask) -> None:
    added = run(app, "add", "138 0013 8000", "--code", CODE, "--until", DAY)
    assert (added.exit_code, added.stdout) == (0, "")
    listed = run(app, "list").stdout
    assert listed == f"{PHONE}\t{DAY}\tactive\t0 uses\tused never\n"
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        assert "\tover\t" in run(app, "list").stdout
    assert run(app, "remove", PHONE).exit_code == 0
    assert run(app, "list").stdout == ""
    with app.app_context():
        assert {entry.actor for entry in trail.entries().shown} == {"command line"}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["add", PHONE, "--code", "12", "--until", DAY], 2, "code must be 4 to 10 digits"),
        (["add", PHONE, "--code", CODE, "--until", "tomorrow"], 2, "until must be a day"),
        (["add", "nobody", "--code", CODE, "--until", DAY], 2, "to "),
        (["add", PHONE, "--until", DAY], 2, "--code"),
        (["remove", PHONE], 1, "it is no test number"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(app: Flask, arguments: list[str], status: int, said: str) -> None:
    result = run(app, *arguments)
    assert result.exit_code == status
    assert said in result.stderr
    assert "Traceback" not in result.output
