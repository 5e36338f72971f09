"""The gateways page: configuration and failures, never a secret."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from domain.roles import Role
from domain.statuses import Channel
from exts import db
from models import Administrator
from services.audit import trail
from services.gateways import gateway_switches, unknown_words
from services.gateways.gateway_health import GatewayHealth
from services.people import administrators
from services.process import freshness, parts
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


def add_spare(app: Flask, channel: Channel = Channel.SMS) -> MemoryGateway:
    """Add another gateway for a channel."""
    spare = MemoryGateway("spare", channel)
    parts.put(app, Gateways([*parts.of(app, Gateways), spare]))
    return spare


def test_each_gateway_is_shown_without_its_secrets(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "gateways.toml").write_text(FILE, encoding="utf-8")
    app = create_app(settings | {"MAIL_SERVER": "mail.example", "MAIL_PASSWORD": "hush-4"})
    with app.app_context():
        db.create_all()
        if not administrators.everyone():  # another fixture may have filled this database already
            administrators.add(EMAIL, "owner", PASSWORD)
    visitor = Visitor(app.test_client())
    visitor.sign_in()
    page = visitor.get("/cms/gateways").text
    for text in (
        "main",
        "http",
        "70",
        "CN, DE",
        "spare",
        "twilio",
        "only when no other is available",
        "smtp",
    ):
        assert text in page
    assert page.count(">Switched on<") == 3
    assert "REDIS_URL" in page
    page += visitor.get("/cms/gateways/main").text + visitor.get("/cms/gateways/spare").text
    assert "25 per second" in page
    for secret in ("hush", "aHVzaC", "carrier.example", "mail.example", "AC0000"):
        assert secret not in page
    with app.app_context():
        db.engine.dispose()


def test_a_failing_gateway_is_shown(signed_in: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "memory-sms")
    page = signed_in.get("/cms/gateways").text
    assert page.count(">Circuit breaker open<") == page.count(">Working<") == 1
    assert "the next message probes it" in page
    monkeypatch.setattr(GatewayHealth, "probe_in", lambda _, name: 11.2 if name == "memory-sms" else None)
    page = signed_in.get("/cms/gateways/memory-sms").text
    assert "next probe in 12 s" in page
    assert 'id="state" data-pending="1"' in page


def test_the_shares_of_each_channel_are_shown(signed_in: Visitor, app: Flask) -> None:
    add_spare(app)
    page = signed_in.get("/cms/gateways").text
    assert "Who gets what" in page
    assert '<span translate="no">spare</span> 50%' in page
    assert '<span translate="no">memory-mail</span> 100%' in page


def test_the_last_24_hours_of_one_gateway_are_drawn(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    assert "Last 24 hours" not in signed_in.get("/cms/gateways/memory-sms").text
    signed_in.submit("/cms/gateways/memory-mail/test", page="/cms/gateways/memory-mail", to=EMAIL)
    assert "Last 24 hours" in signed_in.get("/cms/gateways/memory-mail").text
    assert "Last 24 hours" not in signed_in.get("/cms/gateways/memory-sms").text


def test_the_list_draws_the_last_24_hours(signed_in: Visitor, mails: MemoryGateway) -> None:
    assert '<svg class="course"' not in signed_in.get("/cms/gateways").text
    mails.failures.append(GatewayError("RCPT answered 550 5.1.1"))
    for _ in range(2):
        signed_in.submit("/cms/gateways/memory-mail/test", page="/cms/gateways/memory-mail", to=EMAIL)
    assert "2 messages in 24 hours, 1 lost" in signed_in.get("/cms/gateways").text


def test_the_list_says_since_when_a_gateway_gets_nothing(
    signed_in: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in.submit("/cms/gateways/memory-sms/off", page="/cms/gateways/memory-sms/off", is_last="1")
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "memory-mail")
    opened_at = datetime.now(UTC) - timedelta(minutes=7)
    monkeypatch.setattr(GatewayHealth, "open_since", lambda *_: opened_at)
    off, broken = (row for row in signed_in.get("/cms/gateways").text.split("<tr")[2:4])
    assert f"· {EMAIL}" in (off if "Switched off" in off else broken)
    assert "7 min ago</time> ·" in (broken if "Circuit breaker open" in broken else off)


def test_words_that_nobody_knows_are_shown(signed_in: Visitor, app: Flask) -> None:
    gateway = MemoryGateway("memory-sms", Channel.SMS)
    gateway.knows_word = lambda word: False  # type: ignore[attr-defined]
    parts.put(app, Gateways([gateway]))
    assert "Unknown words" not in signed_in.get("/cms/gateways/memory-sms").text
    with app.app_context():
        unknown_words.note("memory-sms", "HELIOTROPE", datetime.now(UTC))
    page = signed_in.get("/cms/gateways/memory-sms").text
    assert "Unknown words in delivery reports" in page
    assert "<code>HELIOTROPE</code>" in page


def test_without_gateways_the_page_says_what_to_do(signed_in: Visitor, app: Flask) -> None:
    parts.put(app, Gateways([]))
    assert "/cms/gateways/new/type" in signed_in.get("/cms/gateways").text


def entries(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(entry.action, entry.subject) for entry in trail.entries().shown]


def as_(role: Role, app: Flask, visitor: Visitor) -> Visitor:
    with app.app_context():
        administrators.add("kim@example.org", role.value, PASSWORD)
    visitor.sign_in("kim@example.org")
    return visitor


def test_a_gateway_is_switched_off_and_on(signed_in: Visitor, app: Flask) -> None:
    page = "/cms/gateways/memory-sms"
    add_spare(app)
    question = signed_in.get(f"{page}/off").text
    assert "Other gateways take its messages." in question
    assert signed_in.submit(f"{page}/off", page=f"{page}/off").location == page
    assert "Switched off" in signed_in.get(page).text
    assert "Switched off" in signed_in.get("/cms/gateways").text
    assert signed_in.submit(f"{page}/on", page=page).location == page
    assert "Switched off" not in signed_in.get(page).text
    assert entries(app)[:2] == [
        ("gateway.switched_on", "memory-sms"),
        ("gateway.switched_off", "memory-sms"),
    ]


def test_the_last_one_is_switched_off_only_after_a_warning(signed_in: Visitor, app: Flask) -> None:
    page = "/cms/gateways/memory-sms"
    question = signed_in.get(f"{page}/off").text
    assert "It is the last working gateway of its channel." in question
    assert "expire" in question
    unaware = signed_in.submit(f"{page}/off", page=page)
    assert unaware.status_code == 409
    assert "It is the last working gateway of its channel." in unaware.text
    assert "Switched off" not in signed_in.get(page).text
    signed_in.submit(f"{page}/off", page=page, is_last="1")
    assert "Switched off" in signed_in.get(page).text


def test_the_warning_names_the_countries_of_a_gateway(signed_in: Visitor, sms: MemoryGateway) -> None:
    sms.countries = frozenset({"CN", "DE"})
    assert "(CN, DE)" in signed_in.get("/cms/gateways/memory-sms/off").text


def test_a_weight_is_set_and_reset_to_the_file(signed_in: Visitor, app: Flask) -> None:
    page = "/cms/gateways/memory-sms"
    signed_in.submit(f"{page}/weight", page=page, weight=" 30 ")
    assert 'value="30"' in signed_in.get(page).text
    signed_in.submit(f"{page}/weight", page=page, weight="")
    assert 'value="100"' in signed_in.get(page).text
    assert entries(app)[:2] == [("gateway.weight_set", "memory-sms")] * 2


def test_the_last_change_says_what_was_changed(signed_in: Visitor) -> None:
    page = "/cms/gateways/memory-sms"
    signed_in.submit(f"{page}/weight", weight="0")
    assert "weight 100 → 0" in signed_in.get(page).text
    signed_in.submit(f"{page}/off", is_last="1")
    text = signed_in.get(page).text
    assert ": switched off" in text
    assert "weight 100" not in text


@pytest.mark.parametrize("weight", ["-1", "1001", "many", "٣", "9" * 30])
def test_an_invalid_weight_is_reported_beside_the_field(signed_in: Visitor, weight: str) -> None:
    page = "/cms/gateways/memory-sms"
    answer = signed_in.submit(f"{page}/weight", page=page, weight=weight)
    assert answer.status_code == 422
    assert "Enter a whole number from 0 to 1000." in answer.text
    assert f'value="{weight}"' in answer.text


def test_a_test_message_goes_to_ones_own_address_through_this_gateway(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    page = "/cms/gateways/memory-mail"
    answer = signed_in.submit(f"{page}/test", page=page, to=EMAIL)
    assert answer.location == f"{page}#test"
    (sent,) = mails.sent
    assert (sent.to, sent.params["code"]) == (EMAIL, "000000")
    shown = signed_in.get(page).text
    assert ">Sent<" in shown
    assert "j***@example.org" in shown
    assert signed_in.get(f"/cms/messages/{sent.id}").status_code == 200
    assert f"/cms/messages/{sent.id}" in shown
    assert entries(app)[0] == ("gateway.tested", "memory-mail")


def test_a_failed_test_message_is_shown_and_no_other_gateway_is_tried(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    spare = add_spare(app, Channel.EMAIL)
    mails.failures.append(GatewayError("RCPT answered 550"))
    signed_in.submit("/cms/gateways/memory-mail/test", page="/cms/gateways/memory-mail", to=EMAIL)
    shown = signed_in.get("/cms/gateways/memory-mail").text
    assert ">Failed<" in shown
    assert "RCPT answered 550" in shown
    assert spare.sent == mails.sent == []


def test_the_page_polls_while_a_test_waits(signed_in: Visitor, app: Flask, mails: MemoryGateway) -> None:
    spare = add_spare(app, Channel.EMAIL)
    mails.failures.append(TemporaryGatewayError("RCPT answered 450"))
    signed_in.submit("/cms/gateways/memory-mail/test", page="/cms/gateways/memory-mail", to=EMAIL)
    shown = signed_in.get("/cms/gateways/memory-mail").text
    assert "data-pending" in shown
    assert spare.sent == []


def test_a_test_goes_to_any_number_and_its_timeline_is_on_the_page(
    signed_in: Visitor, app: Flask, sms: MemoryGateway
) -> None:
    page = "/cms/gateways/memory-sms"
    signed_in.submit(f"{page}/test", page=page, to="138 0013 8000")
    assert [outgoing.to for outgoing in sms.sent] == ["+8613800138000"]
    shown = signed_in.get(page).text
    assert "memory-sms accepted it" in shown
    assert "+8613800138000" not in shown
    with app.app_context():
        entry = trail.entries().shown[0]
    assert (entry.action, entry.after) == ("gateway.tested", {"destination": "+86138****8000"})


def test_ones_own_number_is_offered_for_a_test(signed_in: Visitor, app: Flask) -> None:
    with app.app_context():
        db.session.scalars(db.select(Administrator)).one().phone = "+8613800138000"
        db.session.commit()
    assert 'value="+8613800138000"' in signed_in.get("/cms/gateways/memory-sms").text


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("", "Enter one phone number"),
        ("nobody", "Enter one phone number"),
        ("+1 212 555 0100", "SMS to this country"),
    ],
)
def test_what_is_no_destination_is_told_beside_the_field(
    signed_in: Visitor, sms: MemoryGateway, to: str, told: str
) -> None:
    page = "/cms/gateways/memory-sms"
    answer = signed_in.submit(f"{page}/test", page=page, to=to)
    assert answer.status_code == 422
    assert 'id="to-error"' in answer.text
    assert sms.sent == []


def test_tests_count_against_the_limits_of_anothers_number(
    signed_in: Visitor, app: Flask, sms: MemoryGateway
) -> None:
    app.config["DESTINATION_SENDS_PER_10_MINUTES"] = 2
    page = "/cms/gateways/memory-sms"
    answers = [signed_in.submit(f"{page}/test", page=page, to="+8613800138000").status_code for _ in range(3)]
    assert answers == [303, 303, 429]
    assert len(sms.sent) == 2


def test_the_page_looks_for_a_delivery_report(signed_in: Visitor, app: Flask, sms: MemoryGateway) -> None:
    page = "/cms/gateways/memory-sms"
    signed_in.submit(f"{page}/test", page=page, to="+8613800138000")
    assert "data-ended" in signed_in.get(page).text
    sms.read_receipts, sms.receipt_answer = print, None  # type: ignore[attr-defined]
    assert 'data-pending="2"' in signed_in.get(page).text


def test_tests_have_a_limit(signed_in: Visitor, mails: MemoryGateway) -> None:
    page = "/cms/gateways/memory-mail"
    answers = [signed_in.submit(f"{page}/test", page=page, to=EMAIL).status_code for _ in range(11)]
    assert answers == [303] * 10 + [429]
    assert len(mails.sent) == 10


def test_errors_of_the_last_day_are_shown_by_class(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    mails.failures += [
        GatewayError("RCPT answered 550 5.1.1"),
        TemporaryGatewayError("the mail server is away"),
    ]
    page = "/cms/gateways/memory-mail"
    for _ in range(2):
        signed_in.submit(f"{page}/test", page=page, to=EMAIL)
    app.extensions.pop(freshness.STORE)
    shown = signed_in.get(page).text
    for text in ("RCPT answered 550 5.1.1", "the message itself is invalid", "a retry may work"):
        assert text in shown


def test_a_viewer_sees_and_changes_nothing(visitor: Visitor, app: Flask) -> None:
    as_(Role.VIEWER, app, visitor)
    page = visitor.get("/cms/gateways/memory-sms")
    assert page.status_code == 200
    for text in ("Switch off</a>", "Save</button>", "Send a test</button>"):
        assert text not in page.text
    for path in ("off", "on", "weight", "test"):
        assert visitor.submit(f"/cms/gateways/memory-sms/{path}").status_code == 403
    assert visitor.get("/cms/gateways/memory-sms/off").status_code == 403
    with app.app_context():
        assert gateway_switches.read(db.session()) == gateway_switches.Switches()


def test_an_operator_may_switch(visitor: Visitor, app: Flask) -> None:
    as_(Role.OPERATOR, app, visitor)
    page = "/cms/gateways/memory-sms"
    assert visitor.submit(f"{page}/off", page=f"{page}/off", is_last="1").status_code == 303


def test_no_change_without_the_token(signed_in: Visitor) -> None:
    for path in ("off", "on", "weight", "test"):
        assert signed_in.client.post(f"/cms/gateways/memory-sms/{path}").status_code == 400


@pytest.mark.parametrize("path", ["", "/off"])
def test_an_unknown_gateway_is_not_found(signed_in: Visitor, path: str) -> None:
    assert signed_in.get(f"/cms/gateways/nobody{path}").status_code == 404
    assert signed_in.submit("/cms/gateways/nobody/on").status_code == 404
