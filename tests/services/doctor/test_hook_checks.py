from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.keyring import Keyring
from domain.statuses import Channel
from services.doctor.hook_checks import check_hooks
from services.hooks import deliveries, hooks
from services.hooks.exchange import Delivery
from services.process import parts

pytestmark = pytest.mark.usefixtures("context")
LATER = timedelta(days=1, minutes=1)


def said():
    return [(finding.level.name, finding.text) for finding in check_hooks()]


@pytest.fixture
def settings(settings):
    return {**settings, "PUBLIC_URL": "https://codes.example.org"}


def test_without_hooks_nothing_is_said():
    assert said() == []


def test_a_hook_in_use_is_fine_and_one_never_used_is_named_after_a_day():
    used = hooks.add("logto", "Ours")[0]
    hooks.add("kratos", "Forgotten")
    deliveries.send(used, [Delivery(Channel.SMS, "+8613800138000", code="123456")])
    assert said() == [("OK", "2 switched on, all in use")]
    with time_machine.travel(datetime.now(UTC) + LATER):
        assert said() == [("WARN", "“Forgotten” never took anything: is its server set up?")]


def test_an_address_that_no_server_can_reach_is_named(app):
    hooks.add("supabase", "Ours")
    app.config["PUBLIC_URL"] = "http://codes.example.org"
    assert said() == [("WARN", "PUBLIC_URL is not https, and “Ours” is not posted to without it")]
    app.config["PUBLIC_URL"] = "http://127.0.0.1:5000"
    assert "leads to this machine only" in said()[0][1]
    app.config["PUBLIC_URL"] = ""
    assert "PUBLIC_URL is not set" in said()[0][1]


def test_a_secret_whose_key_is_gone_is_named(app):
    hooks.add("logto", "Ours")
    parts.put(app, Keyring(["another pepper, and long enough for one"]))
    assert "the secret of “Ours” can't be read" in said()[0][1]
