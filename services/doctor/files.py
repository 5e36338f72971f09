"""The files that hold secrets and destinations: who else on this machine may read them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from flask import current_app
from sqlalchemy import make_url

from services.doctor.findings import Finding, ok, warn

OTHERS = 0o007


def check_files() -> Iterator[Finding]:
    """Look at the rights of `.env` and of an SQLite database."""
    if os.name != "posix":
        return
    open_ones = [path for path in _secret_files() if path.is_file() and _mode(path) & OTHERS]
    for path in open_ones:
        yield warn("files", f"everybody on this machine may read {path.name}: chmod 600 {path}")
    if not open_ones:
        yield ok("files", "not readable by others")


def _secret_files() -> list[Path]:
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    database = [Path(url.database)] if url.get_backend_name() == "sqlite" and url.database else []
    return [Path(current_app.root_path, ".env"), *database]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
