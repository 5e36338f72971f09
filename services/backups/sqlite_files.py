"""Copy an SQLite database while the service runs, and put a copy back while it doesn't.

By SQLite's backup interface (sqlite.org/backup.html): a copy is what one commit left, whatever is written meanwhile.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from domain.errors import Conflict, NotFound
from models.engine import OWNER_ONLY

BEFORE = ".before-restore"


def backup(database: Path, target: Path) -> int:
    """Copy a database to `target`, readable by its owner only, check the copy, and return its length in bytes.

    Raises NotFound where there is no database, and Conflict where `target` exists or the copy is damaged.
    """
    if not database.is_file():
        raise NotFound(f"there is no database {database}")
    if target.exists():
        raise Conflict(f"{target} exists: name another file")
    with closing(_open(database)) as live:
        _copy(live, target, is_checked=True)
    return target.stat().st_size


def restore(source: Path, database: Path, migrations: Path) -> Path | None:
    """Make a database what `source` is; return where its rows from before are kept, None where it had none.

    All in one transaction: a restore that is killed leaves the rows from before. Raises NotFound where there is no
    `source`, and Conflict where it is no sound database of this version or an older one, or where `database` is open
    in any process.
    """
    if not source.is_file():
        raise NotFound(f"there is no file {source}")
    with closing(_open(source)) as copy:
        _check(copy, source)
        _check_revision(copy, source, ScriptDirectory(str(migrations)))
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        database.touch(mode=OWNER_ONLY)
        database.chmod(OWNER_ONLY)
        with closing(_open(database)) as live:
            _take_for_ourselves(live, database)
            kept = _keep(live, database)
            copy.backup(live)
    return kept


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)


def _copy(live: sqlite3.Connection, target: Path, *, is_checked: bool) -> None:
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    try:
        with closing(_open(part)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, also after somebody has looked into it
            if is_checked:
                _check(copy, target)
        os.fsync(descriptor)
        part.replace(target)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)


def _check(copy: sqlite3.Connection, path: Path) -> None:
    try:
        answers = [row[0] for row in copy.execute("PRAGMA integrity_check(1)")]
    except sqlite3.DatabaseError:
        raise Conflict(f"{path} is no SQLite database") from None
    if answers != ["ok"]:
        raise Conflict(f"{path} is damaged")


def _check_revision(copy: sqlite3.Connection, path: Path, script: ScriptDirectory) -> None:
    try:
        revisions = [row[0] for row in copy.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.OperationalError:
        raise Conflict(f"{path} is no database of Sendcode") from None
    try:
        script.get_revisions(revisions)
    except CommandError:
        raise Conflict(f"{path} was made by a newer version of Sendcode") from None


def _take_for_ourselves(live: sqlite3.Connection, path: Path) -> None:
    """Lock the database until it is closed; a WAL ends only where nobody else has the file open, idle or not."""
    try:
        live.execute("PRAGMA locking_mode=EXCLUSIVE")
        live.execute("PRAGMA journal_mode=DELETE")
        live.execute("BEGIN EXCLUSIVE")
        live.execute("COMMIT")
    except sqlite3.OperationalError:
        raise Conflict(f"{path} is in use: stop web, workers and beat first") from None
    except sqlite3.DatabaseError:
        raise Conflict(
            f"{path} is damaged: move it away, with its -wal and -shm, and restore again"
        ) from None


def _keep(live: sqlite3.Connection, database: Path) -> Path | None:
    if not live.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        return None
    kept = database.with_name(database.name + BEFORE)
    _copy(live, kept, is_checked=False)  # it may be the damage that is repaired
    return kept
