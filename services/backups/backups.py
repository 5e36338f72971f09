"""Back up and restore the database that the settings name."""

from collections.abc import Callable
from pathlib import Path

from flask import current_app
from sqlalchemy import URL

from domain.errors import Conflict
from exts import db
from models.engine import sqlite_file
from services.backups import server_tools, sqlite_files


def backup(target: Path) -> int:
    """Write a copy of the database to a new file and return its length in bytes; the service may run meanwhile.

    Raises NotFound and Conflict, the latter with the command to run where the database is on a server.
    """
    return sqlite_files.backup(_file(server_tools.backup_command, target), target)


def restore(source: Path) -> Path | None:
    """Make the database what a backup is; return the file that keeps what was there, None where nothing was.

    Raises NotFound and Conflict: the service must not run, and a server's database has tools of its own.
    """
    database = _file(server_tools.restore_command, source)
    return sqlite_files.restore(source, database, Path(current_app.root_path, "migrations"))


def _file(command: Callable[[URL, str], str], named: Path) -> Path:
    url = db.engine.url
    if url.get_backend_name() != "sqlite":
        raise Conflict(
            f"the database is not a file: use its server's own tool\n\n  {command(url, str(named))}\n"
        )
    if (file := sqlite_file(url.database)) is None:
        raise Conflict("the database is in memory only")
    return file
