"""The gateways page: what is configured, who fails, never a secret."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from channels.registry import Gateways
from exts import db
from services import administrators, runtime
from services.gateway_health import GatewayHealth
from tests.cms.conftest import EMAIL, PASSWORD, Visitor

FILE = """
[[gateway]]
name = "main"
channel = "sms"
type = "http"
weight = 70
countries = ["DE", "CN"]
rate = 25
url = "https://carrier.example/send?token=hush-1"
secret = "whsec_aHVzaC0yaHVzaC0yaHVzaC0yaHVzaC0y"

[[gateway]]
name = "spare"
channel = "sms"
type = "twilio"
weight = 0
account_sid = "AC00000000000000000000000000000000"
auth_token = "hush-3"
from = "+15005550006"
"""


def test_each_gateway_is_told_and_none_of_its_secrets(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "gateways.toml").write_text(FILE, encoding="utf-8")
    app = create_app(settings | {"MAIL_SERVER": "mail.example", "MAIL_PASSWORD": "hush-4"})
    with app.app_context():
        db.create_all()
        if not administrators.everyone():  # the fixtures may have made this database already
            administrators.add(EMAIL, "owner", PASSWORD)
    visitor = Visitor(app.test_client())
    visitor.sign_in()
    page = visitor.get("/cms/gateways").text
    for text in (
        "main",
        "http",
        "70",
        "CN, DE",
        "25 a second",
        "spare",
        "twilio",
        "when no other is left",
        "smtp",
    ):
        assert text in page
    assert page.count(">Not known here<") == 3
    assert "REDIS_URL" in page
    for secret in ("hush", "aHVzaC", "carrier.example", "mail.example", "AC0000"):
        assert secret not in page
    with app.app_context():
        db.engine.dispose()


def test_a_failing_gateway_is_told(signed_in: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "memory-sms")
    page = signed_in.get("/cms/gateways").text
    assert page.count(">Left alone<") == page.count(">Works<") == 1


def test_without_gateways_the_page_says_what_to_do(signed_in: Visitor, app: Flask) -> None:
    runtime.install(app, dataclasses.replace(runtime.of(app), gateways=Gateways([])))
    assert "gateways.example.toml explains every key" in signed_in.get("/cms/gateways").text
