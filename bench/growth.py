"""How cost grows with the messages that are kept: claim, click, check, search, overview and disk, on PostgreSQL."""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from flask.testing import FlaskClient

from app import create_app
from bench.click import PATH, web
from bench.client import call
from bench.console import EMAIL, PASSWORD
from bench.house import fill, house, noop_worker, wait_for
from bench.kept import keep
from bench.report import Figure, Skipped, percentile
from devtools.live.databases import SERVERS, temporary_database
from devtools.live.service import application
from exts import db
from services.people import administrators
from services.traffic import search_terms
from tests.live.installation import Installation, phone

MILLION = 1_000_000
KEPT = (0.0, 0.1, 1.0)
"""Millions of messages."""
CLIENTS = 4
TABLES = ("message", "verification", "message_try")
SEARCHES = (
    *("/cms/messages?status=failed", "/cms/messages?status=delivered&channel=sms&template=code"),
    *("/cms/messages?q={token}", "/cms/verifications?q={token}", "/cms/verifications?status=approved"),
)


@dataclass(frozen=True)
class Costs:
    """What was measured beside some number of kept messages."""

    claims: float
    """Messages that one worker claims and settles a minute."""
    click: float
    check: float
    search: float
    overview: float
    """The 95th percentiles in milliseconds."""
    size: float
    """Bytes of disk for each message, with its verification and its tries; 0 where none are kept."""


def measure(quick: bool, millions: Sequence[float] = KEPT) -> Iterator[Figure | Skipped]:
    """Yield what each costs beside each number of kept messages, and as a ratio to the first of them."""
    if not os.environ.get(SERVERS["postgresql"]):
        yield Skipped("growth", f"{SERVERS['postgresql']} is not set")
        return
    first: Costs | None = None
    for kept in (0.0, 0.002) if quick else millions:
        with furnished("postgresql", int(kept * MILLION)) as made:
            costs = _costs(made, int(kept * MILLION), quick)
        first = first or costs
        yield from _figures(f"{kept:g} million kept", costs, first)


@contextmanager
def furnished(kind: str, kept: int) -> Iterator[Installation]:
    """Make an installation on a database of its own that keeps some messages already."""
    with tempfile.TemporaryDirectory(prefix="sendcode-bench-") as folder:
        if kind == "sqlite":
            yield from _furnish(f"sqlite:///{folder}/kept.db", kept)
        else:
            with temporary_database(os.environ[SERVERS[kind]]) as url:
                yield from _furnish(url, kept)


def _furnish(url: str, kept: int) -> Iterator[Installation]:
    with house(database_url=url) as made:
        if kept:
            with application(made.env):
                keep(kept)
        yield made


def _costs(made: Installation, kept: int, quick: bool) -> Costs:
    count, again = (60, 3) if quick else (1500, 20)
    size = _bytes(made) / kept if kept else 0.0
    key = made.key()
    fill(made, 200 if quick else 30_000, "CODE")
    with noop_worker(made):
        wait_for(lambda: not waiting(made, "owner = 'key:bench'"), 300)
    ((first, last, settled),) = made.query(
        "SELECT min(settled_at), max(settled_at), count(*) FROM message WHERE owner = 'key:bench'"
    )
    with web(made, "create_app") as server:
        call(server.port, PATH, clients=CLIENTS, count=count // 5, key=key, first=MILLION)
        clicks = call(server.port, PATH, clients=CLIENTS, count=count, key=key, first=2 * MILLION)
    with _client(made) as client:
        checks = [_check(client, key, phone(2 * MILLION + number)) for number in range(count // 5)]
        token = search_terms.seal(phone(2 * MILLION))
        searches = [_get(client, path.format(token=token)) for path in SEARCHES for _ in range(again)]
        overview = [_get(client, "/cms") for _ in range(2 * again)]
    return Costs(
        claims=60e6 * settled / (last - first),
        click=1000 * percentile(clicks.seconds, 0.95),
        check=1000 * percentile(checks, 0.95),
        search=1000 * percentile(searches, 0.95),
        overview=1000 * percentile(overview, 0.95),
        size=size,
    )


@contextmanager
def _client(made: Installation) -> Iterator[FlaskClient]:
    """Open the doors in this process, signed in to the console."""
    with patch.dict(os.environ, made.env, clear=True):
        app = create_app({"DEBUG": True, "WTF_CSRF_ENABLED": False})
    with app.app_context():
        administrators.add(EMAIL, "owner", PASSWORD)
        client = app.test_client()
        client.post("/cms/login", data={"email": EMAIL, "password": PASSWORD})
        yield client
        db.session.remove()
        db.engine.dispose()


def _get(client: FlaskClient, path: str) -> float:
    began = time.perf_counter()
    answer = client.get(path)
    took = time.perf_counter() - began
    assert answer.status_code == 200, (path, answer.status_code)
    return took


def _check(client: FlaskClient, key: str, to: str) -> float:
    """Guess wrong, and return the seconds."""
    began = time.perf_counter()
    answer = client.post(
        "/api/v1/verifications/check",
        json={"to": to, "code": "000000"},
        headers={"Authorization": f"Bearer {key}"},
    )
    took = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return took


def waiting(made: Installation, which: str) -> bool:
    """Tell whether some of these messages are not sent yet; the invented ones include some that never will be."""
    return bool(made.query(f"SELECT 1 FROM message WHERE {which} AND settled_at IS NULL LIMIT 1"))


def _bytes(made: Installation) -> int:
    """Return the bytes of the tables that hold messages, with their indexes, as far as they keep them in use."""
    names = ", ".join(f"'{name}'" for name in TABLES)
    ((size,),) = made.query(
        f"SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname IN ({names})"
    )
    return int(size)


def _figures(beside: str, costs: Costs, first: Costs) -> Iterator[Figure]:
    counts = (
        "codes claimed, opened, composed and settled a minute; one solo worker, no-op gateway, PostgreSQL"
    )
    yield Figure(f"worker, {beside}", counts, costs.claims, "/min")
    if costs is not first:
        yield Figure(f"worker, {beside} / empty", "the same", costs.claims / first.claims, at_least=0.95)
    p95 = (
        ("click", costs.click, f"POST {PATH}; waitress, {CLIENTS} clients on kept connections"),
        ("check", costs.check, "the newest code of a destination; in one process, without a server"),
        ("search", costs.search, "lists of the console by status and destination; without a server"),
        ("overview", costs.overview, "the console's first page; without a server"),
    )
    for name, value, counted in p95:
        yield Figure(f"{name} p95, {beside}", f"milliseconds; {counted}", value, "ms", at_most=200)
    if costs.size:
        yield Figure(
            f"disk, {beside}",
            "bytes of tables and indexes for each message with its code and tries, vacuumed",
            costs.size,
            "B",
            at_most=700,
        )
