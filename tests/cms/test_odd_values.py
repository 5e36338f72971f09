"""Values that one database takes and another refuses: no page of the console fails on any of the three."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from flask import Flask

from app import DOORS
from tests.cms.conftest import EMAIL, Visitor
from tests.cms.drawing import Asking, leads_nowhere, on_sqlite
from tests.databases import KINDS, database_of

LARGE = "99999999999999999999"


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Settings for each kind of database, behind one proxy."""
    behind = settings | {"TRUSTED_PROXIES": 1}
    if request.param == "sqlite":
        yield behind
        return
    with database_of(request.param) as address:
        yield behind | {"SQLALCHEMY_DATABASE_URI": address}


@pytest.fixture
def doors() -> Sequence[str]:
    """Open all doors: the console links to the API's page."""
    return DOORS


def test_no_page_fails_on_an_odd_number_name_or_query(app: Flask, signed_in: Visitor, ask: Asking) -> None:
    with app.app_context():
        rules = [
            rule
            for rule in app.url_map.iter_rules()
            if rule.rule.startswith("/cms") and "GET" in (rule.methods or ()) and rule.arguments
        ]
    failed = {}
    for rule in rules:
        for odd in (LARGE, "4294967296", "%00", "a%00", "x" * 400):
            path = rule.rule
            for part in [one for one in path.split("/") if one.startswith("<")]:
                path = path.replace(part, odd)
            if leads_nowhere(app, "GET", path) and not on_sqlite(app):
                continue
            status = ask(signed_in.client, path).status_code
            if status >= 500:
                failed[path[:80]] = status
    for page in (
        "messages",
        "verifications",
        "audit",
        "administrators/sign-ins",
        "broadcasts",
        "suppressions",
    ):
        for query in (
            f"older_than={LARGE}",
            f"who={LARGE}",
            "sought=%00",
            "purpose=%00",
            "page=%00",
            "gateway=%00",
        ):
            status = signed_in.get(f"/cms/{page}?{query}").status_code
            if status >= 500:
                failed[f"{page}?{query}"] = status
    assert failed == {}


@pytest.mark.parametrize(
    "address", ["fe80::1%" + "z" * 300, "x" * 300, "::ffff:255.255.255.255", "1.2.3.4, 5.6.7.8"]
)
def test_a_sign_in_comes_from_any_address_and_any_browser(visitor: Visitor, address: str) -> None:
    visitor.client.environ_base |= {
        "HTTP_X_FORWARDED_FOR": address,
        "HTTP_USER_AGENT": "ä" * 5000,
    }
    assert visitor.sign_in("x" * 400 + EMAIL).status_code == 422
    assert visitor.sign_in().status_code == 303
