"""`flask keys`: its output for scripts and for people."""

import pytest
from click.testing import Result
from flask import Flask

from services.audit import trail
from services.keys import api_keys, key_owners, twilio_tokens


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
        owner = key_owners.authenticate(key)
        assert owner is not None
        assert owner.scopes == {"verifications", "messages", "read", "webhooks"}


def test_add_tells_of_another_key_of_that_name(app: Flask) -> None:
    assert "Another" not in run(app, "add", "shop").stderr
    assert "Another key is called shop, too" in run(app, "add", "shop").stderr


def test_add_takes_scopes_and_makes_test_keys(app: Flask) -> None:
    result = run(app, "add", "shop", "--test", "--scope", "read", "--scope", "verifications")
    with app.app_context():
        owner = key_owners.authenticate(result.stdout.strip())
    assert owner is not None
    assert owner.is_test
    assert owner.scopes == {"verifications", "read"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            ["shop", "--scope", "write"],
            "'write' is not one of 'verifications', 'messages', 'read', 'webhooks'",
        ),
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


def test_list_distinguishes_keys_without_showing_them(app: Flask) -> None:
    key = run(app, "add", "shop", "--scope", "read").stdout.strip()
    with app.app_context():
        view = api_keys.list_all()[0]
    assert run(app, "list").stdout == f"{view.id}\t{key[:12]}…\tactive\tread\teverywhere\tused never\tshop\n"


def test_revoke_ends_a_key(app: Flask) -> None:
    key = run(app, "add", "shop").stdout.strip()
    with app.app_context():
        view = api_keys.list_all()[0]
    assert run(app, "revoke", view.id).exit_code == 0
    with app.app_context():
        assert key_owners.authenticate(key) is None
    assert "\trevoked\t" in run(app, "list").stdout


def test_revoke_of_an_unknown_key_is_an_error(app: Flask) -> None:
    result = run(app, "revoke", "nobody")
    assert result.exit_code == 1
    assert result.stderr == "Error: no such API key\n"


def test_rotate_prints_a_new_secret_while_the_old_one_overlaps(app: Flask) -> None:
    old = run(app, "add", "shop").stdout.strip()
    result = run(app, "rotate", "shop", "--overlap", "1h")
    new = result.stdout.strip()
    with app.app_context():
        assert key_owners.authenticate(old) == key_owners.authenticate(new) is not None
    assert "\tactive+old\t" in run(app, "list").stdout
    assert run(app, "rotate", "shop", "--overlap", "0").exit_code == 0
    with app.app_context():
        assert key_owners.authenticate(old) is key_owners.authenticate(new) is None
    assert run(app, "rotate", "shop", "--overlap", "2h").exit_code == 2


def test_an_ambiguous_name_is_refused_with_the_ids_of_its_keys(app: Flask) -> None:
    for _ in range(2):
        run(app, "add", "shop")
    result = run(app, "rotate", "shop")
    assert result.exit_code == 1
    assert "several keys have this name" in result.stderr


def test_allow_sets_and_clears_the_list_of_addresses(app: Flask) -> None:
    run(app, "add", "shop", "--allow", "203.0.113.9/24")
    assert "\t203.0.113.0/24\t" in run(app, "list").stdout
    run(app, "allow", "shop", "203.0.113.7", "2001:db8::/32")
    assert "\t203.0.113.7,2001:db8::/32\t" in run(app, "list").stdout
    assert run(app, "allow", "shop", "anywhere").exit_code == 2
    run(app, "allow", "shop")
    assert "\teverywhere\t" in run(app, "list").stdout


def test_set_gives_a_key_settings_of_its_own_and_prints_them(app: Flask) -> None:
    run(app, "add", "shop")
    done = run(app, "set", "shop", "code_length=8", "service_name=Bücher = Bücher")
    assert (done.exit_code, done.stdout) == (0, "service_name=Bücher = Bücher\ncode_length=8\n")
    assert run(app, "set", "shop", "code_length=").stdout == "service_name=Bücher = Bücher\n"
    assert run(app, "set", "shop").stdout == "service_name=Bücher = Bücher\n"
    with app.app_context():
        entries = [entry for entry in trail.entries().shown if entry.action == "key.edited"]
    assert [entry.after for entry in entries][-1] == {
        "settings": {"service_name": "Bücher = Bücher", "code_length": 8}
    }
    assert len(entries) == 2


@pytest.mark.parametrize("wrong", ["code_length=5", "colour=red", "code_length", "=6"])
def test_set_names_what_makes_no_sense_and_changes_nothing(app: Flask, wrong: str) -> None:
    run(app, "add", "shop")
    run(app, "set", "shop", "code_length=8")
    done = run(app, "set", "shop", "code_attempts=3", wrong)
    assert (done.exit_code, done.stdout) == (2, "")
    assert wrong.partition("=")[0] in done.stderr
    assert run(app, "set", "shop").stdout == "code_length=8\n"


def test_twilio_prints_three_settings_and_makes_a_new_token_each_time(app: Flask) -> None:
    run(app, "add", "shop")
    first, second = run(app, "twilio", "shop"), run(app, "twilio", "shop")
    lines = [dict(line.split("=", 1) for line in result.stdout.splitlines()) for result in (first, second)]
    names = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_VERIFY_SERVICE_SID"]
    assert [list(one) for one in lines] == [names, names]
    assert lines[0]["TWILIO_AUTH_TOKEN"] != lines[1]["TWILIO_AUTH_TOKEN"]
    assert lines[0]["TWILIO_AUTH_TOKEN"] not in first.stderr
    with app.app_context():
        for one in lines:
            owner = twilio_tokens.authenticate(one["TWILIO_ACCOUNT_SID"], one["TWILIO_AUTH_TOKEN"])
            assert owner is not None
    refused = run(app, "twilio", "bank")
    assert (refused.exit_code, refused.stdout) == (1, "")
