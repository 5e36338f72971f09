"""The limits page: the limits in force, and the destinations and callers that hit them."""

import re

import pytest
from flask import Flask

import config
from domain.owners import Owner
from domain.statuses import Channel
from services.codes import verifications
from services.keys import api_keys
from services.limits import limits_list
from tests.cms.conftest import EMAIL, Visitor

PAGE = "/cms/settings"
SECRET = re.compile("SECRET|PEPPER|PASSWORD|URI|URL|USERNAME|SENDER|SERVER")


def test_limits_are_shown_with_value_and_unit(signed_in: Visitor, app: Flask) -> None:
    app.config["COUNTRY_SENDS_PER_DAY"] = {"CN": 5000, "*": 200}
    app.config["SMS_SENDS_PER_DAY"] = 0
    page = signed_in.get(PAGE).text
    for text in (
        "1 min",
        "5 messages",
        "600 calls",
        "6 digits",
        "12 h",
        "no limit",
        "CN: 5,000",
        "every other: 200",
    ):
        assert text in page
    for name, *_ in limits_list.SHOWN:
        assert name in page


def test_no_secret_is_among_them(signed_in: Visitor) -> None:
    shown = {name for name, *_ in limits_list.SHOWN}
    assert shown <= set(config.DEFAULTS)
    assert not [name for name in shown if SECRET.search(name)]
    page = signed_in.get(PAGE).text
    assert "long enough" not in page, "the keys of the tests"


def test_every_limit_is_on_the_page_or_has_its_own_page() -> None:
    shown = {name for name, *_ in limits_list.SHOWN} | {"COUNTRY_SENDS_PER_DAY"}
    limits = {name for name in config.DEFAULTS if "_PER_" in name and not name.startswith("PUMPING_")}
    assert limits <= shown


def test_destinations_that_hit_a_limit_today_are_shown_masked(signed_in: Visitor, app: Flask) -> None:
    assert "Nobody was refused today" in signed_in.get(PAGE).text
    with app.app_context():
        _, key = api_keys.create("Web shop")
    app.config["KEY_REQUESTS_PER_MINUTE"] = 3
    call = {"headers": {"Authorization": f"Bearer {key}"}, "json": {"channel": "sms", "to": "+8613800138000"}}
    statuses = [signed_in.client.post("/api/v1/verifications", **call).status_code for _ in range(5)]
    assert statuses == [202, 429, 429, 429, 429]
    page = signed_in.get(PAGE).text
    for text in ("+86138****8000", "resend_cooldown", "Web shop", "key_requests_per_minute"):
        assert text in page
    assert "13800138000" not in page
    assert "Shows only what this web process refused" in page


def test_failed_sign_ins_are_among_them(signed_in: Visitor, visitor: Visitor, app: Flask) -> None:
    app.config["SIGN_IN_FAILURES_PER_5_MINUTES"] = 1
    stranger = Visitor(app.test_client())
    statuses = [stranger.sign_in(EMAIL, "wrong").status_code for _ in range(2)]
    assert statuses[-1] == 429
    page = signed_in.get(PAGE).text
    assert "j***@example.org" in page
    assert "sign_in_failures" in page


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/pumping"])
def test_the_pages_are_found_from_the_navigation(signed_in: Visitor, path: str) -> None:
    page = signed_in.get(path).text
    assert re.findall(r'href="([^"]+)" aria-current="page"', page) == [path, path], (
        "of the desktop, and of the phone"
    )


def test_what_is_used_of_the_limits_is_a_bar_with_its_numbers(signed_in: Visitor, app: Flask) -> None:
    app.config["SMS_SENDS_PER_DAY"], app.config["COUNTRY_SENDS_PER_DAY"] = 8, {"CN": 2}
    with app.app_context():
        for number in ("+8613800138000", "+8613800138001"):
            verifications.issue(verifications.Request(Channel.SMS, number), Owner("key:a"))
    table = signed_in.get(PAGE).text.split("Used now</h2>")[1].split("</table>")[0]
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("<tr>")[2:]]
    assert rows == [
        "SMS in a day 2 8 25%",
        "SMS to one country in a day · China 2 2 used up",
        "Codes by SMS to one prefix in ten minutes · +861380013**** 2 20 10%",
    ]
    assert re.findall(r'class="bar (\w+)" width="([\d.]+)%"', table) == [
        ("sent", "25.0"),
        ("lost", "100.0"),
        ("sent", "10.0"),
    ]
