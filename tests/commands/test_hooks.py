"""`flask hooks`: its output for scripts and for people."""

import pytest
from click.testing import Result
from flask import Flask

from domain.hooks import HookType
from services.audit import trail
from services.hooks import hooks


def run(app: Flask, *arguments: str, input: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["hooks", *arguments], input=input)


def told(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    return dict(line.split("=", 1) for line in result.stdout.splitlines())


@pytest.mark.parametrize("type", HookType)
def test_add_prints_the_address_and_the_secret(app: Flask, type: HookType) -> None:
    to = ["--to", "ops@example.org"] if type is HookType.ALERTMANAGER else []
    result = run(app, "add", type.value, "ours", *to)
    found = told(result)
    assert list(found) == ["URL", "SECRET"]
    with app.app_context():
        (view,) = hooks.list_all()
        assert hooks.secrets_of(view.id)[1] == (found["SECRET"],)
        assert trail.entries().shown[0].actor == "command line"
    assert found["URL"] == f"http://sendcode.test/hooks/{view.id}"


def test_a_secret_of_the_server_comes_from_standard_input(app: Flask) -> None:
    found = told(run(app, "add", "zitadel", "ours", "--secret-stdin", input="a key that Zitadel made\n"))
    assert found["SECRET"] == "a key that Zitadel made"
    result = run(app, "rotate", "ours", "--secret-stdin", input="another key of Zitadel\n")
    assert told(result)["SECRET"] == "another key of Zitadel"
    assert "makes its own secret" in run(app, "rotate", "ours").stderr


def test_an_empty_standard_input_changes_no_secret(app: Flask) -> None:
    run(app, "add", "generic", "ours")
    with app.app_context():
        (view,) = hooks.list_all()
        before = hooks.secrets_of(view.id)
    for text in ("", "\n"):
        result = run(app, "rotate", "ours", "--secret-stdin", input=text)
        assert (result.exit_code, "no secret came" in result.stderr) == (2, True)
        assert run(app, "add", "generic", "other", "--secret-stdin", input=text).exit_code == 2
    with app.app_context():
        assert hooks.secrets_of(view.id) == before
        assert len(hooks.list_all()) == 1


def test_supabases_secret_has_its_form(app: Flask) -> None:
    assert told(run(app, "add", "supabase", "ours"))["SECRET"].startswith("v1,whsec_")
    result = run(app, "add", "supabase", "other", "--secret-stdin", input="whsec_without its prefix\n")
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "okta", "x"], "'okta' is not one of"),
        (["add", "logto", " "], "name must have 1 to 120 characters"),
        (["add", "authentik", "x", "--channel", "email"], "channel must be sms"),
        (["add", "alertmanager", "x"], "to must be 1 to 20 destinations"),
        (["add", "alertmanager", "x", "--to", "nobody"], "to "),
        (["add", "logto", "x", "--to", "a@example.org"], "to is for alerts"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(app: Flask, arguments: list[str], said: str) -> None:
    result = run(app, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_the_life_of_a_hook(app: Flask) -> None:
    first = told(run(app, "add", "logto", "ours", "--channel", "sms"))
    listed = run(app, "list").stdout
    assert first["URL"] in listed
    assert first["SECRET"] not in listed
    assert told(run(app, "rotate", "ours"))["SECRET"] != first["SECRET"]
    assert run(app, "set", "ours", "text=theirs", "code_ttl_seconds=120").stdout == (
        "code_ttl_seconds=120\ntext=theirs\n"
    )
    assert run(app, "set", "ours", "text=").stdout == "code_ttl_seconds=120\n"
    assert run(app, "set", "ours", "text=nobodys").exit_code == 2
    assert run(app, "set", "ours", "colour=red").exit_code == 2
    assert run(app, "off", "ours").exit_code == 0
    assert "\toff\t" in run(app, "list").stdout
    assert run(app, "on", "ours").exit_code == 0
    assert run(app, "remove", "ours").exit_code == 0
    assert run(app, "list").stdout == ""
    assert run(app, "remove", "ours").exit_code == 1
    with app.app_context():
        done = [entry.action for entry in trail.entries().shown]
    assert done == ["hook.removed", *["hook.edited"] * 4, "hook.rotated", "hook.added"]


def test_a_setting_without_a_value_is_refused_and_changes_nothing(app):
    run(app, "add", "kratos", "Ours")
    run(app, "set", "Ours", "service_name=Shop")
    done = run(app, "set", "Ours", "service_name")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "SETTING=VALUE" in done.stderr
    assert run(app, "set", "Ours").stdout == "service_name=Shop\n"
