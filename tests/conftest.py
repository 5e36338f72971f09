"""Fixtures for all tests: an application on a file database, with two memory gateways."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.pool import NullPool

from app import DOORS, create_app
from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import clock
from services.process import parts

hypothesis.settings.register_profile("any machine", deadline=None)  # a loaded machine fails none of them
hypothesis.settings.load_profile("any machine")
os.environ["FLASK_SKIP_DOTENV"] = "1"  # no `.env` and no `dev.py run` of this folder takes part


@pytest.fixture(autouse=True)
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests travel in time: a server's clock does not travel with them, and would be believed."""
    monkeypatch.setattr(clock, "note", lambda *_: None)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Settings of the application under test; override the fixture to change them."""
    return {
        "TESTING": True,
        "DEVELOPMENT": False,
        "SECRET_KEY": "secret key of the tests: long enough",
        "CODE_PEPPER": "code pepper of the tests: long enough",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'sendcode.db'}",
        "CELERY_TASK_ALWAYS_EAGER": True,
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "REDIS_URL": "",
        "MAIL_SERVER": "",
        "GATEWAYS_FILE": str(tmp_path / "gateways.toml"),
        "SMS_COUNTRIES": ["CN", "DE"],
        "SMS_SENDS_PER_DAY": 1000,
        "PUBLIC_URL": "http://sendcode.test",
    }


@pytest.fixture
def sms() -> MemoryGateway:
    """The gateway that gets every SMS."""
    return MemoryGateway("memory-sms", Channel.SMS)


@pytest.fixture
def mails() -> MemoryGateway:
    """The gateway that gets every mail."""
    return MemoryGateway("memory-mail", Channel.EMAIL)


@pytest.fixture
def doors() -> Sequence[str]:
    """The doors of the application under test; opening all of them takes longer than most tests."""
    return DOORS


@pytest.fixture(scope="session")
def empty_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied: creating the tables takes ten times as long."""
    file = tmp_path_factory.mktemp("tables") / "empty.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{file}", poolclass=NullPool)
    db.metadata.create_all(engine)
    with engine.connect() as connection:  # move everything into the one file that is copied
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
def app(
    settings: dict[str, Any],
    doors: Sequence[str],
    sms: MemoryGateway,
    mails: MemoryGateway,
    empty_tables: Path,
) -> Iterator[Flask]:
    """An application in eager mode: a send is drained before its call returns."""
    url = sqlalchemy.make_url(settings["SQLALCHEMY_DATABASE_URI"])
    is_file = url.get_backend_name() == "sqlite" and url.database
    if is_file and not Path(url.database).exists():
        shutil.copyfile(empty_tables, url.database)
    app = create_app(settings, doors=doors)
    parts.put(app, Gateways([sms, mails]))
    if not is_file:
        with app.app_context():
            db.create_all()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """The application's context, for tests that call services."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser or program without credentials."""
    return app.test_client()


@pytest.fixture
def owner() -> Owner:
    """An owner that issues verifications."""
    return Owner("key:tests")
