"""`flask webhooks`."""

import re

import pytest
from click.testing import Result
from flask import Flask

from services.keys import api_keys
from services.webhooks import endpoints

URL = "https://8.8.8.8/hook"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "FRESH_SECONDS", 0)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["webhooks", *arguments])


def add(app: Flask, *more: str) -> str:
    result = run(app, "add", URL, *more)
    assert result.exit_code == 0, result.output
    found = re.fullmatch(r"ID=([0-9a-f]{32})\nSECRET=whsec_[A-Za-z0-9+/=]{44}\n", result.stdout)
    assert found
    return found[1]


def test_add_prints_the_id_and_the_secret_for_scripts(app: Flask) -> None:
    webhook_id = add(app, "--event", "message.sent", "--event", "gateway.down")
    with app.app_context():
        view = endpoints.get(webhook_id)
    assert view.owner == "installation"
    assert view.events == ["message.sent", "gateway.down"]


def test_one_for_a_key_hears_of_that_key(app: Flask) -> None:
    with app.app_context():
        key, _ = api_keys.create("shop")
    webhook_id = add(app, "--key", "shop")
    with app.app_context():
        assert endpoints.get(webhook_id).owner == f"key:{key.id}"


def test_the_list_has_a_line_for_each_and_no_secret(app: Flask) -> None:
    webhook_id = add(app)
    run(app, "disable", webhook_id)
    listed = run(app, "list").stdout
    assert listed.split("\t") == [webhook_id, "off (asked)", "installation", "all", URL + "\n"]


def test_deliveries_and_replay(app: Flask) -> None:
    webhook_id = add(app)
    delivery = run(app, "test", webhook_id).stdout.strip()
    assert run(app, "deliveries", webhook_id).stdout.startswith(f"{delivery}\t")
    assert run(app, "deliveries", webhook_id, "--status", "failed").stdout == ""
    assert run(app, "replay", webhook_id, "--delivery", delivery).stdout == "1\n"
    assert run(app, "replay", webhook_id, "--failed", "--hours", "3").stdout == "0\n"


def test_rotate_prints_another_secret(app: Flask) -> None:
    assert run(app, "rotate", add(app), "--overlap", "0").stdout.startswith("SECRET=whsec_")


def test_enable_disable_and_remove(app: Flask) -> None:
    webhook_id = add(app)
    for command in ("disable", "enable", "remove"):
        assert run(app, command, webhook_id).exit_code == 0
    assert run(app, "list").stdout == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "gopher://8.8.8.8/", "http://[::1]/"])
def test_a_bad_url_is_a_clear_error(app: Flask, url: str) -> None:
    result = run(app, "add", url)
    assert result.exit_code == 2
    assert "url must" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [("rotate", "0" * 32), ("add", URL, "--key", "nobody")])
def test_what_does_not_exist_is_a_clear_error(app: Flask, arguments: tuple[str, ...]) -> None:
    result = run(app, *arguments)
    assert result.exit_code == 1
    assert "no such" in result.stderr
