"""What no database can hold, in every address, query, form and body, on each kind of database: never a 5xx."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule

from channels.memory import MemoryGateway
from tests.api.conftest import NUMBER, new_caller
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, token_of
from tests.cms.drawing import Asking, leads_nowhere, on_sqlite
from tests.cms.forms import CHANGES, House, furnished
from tests.databases import KINDS, database_of

pytestmark = pytest.mark.slow

HUGE = ("99999999999999999999", "9223372036854775808", "2147483648", "9" * 400, "-1")
TEXTS = ("\0", "a\0b", "%ff%fe", "%ed%a0%80", "\U0010ffff", "\udcff")
QUERIES = (
    *("cursor", "older_than", "who", "what", "days", "after", "found", "status", "channel", "since", "until"),
    *("gateway", "purpose", "key", "to", "kept", "sought", "locale", "limit", "next"),
)
BODIES: Mapping[str, Any] = {
    "/api/v1/verifications": {
        "channel": "sms",
        "to": NUMBER,
        "purpose": "login",
        "locale": "en",
        "metadata": {"a": "b"},
        "client_ip": "203.0.113.7",
    },
    "/api/v1/verifications/check": {"to": NUMBER, "purpose": "login", "channel": "sms", "code": "123456"},
    "/api/v1/messages": {
        "channel": "email",
        "to": "a@b.org",
        "locale": "en",
        "subject": "a",
        "text": "b",
        "html": "c",
        "send_at": "2031-01-01T00:00:00Z",
    },
    "/api/v1/broadcasts": {
        "channel": "email",
        "subject": "a",
        "text": "b",
        "recipients": [{"to": "a@b.org", "params": {"a": "b"}}],
    },
}


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    limits = (
        "SIGN_IN_FAILURES_PER_5_MINUTES",
        "SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES",
        "KEY_REQUESTS_PER_MINUTE",
    )
    settings = {**settings, **dict.fromkeys(limits, 0), "PROPAGATE_EXCEPTIONS": False}
    if request.param == "sqlite":
        yield settings
        return
    with database_of(request.param) as url:
        yield {**settings, "SQLALCHEMY_DATABASE_URI": url}


@pytest.fixture
def house(app: Flask, newcomer: Callable[[], Visitor], mails: MemoryGateway) -> House:
    return furnished(app, newcomer, mails)


class Tokens:
    """Reads the token of Jane's forms, from an expensive page, once in each of her sessions."""

    def __init__(self, house: House):
        self._jane = house.jane
        self._cookie, self._token = "", ""

    def newest(self) -> str:
        if self._cookie != self._jane.cookie():
            self._token = token_of(self._jane.get("/cms/account").text)
            self._cookie = self._jane.cookie()
        return self._token


def addresses(rule: Rule) -> Iterator[str]:
    """Give the addresses of a route in which one part can't be, and all others could."""
    if not rule.arguments:
        yield rule.rule
    for odd in rule.arguments:
        for value in (*HUGE, *TEXTS):
            path = rule.rule
            for name in rule.arguments:
                said = value if name == odd else "1"
                said = said if "%" in said else quote(said, errors="surrogateescape")
                for spelled in (f"<{name}>", f"<int:{name}>", f"<path:{name}>"):
                    path = path.replace(spelled, said)
            yield path


