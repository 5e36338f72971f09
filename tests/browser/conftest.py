"""One Chromium and one furnished console for all tests that only read."""

import os
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def showrooms() -> Any:
    """The module that makes both; Playwright is installed only where browser tests run."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("playwright.sync_api")
    from devtools import showroom

    return showroom


@pytest.fixture(scope="module")
def chromium(showrooms: Any) -> Iterator[Any]:
    """The system's Chromium, or the one that CHROMIUM names; in CI a missing one is a failure.

    Module scope: while Playwright runs, no other test in the process can run an event loop.
    """
    if showrooms.executable() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium here: install it, or name it in CHROMIUM")
        pytest.skip("no Chromium here")
    with showrooms.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def showroom(showrooms: Any) -> Iterator[Any]:
    """A console with some weeks of data."""
    with showrooms.showroom() as shown:
        yield shown
