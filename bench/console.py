"""The console with a million messages: response times of its lists, searches and the overview."""

import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from bench.report import Figure, Skipped, percentile
from devtools.live.databases import SERVERS, temporary_database
from exts import db
from models import Message
from services import demo
from services.people import administrators
from services.traffic import search_terms

COUNT, QUICK_COUNT = 1_000_000, 5_000
PAGES, QUICK_PAGES = 20, 2
AT_MOST_MS = 200
EMAIL, PASSWORD = "bench@example.org", "seven purple otters"
NARROWED = (
    *("", "status=failed", "status=unsuccessful", "status=canceled", "status=delivered", "status=queued"),
    *("channel=sms", "template=notice", "template=nothing", "gateway=main", "gateway=spare"),
    *("status=failed&gateway=spare", "status=delivered&gateway=world&template=code"),
    *("purpose=payment", "purpose=nothing", "country=DE", "test=yes", "status=failed&error=no such mailbox"),
)
NARROWED_CODES = (
    "",
    "status=approved",
    "status=pending",
    "status=canceled",
    "purpose=payment",
    "channel=sms",
)


def measure(quick: bool) -> Iterator[Figure | Skipped]:
    """Yield the 95th percentile of whole requests on each database that is available."""
    for kind in ("sqlite", "postgresql"):
        if kind in SERVERS and not os.environ.get(SERVERS[kind]):
            yield Skipped(f"console, {kind}", f"{SERVERS[kind]} is not set")
            continue
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sendcode-bench-")))
            url = (
                f"sqlite:///{folder}/console.db"
                if kind == "sqlite"
                else stack.enter_context(temporary_database(os.environ[SERVERS[kind]]))
            )
            app = _furnished(url, QUICK_COUNT if quick else COUNT)
            waits = list(_walk(app, QUICK_PAGES if quick else PAGES))
            with app.app_context():
                db.engine.dispose()
        yield Figure(
            f"console, {kind}",
            "p95 of searches, lists and overview, a million messages",
            percentile(waits, 0.95),
            "ms",
            at_most=AT_MOST_MS,
            seen=f"p50 {percentile(waits, 0.5):.0f}, {len(waits)} requests",
        )


def _furnished(url: str, count: int) -> Flask:
    settings = {"DEBUG": True, "REDIS_URL": "", "CELERY_BROKER_URL": "memory://", "WTF_CSRF_ENABLED": False}
    app = create_app({**settings, "SQLALCHEMY_DATABASE_URI": url, "MAIL_SERVER": "", "GATEWAYS_FILE": ""})
    with app.app_context():
        flask_migrate.upgrade()
        demo.fill(count)
        administrators.add(EMAIL, "owner", PASSWORD)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    return app


def _walk(app: Flask, pages: int) -> Iterator[float]:
    """Yield the time of each page in milliseconds; lists are paged through as people do."""
    client = app.test_client()
    client.post("/cms/login", data={"email": EMAIL, "password": PASSWORD})
    for path in _paths(app):
        following = path
        for _ in range(pages):
            began = time.perf_counter()
            html = _get(client, following)
            yield (time.perf_counter() - began) * 1000
            further = re.search(r'href="([^"]*cursor=[^"]+)">(?:Older|Look)', html)
            following = further[1].replace("&amp;", "&") if further else following


def _get(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code in (200, 303), (path, answer.status_code)  # 303: the one thing that was found
    return answer.text


def _paths(app: Flask) -> Iterator[str]:
    with app.app_context():
        one = _somebody()
        tokens = {name: search_terms.seal(text) for name, text in one.items()}
        names = [search_terms.seal(text) for text in ("code", "nothing like this", "f" * 32)]
        ids = {"message": one["message"], "verification": one["verification"]}
        db.session.rollback()
    since = (datetime.now(UTC) - timedelta(days=12)).date()
    days = f"since={since}&until={since + timedelta(days=2)}"
    yield "/cms"
    yield f"/cms?{days}"
    for query in (
        *NARROWED,
        days,
        f"{days}&status=failed&channel=sms",
        *(f"q={one}" for one in tokens.values()),
    ):
        yield f"/cms/messages?{query}"
    for query in (*NARROWED_CODES, days, *(f"q={one}" for one in tokens.values())):
        yield f"/cms/verifications?{query}"
    for token in (*tokens.values(), *names):
        yield f"/cms/search?q={token}"
    yield f"/cms/messages/{ids['message']}"
    yield f"/cms/verifications/{ids['verification']}"


def _somebody() -> Mapping[str, str]:
    """Pick one of the older messages and return the search terms that find it."""
    older = Message.created_at < datetime.now(UTC) - timedelta(days=15)
    whole = (Message.verification_id.is_not(None), Message.gateway_reference.is_not(None))
    row = db.session.scalars(select(Message).where(older, *whole).limit(1)).one()
    return {
        "message": row.id,
        "verification": str(row.verification_id),
        "reference": str(row.gateway_reference),
        "destination": row.to,
    }
