"""Addresses that a company wants visited before it reports."""

from typing import Any

import pytest

from channels.http.visiting import visit
from channels.reports.confirmation import Confirmation
from domain.errors import ConfigurationError, InvalidInput
from tests.channels.conftest import options_of
from tests.servers.http import Answer, HttpGatewayServer

KEYS = {
    "field": "Type",
    "equals": "SubscriptionConfirmation",
    "url": "SubscribeURL",
    "host": r"sns\.[a-z0-9-]+\.amazonaws\.com",
}
THEIRS = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"


def confirmed(post: Any) -> tuple[bool, list[str]]:
    visited: list[str] = []
    options = options_of("main", {}, KEYS)
    return Confirmation(options, visited.append).confirm(post), visited


def test_only_what_asks_for_it_is_confirmed() -> None:
    post = {"Type": "SubscriptionConfirmation", "SubscribeURL": THEIRS}
    assert confirmed(post) == (True, [THEIRS])
    for other in ({**post, "Type": "UnsubscribeConfirmation"}, {}, [], 5, {"SubscribeURL": THEIRS}):
        assert confirmed(other) == (False, [])


@pytest.mark.parametrize(
    "url",
    [
        "",
        5,
        None,
        THEIRS.replace("https", "http"),
        THEIRS.replace("amazonaws.com", "amazonaws.com.example.com"),
        THEIRS.replace("sns.", "evil.example/sns."),
        THEIRS.replace("sns.", "user@sns."),
        THEIRS.replace(".com/", ".com:8080/"),
        THEIRS.replace(".com/", ".com:x/"),
        "https://127.0.0.1/",
        "https://[sns.eu-central-1.amazonaws.com/",
    ],
)
def test_no_address_of_somebody_else_is_visited(url: Any) -> None:
    with pytest.raises(InvalidInput):
        confirmed({"Type": "SubscriptionConfirmation", "SubscribeURL": url})


def test_a_mistake_in_the_table_is_named() -> None:
    with pytest.raises(ConfigurationError, match="host: is not a regular expression"):
        Confirmation(options_of("main", {}, {**KEYS, "host": "("}), print)


def test_a_visit_is_one_get() -> None:
    with HttpGatewayServer() as server:
        server.script(
            Answer(200, "<ok/>"), Answer(302, "", headers={"Location": server.url}), Answer(403, "")
        )
        visit(f"{server.url}?Token=abc")
        for _ in range(2):
            with pytest.raises(InvalidInput, match="did not accept"):
                visit(server.url)
        assert [(call.method, call.target) for call in server.calls] == [
            ("GET", "/sms?Token=abc"),
            ("GET", "/sms"),
            ("GET", "/sms"),
        ]
    for url in (server.url, "ftp://x"):
        with pytest.raises(InvalidInput, match="could not be visited"):
            visit(url)
