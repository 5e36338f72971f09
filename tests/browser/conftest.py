"""One Chromium and one furnished console for all tests that only read."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import replace_rows, sqlite_file


@pytest.fixture(scope="session")
def showrooms() -> Any:
    """The module that makes both; Playwright is installed only where browser tests run."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("playwright.sync_api")
    from devtools import showroom

    return showroom


@pytest.fixture(scope="package")
def chromium(showrooms: Any) -> Iterator[Any]:
    """The system's Chromium, or the one that CHROMIUM names; in CI a missing one is a failure.

    Not for the session: while Playwright runs, no other test in the process can run an event loop.
    """
    if showrooms.executable() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium here: install it, or name it in CHROMIUM")
        pytest.skip("no Chromium here")
    with showrooms.chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def furnished(showrooms: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    """A console with some weeks of data, and a copy of its database: to make it takes longer than most modules."""
    with showrooms.showroom() as shown:
        copy = tmp_path_factory.mktemp("showroom") / "furnished.db"
        replace_rows(sqlite_file(shown.app.config["SQLALCHEMY_DATABASE_URI"]), copy)
        yield shown, copy


@pytest.fixture(scope="module")
def showroom(furnished: tuple[Any, Path]) -> Iterator[Any]:
    """A console with some weeks of data, as no other module has changed it."""
    shown, copy = furnished
    config = dict(shown.app.config)
    yield shown
    shown.app.config.update(config)
    replace_rows(copy, sqlite_file(shown.app.config["SQLALCHEMY_DATABASE_URI"]))
