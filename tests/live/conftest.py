"""Databases, brokers and installations for live tests; uses the machine's servers where `TEST_*` names them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.databases import KINDS, database_of
from tests.live.installation import Installation, Template, install, make_template
from tests.live.processes import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """An embedded broker for this test alone, which may kill and silence it."""
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A migrated database to copy."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def make(tmp_path: Path, broker: Broker, template: Template) -> Iterator[Callable[..., Installation]]:
    """Make an installation on the embedded broker and, by default, an SQLite file."""
    with ExitStack() as stack:

        def one(**settings: Any) -> Installation:
            settings = {"broker_url": broker.url, "template": template, **settings}
            installation = install(tmp_path / "installation", **settings)
            stack.enter_context(installation.sms)
            stack.enter_context(installation.mail)
            return installation

        yield one


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each kind of database in turn, empty; skipped where no server is named."""
    if request.param == "sqlite":
        yield ""
        return
    with database_of(request.param) as url:
        yield url
