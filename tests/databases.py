"""Temporary databases for tests, which are skipped where no server is named."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devtools.live.databases import SERVERS, temporary_database

KINDS = ("sqlite", *SERVERS)


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    """Make an empty database and drop it at the end; skip the test where no server is named."""
    server = os.environ.get(SERVERS[kind], "")
    if not server:
        pytest.skip(f"{SERVERS[kind]} is not set")
    with temporary_database(server) as url:
        yield url
