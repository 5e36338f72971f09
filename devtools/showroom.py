"""A console full of sample data, on a local port and with memory gateways."""

import dataclasses
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from app import create_app
from channels.registry import Gateways
from devtools import furnishing
from devtools.live.thread_server import serving
from exts import db
from services.people import administrators
from services.process import parts

EMAIL, PASSWORD = "maria@example.org", "seven purple otters"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclasses.dataclass(frozen=True)
class Showroom:
    """A running console and its URL."""

    app: Flask
    address: str


@contextmanager
def showroom() -> Iterator[Showroom]:
    """Run the console with one owner and some weeks of data."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            {
                "DEBUG": True,
                "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/pictures.db",
                "CELERY_TASK_ALWAYS_EAGER": True,
                "CELERY_BROKER_URL": "memory://",
                "REDIS_URL": "",
                "MAIL_SERVER": "",
                "GATEWAYS_FILE": f"{folder}/gateways.toml",
                "PUBLIC_URL": "",
            }
        )
        gateways = Gateways(furnishing.gateways())
        parts.put(app, gateways)
        with app.app_context():
            db.create_all()
            administrators.add(EMAIL, "owner", PASSWORD)
            furnishing.furnish(EMAIL, PASSWORD)
        try:
            with serving(app) as address:
                yield Showroom(app, address)
        finally:
            with app.app_context():
                db.engine.dispose()


def executable() -> str | None:
    """Return the path of the system's Chromium, or of the one that `CHROMIUM` names."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield browser
        browser.close()


def sign_in(app: Flask, email: str = EMAIL) -> str:
    """Sign a person in without a browser; return the cookie `sendcode_session`."""
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = AGENT
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/cms/login").text)
    assert token
    client.post("/cms/login", data={"csrf_token": token[1], "email": email, "password": PASSWORD})
    cookie = client.get_cookie("sendcode_session")
    assert cookie
    return cookie.value
