"""Who gets which part of the messages, as the page of the gateways shows it."""

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.statuses import Channel
from services.gateways import gateway_switches
from services.gateways.gateway_shares import divisions
from services.process import parts

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def settings(settings):
    return {**settings, "SMS_COUNTRIES": "*"}


def made(app, *gateways):
    parts.put(app, Gateways(gateways))


def sms(name, weight=100, *countries):
    return MemoryGateway(name, weight=weight, countries=frozenset(countries))


def told():
    return [
        (one.channel.value, one.countries, {share.name: round(share.part, 2) for share in one.shares})
        for one in divisions()
    ]


def test_countries_that_are_divided_alike_are_one_division(app):
    made(app, sms("china", 70, "CN", "HK"), sms("world", 30), MemoryGateway("mail", Channel.EMAIL))
    assert told() == [
        ("sms", ("CN", "HK"), {"china": 0.7, "world": 0.3}),
        ("sms", (), {"world": 1.0}),
        ("email", (), {"mail": 1.0}),
    ]


def test_one_that_is_switched_off_gets_nothing_and_a_weight_that_was_set_counts(app):
    made(app, sms("a"), sms("b"), sms("c"))
    gateway_switches.switch_off("c")
    gateway_switches.set_weight("a", 300)
    assert told() == [("sms", (), {"a": 0.75, "b": 0.25})]


def test_a_last_resort_gets_nothing_and_several_of_them_share_evenly(app):
    made(app, sms("main"), sms("spare", 0))
    assert told() == [("sms", (), {"main": 1.0, "spare": 0.0})]
    made(app, sms("one", 0), sms("two", 0))
    assert told() == [("sms", (), {"one": 0.5, "two": 0.5})]


def test_only_countries_that_are_switched_on_are_shown(app):
    app.config["SMS_COUNTRIES"] = ["CN", "DE", "FR"]
    made(app, sms("china", 100, "CN", "JP"), sms("europe", 100, "DE", "FR"))
    assert told() == [("sms", ("CN",), {"china": 1.0}), ("sms", ("DE", "FR"), {"europe": 1.0})]


def test_a_country_that_is_divided_as_all_others_is_not_named(app):
    made(app, sms("china", 0, "CN"), sms("world"))
    assert [one[1] for one in told()] == [("CN",), ()]
    made(app, sms("world"), sms("more"))
    assert [one[1] for one in told()] == [()]


def test_without_gateways_there_is_nothing_to_divide(app):
    made(app)
    assert divisions() == []
