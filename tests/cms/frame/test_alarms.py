"""The banners of every page while something keeps messages from being sent."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import PrefixClosure
from services.alarms import mails
from services.codes import verifications
from services.codes.verifications import Request
from services.gateways import gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.process import health, parts
from services.process.housekeeping import say_alive
from tests.cms.conftest import EMAIL, Visitor

PAGES = ("/cms/account", "/cms", "/cms/messages", "/cms/gateways", "/cms/audit")


def banners(visitor: Visitor, path: str = "/cms/account") -> list[str]:
    """Return the red banners of a page."""
    found = re.findall(r'<p class="alert error" role="alert">(.*?)</p>', visitor.get(path).text)
    return [re.sub(r"<[^>]+>", "", text) for text in found]


def alive(app: Flask) -> None:
    with app.app_context():
        say_alive(db.engine, "worker", ["sms", "email", "bulk"], datetime.now(UTC))
        say_alive(db.engine, "beat", [], datetime.now(UTC))


@pytest.fixture
def processes(app: Flask) -> None:
    """A worker and a clock that were alive a moment ago."""
    alive(app)


def off(app: Flask, name: str) -> None:
    with app.app_context():
        gateway_switches.switch_off(name, is_meant=True)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_that_no_worker_runs(signed_in: Visitor, path: str) -> None:
    assert banners(signed_in, path) == [
        "No worker is running, so nothing is sent. Start one: celery -A tasks.celery worker",
        "No clock is running, so no schedule runs by itself. Start one: celery -A tasks.celery beat "
        "Open the schedules",
    ]


GOOD = dict.fromkeys(("SMS", "E-mail", "Workers", "Clock", "Webhooks"), "good")


def lights(visitor: Visitor) -> dict[str, str]:
    """Return the strip of the side bar: the state of each subject."""
    page = visitor.get("/cms/account").text
    found = re.findall(r'<li><a class="(\w+)" href="[^"]+">([^<]+)<span class="hidden-text">', page)
    assert found[:5] == found[5:], "on the desktop as on the phone"
    return {name: kind for kind, name in found}


def test_the_strip_shows_the_state_of_what_sends(signed_in: Visitor, app: Flask) -> None:
    assert lights(signed_in) == {**GOOD, "Workers": "error", "Clock": "error"}
    alive(app)
    assert set(lights(signed_in).values()) == {"good"}
    off(app, "memory-sms")
    assert lights(signed_in) == {**GOOD, "SMS": "error"}


def test_a_broker_that_is_away_is_told(
    signed_in: Visitor, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "broker_answers", lambda: False)
    (told,) = banners(signed_in)
    assert told.startswith("The broker does not answer.")
    assert lights(signed_in) == {**GOOD, "Workers": "error", "Clock": "error"}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_who_switched_the_last_gateway_off(
    signed_in: Visitor, processes: None, path: str
) -> None:
    assert banners(signed_in, path) == []
    signed_in.submit("/cms/gateways/memory-sms/off", is_last="1")
    signed_in.submit("/cms/gateways/memory-sms/weight", weight="7")
    (told,) = banners(signed_in, path)
    assert told.startswith(f"All SMS gateways are switched off. “memory-sms” was switched off by {EMAIL}, ")
    signed_in.submit("/cms/gateways/memory-sms/on")
    assert banners(signed_in, path) == []


def test_every_page_says_that_all_gateways_of_a_channel_fail(
    signed_in: Visitor, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "memory-sms")
    for path in PAGES:
        (told,) = banners(signed_in, path)
        assert told.startswith("All SMS gateways fail. Each is tried again every 15 seconds;")


def test_a_gateway_that_fails_is_told_where_no_other_takes_its_messages(
    signed_in: Visitor, app: Flask, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "main")
    main = MemoryGateway("main", Channel.SMS, countries=frozenset({"CN", "DE"}))
    spare = MemoryGateway("spare", Channel.SMS, countries=frozenset({"CN"}))
    with app.app_context():
        parts.put(app, Gateways([main, spare]))
    (told,) = banners(signed_in)
    assert told == (
        "The gateway “main” fails. It is tried again every 15 seconds. Its messages are sent through spare. "
        "No other gateway takes messages to DE: they wait until their deadline. Open the gateways"
    )
    spare.countries = frozenset()
    assert banners(signed_in) == []


@pytest.mark.parametrize(("used", "kind"), [(3, None), (4, "info"), (5, "error")])
def test_a_budget_that_is_nearly_used_is_told(
    signed_in: Visitor, app: Flask, processes: None, used: int, kind: str | None
) -> None:
    app.config["SMS_SENDS_PER_DAY"] = 5
    with app.app_context():
        for number in range(used):
            verifications.issue(Request(Channel.SMS, f"+861380013800{number}"), Owner("key:a"))
    page = signed_in.get("/cms/account").text
    found = re.search(r'<p class="alert (\w+)"[^>]*>(The day&#39;s SMS budget: .*?)</p>', page)
    assert (found and found[1]) == kind
    if found:
        assert f"{used} of 5 segments are used." in found[2]
        assert "/cms/settings/pumping" in found[2]


def test_the_links_in_mails_lead_to_the_pages_that_banners_lead_to(app: Flask) -> None:
    pages = app.url_map.bind("sendcode.test")
    for kind, path in mails.PAGES.items():
        endpoint, _ = pages.match(path)
        assert endpoint in {"cms.schedules", "cms.gateways", "cms.pumping"}, kind
    assert pages.match("/cms")[0] == "cms.home"
    assert pages.match("/cms/gateways/main")[0] == "cms.gateway"


def test_one_of_two_gateways_may_be_off(signed_in: Visitor, app: Flask, processes: None) -> None:
    spare = MemoryGateway("spare", Channel.SMS)
    with app.app_context():
        parts.put(app, Gateways([*parts.part(Gateways), spare]))
    off(app, "spare")
    assert banners(signed_in) == []


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ({"CN"}, {"DE", "CN"}, None),
        ({"CN", "FR"}, {"DE", "CN"}, "All gateways for SMS to FR are switched off."),
        ((), {"DE", "CN"}, "All gateways for SMS to countries other than CN, DE are switched off."),
        ({"CN"}, (), None),
    ],
)
def test_only_the_countries_that_nobody_serves_are_named(
    signed_in: Visitor, app: Flask, processes: None, first: set[str], second: set[str], told: str | None
) -> None:
    gateways = [
        MemoryGateway(name, Channel.SMS, countries=frozenset(countries))
        for name, countries in (("first", first), ("second", second))
    ]
    with app.app_context():
        parts.put(app, Gateways(gateways))
    off(app, "first")
    assert [text.split(" “")[0] for text in banners(signed_in)] == ([told] if told else [])


def test_a_switch_of_a_gateway_that_is_gone_from_the_file_is_ignored(
    signed_in: Visitor, app: Flask, processes: None, mails: MemoryGateway
) -> None:
    off(app, "memory-sms")
    parts.put(app, Gateways([mails]))
    assert banners(signed_in) == []


def test_an_installation_without_gateways_says_so(signed_in: Visitor, app: Flask, processes: None) -> None:
    parts.put(app, Gateways([]))
    assert banners(signed_in) == ["No gateway is configured, so nothing can be sent. Add a gateway"]


def test_closed_prefixes_are_told_unless_they_only_would_be_closed(
    signed_in: Visitor, app: Flask, processes: None
) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        for prefix, hours in (("+861700521", 1), ("+861700522", -1)):
            db.session.add(
                PrefixClosure(
                    prefix=prefix,
                    country="CN",
                    times=1,
                    sends=40,
                    approved=0,
                    closed_at=now - timedelta(hours=2),
                    until=now + timedelta(hours=hours),
                )
            )
        db.session.commit()
    text = "The pumping guard refuses codes to 1 prefix."
    page = signed_in.get("/cms/account").text
    assert text in page
    assert '<span class="badge">1<span class="hidden-text"> needs attention</span></span>' in page
    app.config["PUMPING_GUARD_DRY_RUN"] = True
    assert text not in signed_in.get("/cms/account").text
