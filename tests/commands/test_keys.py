"""`flask keys`: what a script and a person see."""

import pytest
from click.testing import Result
from flask import Flask

from services import api_keys


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["keys", *arguments])


def test_add_prints_the_key_alone_on_stdout(app: Flask) -> None:
    result = run(app, "add", "the shop")
    assert result.exit_code == 0
    key = result.stdout.removesuffix("\n")
    assert key.startswith("sc_live_")
    assert "\n" not in key
    assert "the shop" in result.stderr
    assert key not in result.stderr
    with app.app_context():
        owner = api_keys.authenticate(key)
        assert owner is not None
        assert owner.scopes == {"verifications", "messages", "read"}


def test_add_takes_scopes_and_makes_test_keys(app: Flask) -> None:
    result = run(app, "add", "shop", "--test", "--scope", "read", "--scope", "verifications")
    with app.app_context():
        owner = api_keys.authenticate(result.stdout.strip())
    assert owner is not None
    assert owner.is_test
    assert owner.scopes == {"verifications", "read"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["shop", "--scope", "write"], "'write' is not one of 'verifications', 'messages', 'read'"),
        ([" "], "name"),
    ],
)
def test_bad_input_is_named_in_a_clear_error(app: Flask, arguments: list[str], named: str) -> None:
    result = run(app, "add", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert named in result.stderr
    with app.app_context():
        assert api_keys.list_all() == []


def test_list_shows_what_tells_keys_apart_but_no_key(app: Flask) -> None:
    key = run(app, "add", "shop", "--scope", "read").stdout.strip()
    with app.app_context():
        view = api_keys.list_all()[0]
    assert run(app, "list").stdout == f"{view.id}\t{key[:12]}…\tactive\tread\tused never\tshop\n"


def test_revoke_ends_a_key(app: Flask) -> None:
    key = run(app, "add", "shop").stdout.strip()
    with app.app_context():
        view = api_keys.list_all()[0]
    assert run(app, "revoke", view.id).exit_code == 0
    with app.app_context():
        assert api_keys.authenticate(key) is None
    assert "\trevoked\t" in run(app, "list").stdout


def test_revoke_of_an_unknown_key_is_an_error(app: Flask) -> None:
    result = run(app, "revoke", "nobody")
    assert result.exit_code == 1
    assert result.stderr == "Error: no such API key\n"
