"""The overview page: figures that match the rows in every period, and advice where there is no data."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.figures import right_now
from services.gateways.gateway_health import GatewayHealth
from services.messaging import broadcasts, messages
from services.process import parts
from services.process.housekeeping import say_alive
from tests.cms.conftest import Visitor
from tests.databases import add_rows, sqlite_file

pytestmark = pytest.mark.xdist_group("invented traffic")
URL = "/cms/statistics"


@pytest.fixture
def traffic(app: Flask, demo_file: Callable[[int], Path]) -> None:
    """A month of invented traffic."""
    add_rows(demo_file(400), sqlite_file(app.config["SQLALCHEMY_DATABASE_URI"]))


def send(app: Flask, **options: object) -> None:
    with app.app_context():
        request = messages.Request(Channel.SMS, "+8613800138000", text="Hello", **options)
        messages.send(request, Owner("key:a"))


def tile(page: str, name: str) -> str:
    found = re.search(rf"<dt>{name}</dt><dd[^>]*>([^<]+)</dd>", page)
    assert found, name
    return found[1]


def rows(app: Flask, *conditions: object) -> str:
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(Message).where(*conditions))
    return f"{found:,}"


def test_the_tiles_agree_with_the_rows(signed_in: Visitor, traffic: None, app: Flask) -> None:
    page = signed_in.get(f"{URL}?period=90d").text
    assert tile(page, "Messages") == rows(app)
    assert tile(page, "Delivered") == rows(app, Message.status == "delivered")
    assert tile(page, "Failed") == rows(app, Message.status == "failed")
    assert tile(page, "Expired") == rows(app, Message.status == "expired")
    assert tile(page, "Sent") == rows(app, Message.status.in_(["sent", "delivered", "undelivered"]))
    only = signed_in.get(f"{URL}?period=90d&channel=sms").text
    assert tile(only, "Messages") == rows(app, Message.channel == "sms")
    assert 'href="/cms/statistics?period=30d&amp;channel=sms"' in only


@pytest.mark.parametrize(("period", "places"), [("24h", 24), ("7d", 7), ("30d", 30), ("90d", 90)])
def test_each_period_has_charts_and_their_tables(
    signed_in: Visitor, traffic: None, period: str, places: int
) -> None:
    page = signed_in.get(f"{URL}?period={period}").text
    pictures = 3 if period == "24h" else 4
    assert page.count('role="img"') == page.count("Show as a table") == pictures
    table = page.split('<table class="numbers">')[1].split("</table>")[0]
    assert table.count("<tr><th scope=") == places + 1
    assert "style=" not in page
    rare = () if period == "24h" else ("world", "login", "Germany", "notices, no code")
    for name in ("main", "mail", *rare):
        assert name in page


def test_invalid_parameters_show_the_week(signed_in: Visitor, traffic: None) -> None:
    page = signed_in.get(f"{URL}?period=1y&channel=fax").text
    assert page.count('aria-current="true"') == 2
    assert re.search(r'aria-current="true">7 days<', page)
    assert re.search(r'aria-current="true">All<', page)


def test_without_traffic_it_says_what_to_do(signed_in: Visitor, app: Flask) -> None:
    for period in ("24h", "7d", "90d"):
        page = signed_in.get(f"{URL}?period={period}&channel=sms").text
        assert "Nothing was sent yet" in page
        assert "Choose a longer period" not in page
    assert "seed-demo" not in page
    app.debug = app.config["DEBUG"] = True
    assert "seed-demo" in signed_in.get(f"{URL}?period=90d").text


def test_a_quiet_week_offers_a_longer_period(signed_in: Visitor, app: Flask) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=20)):
        send(app)
    page = signed_in.get(URL).text
    assert "Choose a longer period" in page
    assert "Nothing was sent yet" not in page


def test_messages_that_no_gateway_accepted_are_no_gateway(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    send(app)
    parts.put(app, Gateways([mails]))
    send(app)
    page = " ".join(signed_in.get(URL).text.split())
    assert "No gateway accepted 1 message: 0 lost, 1 waiting, 0 canceled." in page
    assert "none yet" not in page


def test_waiting_messages_are_told_apart(signed_in: Visitor, app: Flask) -> None:
    with app.app_context():
        owner = Owner("key:a")
        made = broadcasts.start(
            broadcasts.Request(
                Channel.SMS,
                [{"to": "+8613800138000"}, {"to": "+8613800138001"}],
                text="Hello",
                send_at=datetime.now(UTC) + timedelta(hours=2),
            ),
            owner,
        )
        assert right_now.look().lanes[-1].later == 2
        broadcasts.pause(made.id, owner)
        assert (right_now.look().paused, right_now.look().has_later) == (2, False)
    send(app, send_at=datetime.now(UTC) + timedelta(hours=1))
    page = re.sub(r"<[^>]+>", " ", signed_in.get(URL).text)
    assert re.search(r"Paused broadcasts\s+2\b", page)
    assert "1 for later" in page


def test_it_shows_what_is_going_on_now(
    signed_in: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "memory-sms")
    page = signed_in.get(URL).text
    assert "No worker is running" in page
    assert page.count(">Circuit breaker open<") == page.count(">Working<") == 1
    with app.app_context():
        say_alive(db.engine, "worker", ["sms", "email", "bulk"], datetime.now(UTC))
        page = signed_in.get(URL).text
    assert "No clock is running" in page
    assert "sms, email, bulk" in page


def test_strangers_may_not_look(newcomer: Callable[[], Visitor]) -> None:
    assert newcomer().get(URL).status_code == 303
