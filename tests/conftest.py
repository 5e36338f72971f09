"""Fixtures for all tests: an application on a file database, with two memory gateways."""

import gc
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import hypothesis
import pytest
import sqlalchemy
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.pool import NullPool

from app import DOORS, create_app
from channels.memory import MemoryGateway
from channels.registry import Gateways
from devtools.live.nursery import CAN_FORK, Nursery
from devtools.live.process import fork_from
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import clock
from services import demo
from services.delivery import drain
from services.people import passwords
from services.process import parts
from services.request_log.noting import RequestLog
from tests import compiled
from tests.crashes import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler
from tests.databases import INVENTED, sqlite_file

pytest_plugins = ["tests.watch"]

REAL_HASHER = passwords._HASHER
LIVE = Path(__file__).parent / "live"
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the tests, mix the live ones, which wait, into those that compute; end with short ones."""
    if not hasattr(config, "workerinput"):
        return
    by_length = sorted(items, key=lambda item: item.get_closest_marker("slow") is None)
    live = [item for item in by_length if LIVE in item.path.parents]
    others = [item for item in by_length if LIVE not in item.path.parents]
    place = {item: 0.8 * number / len(live) for number, item in enumerate(live)}
    place |= {item: number / len(others) for number, item in enumerate(others)}
    items.sort(key=place.__getitem__)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported and collected: it looks through it dozens of times a run."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def compile_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile rules and statements once a process, templates once a run: each test makes an application of them."""
    folder = tmp_path_factory.getbasetemp()  # with xdist, it is in the folder of all processes
    of_all = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with pytest.MonkeyPatch.context() as patch:
        compiled.share(patch, of_all / "templates")
        yield


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords cheaply: a real hash takes longer than most tests; `real_passwords` brings it back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", CHEAP_HASHER)
        yield


@pytest.fixture(scope="session", autouse=True)
def patient_drain() -> Iterator[None]:
    """Let no pause of a busy machine give a claimed message back untried: in eager mode nobody would look again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drain, "START_WITHIN_SECONDS", 60.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def nursery() -> Iterator[None]:
    """Fork the web processes and workers of live tests: their imports would take more time than the tests."""
    nursery = Nursery() if CAN_FORK else None
    fork_from(nursery)
    yield
    fork_from(None)
    if nursery:
        nursery.close()


@pytest.fixture
def real_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as the service does, for tests of the hash itself."""
    monkeypatch.setattr(passwords, "_HASHER", REAL_HASHER)


def settings_in(folder: Path) -> dict[str, Any]:
    """Return settings of an application whose files are in `folder`."""
    return {
        "TESTING": True,
        "DEVELOPMENT": False,
        "SECRET_KEY": "secret key of the tests: long enough",
        "CODE_PEPPER": "code pepper of the tests: long enough",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'sendcode.db'}",
        "CELERY_TASK_ALWAYS_EAGER": True,
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "REDIS_URL": "",
        "MAIL_SERVER": "",
        "GATEWAYS_FILE": str(folder / "gateways.toml"),
        "SMS_COUNTRIES": ["CN", "DE"],
        "SMS_SENDS_PER_DAY": 1000,
        "PUBLIC_URL": "http://sendcode.test",
    }


hypothesis.settings.register_profile("any machine", deadline=None)  # a loaded machine fails none of them
hypothesis.settings.load_profile("any machine")
os.environ["FLASK_SKIP_DOTENV"] = "1"  # no `.env` and no `dev.py run` of this folder takes part


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """Give every test the environment as it was: Celery's worker, for one, leaves variables of its own in it."""
    with patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests travel in time: a server's clock does not travel with them, and would be believed."""
    monkeypatch.setattr(clock, "note", lambda *_: None)
    monkeypatch.setattr(clock, "_zero", None)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Settings of the application under test; override the fixture to change them."""
    return settings_in(tmp_path)


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


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory, empty_tables: Path) -> Path:
    """An SQLite file with a month of invented traffic; tests that use it are of one group, so it is made once."""
    settings = settings_in(tmp_path_factory.mktemp("demo"))
    file = sqlite_file(settings["SQLALCHEMY_DATABASE_URI"])
    shutil.copyfile(empty_tables, file)
    app = create_app(settings, doors=())
    with app.app_context():
        demo.fill(INVENTED)
        db.session.remove()
        db.engine.dispose()
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
            if not sqlalchemy.inspect(db.engine).has_table("message"):
                db.create_all()  # which looks for each table
    yield app
    parts.of(app, RequestLog).close()
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