class Query(ImmutableMultiDict[str, str]):
    """A query that notes the names which the page asks it for."""

    asked: set[str]

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def getlist(self, name: str, *kinds: Any) -> list[Any]:
        self.asked.add(name)
        return super().getlist(name, *kinds)


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that pages have asked their query for."""
    names: set[str] = set()
    noting = type("NotingQuery", (Query,), {"asked": names})
    reading = type("Reading", (app.request_class,), {"parameter_storage_class": noting})
    monkeypatch.setattr(app, "request_class", reading)
    return names


def queries(page: str, asked: set[str]) -> Iterator[str]:
    """Give queries that can't be: known names at once, then each by itself that the page has asked for until then.

    The API looks through all that it is given, so there it is each known name.
    """
    for value in ("%00", "%ff", "%ed%a0%80", HUGE[0], "9999-12-31"):
        yield "&".join(f"{name}={value}" for name in QUERIES)
    for name in QUERIES if page.startswith("/api") else sorted(asked):
        yield from (f"{name}={value}" for value in (HUGE[0], "9999-12-31"))


def odd_fields(fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in fields:
        for value in (*HUGE, *TEXTS[:2]):
            yield {**fields, name: value}
    yield {**fields, "a\0b": "c"}


def odd_bodies(body: Any) -> Iterator[Any]:
    """Give JSON in which one value at a time can't be."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from ({**body, name: odd} for odd in odd_bodies(value))
            yield {**body, "a\0b": value}
    elif isinstance(body, list):
        yield from ([odd] for odd in odd_bodies(body[0]))
    else:
        yield from ("\0", "a\0b", "\ud800", "a\udfff", 10**30, -(10**30), 2**63, 1e300, body + "\0")


def test_of_no_address_and_no_query(house: House, app: Flask, ask: Asking, asked: set[str]) -> None:
    caller, tokens, bad = new_caller(app), Tokens(house), []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("cms.logout", "health.ready", "root.favicon"):  # readyz is 503 without a worker
            continue
        client = caller.client if rule.rule.startswith("/api") else house.jane.client
        headers = caller.headers if client is caller.client else {}
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        asked.clear()
        for path in addresses(rule):
            if client is house.jane.client and not on_sqlite(app) and leads_nowhere(app, method, path):
                continue
            token = {} if method == "GET" else {"csrf_token": tokens.newest()}
            answer = ask(client, path, method=method, data=token or None, headers=headers)
            bad += [(answer.status_code, method, path)] if answer.status_code >= 500 else []
            if (
                rule.arguments
                and method == "GET"
                and "static" not in path
                and answer.status_code not in (401, 404)
            ):
                bad.append((answer.status_code, method, path))
        if method == "GET" and not rule.arguments:
            for query in queries(rule.rule, asked):
                answer = ask(client, f"{rule.rule}?{query}", headers=headers)
                bad += [(answer.status_code, rule.rule, query)] if answer.status_code >= 500 else []
    assert not bad, bad


def test_of_no_form(house: House, app: Flask, ask: Asking) -> None:
    bad, tokens = [], Tokens(house)
    for odd in odd_fields({"email": EMAIL, "password": PASSWORD, "next": "/cms"}):
        stranger = Visitor(app.test_client())
        token = token_of(stranger.get("/cms/login").text)
        answer = ask(stranger.client, "/cms/login", method="POST", data={"csrf_token": token, **odd})
        bad += [("/cms/login", answer.status_code, odd)] if answer.status_code >= 500 else []
    for endpoint, form in CHANGES.items():
        fields = form.fields(house) if callable(form.fields) else form.fields
        path = form.path.format(**house.names)
        for odd in odd_fields({name: value for name, value in fields.items() if isinstance(value, str)}):
            data = {"csrf_token": tokens.newest(), **odd}
            answer = ask(house.jane.client, path, method="POST", data=data)
            bad += [(endpoint, answer.status_code, odd)] if answer.status_code >= 500 else []
            if answer.status_code == 303 and "login" in (answer.location or ""):
                house.jane.sign_in()
    assert bad == []


def test_of_no_body(app: Flask) -> None:
    caller, bad = new_caller(app), []
    for path, body in BODIES.items():
        for odd in odd_bodies(body):
            answer = caller.post(path, odd)
            bad += [(answer.status_code, path, odd)] if answer.status_code >= 500 else []
        for key in ("\0", "a\0b", "\xff\xfe", "\xed\xa0\x80", "9" * 400):
            answer = caller.post(path, body, Idempotency_Key=key)
            bad += [(answer.status_code, path, key)] if answer.status_code >= 500 else []
    for header in ("\0", "sc_live_\0", "sc_live_\xff", "9" * 4000):
        answer = caller.client.get("/api/v1/messages", headers={"Authorization": f"Bearer {header}"})
        bad += [(answer.status_code, header)] if answer.status_code >= 500 else []
    assert bad == []
