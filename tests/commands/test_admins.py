"""`flask admins`: its output for scripts and for people."""

import pytest
from click.testing import Result
from flask import Flask

from services.people import administrators
from services.people.passwords import is_password
from tests.services.people.test_administrators import stored

PASSWORD = "seven purple otters"


def run(app: Flask, *arguments: str, stdin: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["admins", *arguments], input=stdin)


def test_add_prints_the_one_time_password_alone_on_stdout(app: Flask) -> None:
    result = run(app, "add", "jane@example.org")
    assert result.exit_code == 0
    assert "jane@example.org" in result.stderr
    with app.app_context():
        assert is_password(stored().password_hash, result.stdout.removesuffix("\n"))
        assert stored().must_change_password
        assert stored().role == "owner"


def test_add_takes_a_password_from_stdin_and_prints_none(app: Flask) -> None:
    result = run(
        app, "add", "jane@example.org", "--role", "viewer", "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert result.exit_code == 0
    assert result.stdout == ""
    with app.app_context():
        assert is_password(stored().password_hash, PASSWORD)
        assert stored().role == "viewer"


def test_the_first_administrator_is_added_once(app: Flask) -> None:
    first = run(app, "add", "jane@example.org", "--if-none")
    assert (first.exit_code, len(first.stdout.splitlines())) == (0, 1)
    second = run(app, "add", "kim@example.org", "--if-none")
    assert (second.exit_code, second.output) == (0, "")
    with app.app_context():
        assert [one.email for one in administrators.everyone()] == ["jane@example.org"]


def test_a_second_administrator_of_one_address_is_an_error(app: Flask) -> None:
    run(app, "add", "jane@example.org")
    result = run(app, "add", "JANE@example.org")
    assert result.exit_code == 1
    assert result.stderr == "Error: an administrator has this e-mail address\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["add", "jane"], "email is not one e-mail address"),
        (["add", "jane@example.org", "--role", "king"], "king"),
        (["add", "jane@example.org", "--password-stdin"], "password must have at least 12 characters"),
    ],
)
def test_bad_input_is_named_in_a_clear_error(app: Flask, arguments: list[str], named: str) -> None:
    result = run(app, *arguments, stdin="short\n")
    assert result.exit_code == 2
    assert named in result.stderr
    with app.app_context():
        assert administrators.everyone() == []


def test_list_shows_every_administrator(app: Flask) -> None:
    run(app, "add", "jane@example.org")
    run(app, "add", "bo@example.org", "--role", "operator")
    run(app, "disable", "bo@example.org")
    result = run(app, "list")
    assert result.stdout == "bo@example.org\toperator\tdisabled\njane@example.org\towner\tactive\n"


def test_the_last_owner_is_not_disabled(app: Flask) -> None:
    run(app, "add", "jane@example.org")
    result = run(app, "disable", "jane@example.org")
    assert result.exit_code == 1
    assert "make somebody else an owner first" in result.stderr


def test_a_role_is_changed_and_a_disabled_one_comes_back(app: Flask) -> None:
    run(app, "add", "jane@example.org")
    run(app, "add", "bo@example.org", "--role", "operator")
    run(app, "disable", "bo@example.org")
    assert run(app, "enable", "bo@example.org").exit_code == 0
    assert run(app, "role", "bo@example.org", "viewer").exit_code == 0
    assert run(app, "list").stdout.startswith("bo@example.org\tviewer\tactive\n")


def test_reset_password_prints_a_new_one_time_password(app: Flask) -> None:
    run(app, "add", "jane@example.org", "--password-stdin", stdin=PASSWORD)
    result = run(app, "reset-password", "jane@example.org")
    with app.app_context():
        assert is_password(stored().password_hash, result.stdout.strip())


def test_an_unknown_administrator_is_an_error(app: Flask) -> None:
    for command in ("reset-password", "disable"):
        result = run(app, command, "nobody@example.org")
        assert result.exit_code == 1
        assert "no administrator has this e-mail address" in result.stderr


def test_somebodys_second_step_is_switched_off(app: Flask) -> None:
    run(app, "add", "jane@example.org")
    assert "was off" in run(app, "second-step-off", "Jane@Example.org").stderr
    app.config["SECOND_FACTOR_REQUIRED"] = True
    assert "SECOND_FACTOR_REQUIRED" in run(app, "second-step-off", "jane@example.org").stderr
    assert run(app, "second-step-off", "nobody@example.org").exit_code == 1
