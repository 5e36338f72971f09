"""Backups of SQLite files while the service runs, restores while it doesn't, and the tools of servers."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import make_url

from app import create_app
from domain.errors import Conflict, NotFound
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from services.backups import backups, server_tools, sqlite_files
from services.codes import verifications
from services.codes.verifications import Request
from tests.databases import ON_SERVERS, database_of, sqlite_file

CLICKERS = 4
COPIES = 12
HALVES = (
    "SELECT count(*) FROM message m LEFT JOIN verification v ON v.id = m.verification_id WHERE v.id IS NULL"
)
COUNT = "SELECT count(*) FROM verification"


@pytest.fixture
def doors() -> Sequence[str]:
    return ("commands",)


@pytest.fixture
def migrated(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        db.drop_all()
        upgrade()
        yield app


def file_of(app: Flask) -> Path:
    return sqlite_file(app.config["SQLALCHEMY_DATABASE_URI"])


def issue(owner: Owner, number: int) -> None:
    verifications.issue(Request(Channel.EMAIL, f"kim{number}@example.org"), owner)


def asked(path: Path, statement: str) -> Any:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchone()[0]


def stopped() -> None:
    """Close what the application has open, as the end of its process does."""
    db.session.remove()
    db.engine.dispose()


@contextmanager
def clicking(app: Flask, owner: Owner) -> Iterator[None]:
    is_over = threading.Event()

    def click(first: int) -> None:
        with app.app_context():
            number = first
            while not is_over.is_set():
                issue(owner, number)
                number += CLICKERS

    threads = [threading.Thread(target=click, args=(number,)) for number in range(CLICKERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


@pytest.mark.slow
def test_backups_under_clicks_have_no_message_without_its_verification(
    migrated: Flask, owner: Owner, tmp_path: Path
) -> None:
    counts = []
    with clicking(migrated, owner):
        while len(counts) < COPIES or counts[-1] < COPIES:
            backups.backup(copy := tmp_path / f"{len(counts)}.db")
            counts.append(asked(copy, COUNT))
            assert asked(copy, HALVES) == 0
            assert asked(copy, "PRAGMA integrity_check") == "ok"
    assert counts == sorted(counts)
    assert len(set(counts)) > 2, "nobody clicked between the copies"


def test_a_backup_is_one_file_that_only_its_owner_reads(
    migrated: Flask, owner: Owner, tmp_path: Path
) -> None:
    issue(owner, 1)
    folder = tmp_path / "backups"
    folder.mkdir()
    length = backups.backup(folder / "copy.db")
    assert asked(folder / "copy.db", COUNT) == 1
    assert [path.name for path in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert (folder / "copy.db").stat().st_size == length


def test_a_backup_overwrites_nothing(migrated: Flask, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(Conflict, match="exists"):
        backups.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_a_restore_brings_back_the_rows_and_keeps_those_from_before(
    migrated: Flask, owner: Owner, tmp_path: Path
) -> None:
    issue(owner, 1)
    backups.backup(tmp_path / "copy.db")
    issue(owner, 2)
    stopped()
    kept = backups.restore(tmp_path / "copy.db")
    assert db.session.scalar(sqlalchemy.text(COUNT)) == 1
    assert kept is not None
    assert asked(kept, COUNT) == 2
    for path in (kept, file_of(migrated)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_restore_makes_the_file_where_there_is_none(migrated: Flask, owner: Owner, tmp_path: Path) -> None:
    issue(owner, 1)
    backups.backup(tmp_path / "copy.db")
    there = tmp_path / "new" / "sendcode.db"
    assert sqlite_files.restore(tmp_path / "copy.db", there, Path(migrated.root_path, "migrations")) is None
    assert asked(there, COUNT) == 1
    assert stat.S_IMODE(there.stat().st_mode) == 0o600


def test_a_database_that_somebody_has_open_is_not_restored(
    migrated: Flask, owner: Owner, tmp_path: Path
) -> None:
    backups.backup(tmp_path / "copy.db")
    issue(owner, 1)
    db.session.remove()  # an idle connection stays in the pool
    with pytest.raises(Conflict, match="in use: stop web, workers and beat first"):
        backups.restore(tmp_path / "copy.db")
    assert db.session.scalar(sqlalchemy.text(COUNT)) == 1


HOLDS_IT_OPEN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM message").fetchone()
print("open", flush=True)
sys.stdin.read()
"""


def test_nor_one_that_another_process_has_open(migrated: Flask, tmp_path: Path) -> None:
    backups.backup(tmp_path / "copy.db")
    stopped()
    command = [sys.executable, "-c", HOLDS_IT_OPEN, str(file_of(migrated))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(Conflict, match="in use"):
            backups.restore(tmp_path / "copy.db")
        other.communicate()
    assert backups.restore(tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer version"),
        ("DROP TABLE alembic_version", "no database of Sendcode"),
        ("", "no SQLite database"),
    ],
)
def test_what_is_no_backup_of_ours_is_not_restored(
    migrated: Flask, tmp_path: Path, spoil: str, said: str
) -> None:
    backups.backup(copy := tmp_path / "copy.db")
    if spoil:
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute(spoil)
    else:
        copy.write_text("SQLite no more" * 100)
    stopped()
    with pytest.raises(Conflict, match=said):
        backups.restore(copy)
    assert asked(file_of(migrated), "SELECT count(*) FROM alembic_version") == 1


def test_a_damaged_page_is_found(migrated: Flask, owner: Owner, tmp_path: Path) -> None:
    issue(owner, 1)
    backups.backup(copy := tmp_path / "copy.db")
    content = bytearray(copy.read_bytes())
    content[8192:40_000] = os.urandom(40_000 - 8192)
    copy.write_bytes(content)
    stopped()
    with pytest.raises(Conflict, match=r"is damaged|is no SQLite database"):
        backups.restore(copy)


def test_files_that_are_not_there_are_named(migrated: Flask, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file .*nowhere\.db"):
        backups.restore(tmp_path / "nowhere.db")
    with pytest.raises(NotFound, match=r"no database .*nowhere\.db"):
        sqlite_files.backup(tmp_path / "nowhere.db", tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("url", "backup", "restore"),
    [
        (
            "postgresql+psycopg://sendcode:s3cret@db.example:5433/codes?sslmode=require",
            "pg_dump --format=custom --file='a b'"
            " --dbname='postgresql://sendcode@db.example:5433/codes?sslmode=require'",
            "pg_restore --clean --if-exists --no-owner --single-transaction"
            " --dbname='postgresql://sendcode@db.example:5433/codes?sslmode=require' 'a b'",
        ),
        (
            "mysql+pymysql://sendcode:s3cret@db.example/codes?charset=utf8mb4",
            "mariadb-dump --single-transaction --default-character-set=utf8mb4 --host=db.example --user=sendcode"
            " --password codes > 'a b'",
            "mariadb --default-character-set=utf8mb4 --host=db.example --user=sendcode --password codes < 'a b'",
        ),
    ],
)
def test_a_server_has_a_command_of_its_own_without_the_password(url: str, backup: str, restore: str) -> None:
    assert server_tools.backup_command(make_url(url), "a b") == backup
    assert server_tools.restore_command(make_url(url), "a b") == restore


@pytest.mark.parametrize("kind", ON_SERVERS)
def test_the_named_commands_back_up_and_restore(kind: str, settings: dict[str, Any], tmp_path: Path) -> None:
    for tool in ("pg_dump", "pg_restore") if kind == "postgresql" else ("mariadb-dump", "mariadb"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    with database_of(kind) as url:
        app = create_app({**settings, "SQLALCHEMY_DATABASE_URI": url})
        with app.app_context():
            upgrade()
            issue(Owner("tests"), 1)
            stopped()
            run(app, "backup", tmp_path / "dump")
            issue(Owner("tests"), 2)
            stopped()
            run(app, "restore", tmp_path / "dump")
            assert db.session.scalar(sqlalchemy.text(COUNT)) == 1
            stopped()


def run(app: Flask, command: str, file: Path) -> None:
    """Run what our command tells the operator to run."""
    told = app.test_cli_runner().invoke(args=[command, str(file)])
    assert told.exit_code == 1
    line = next(line for line in told.stderr.splitlines() if line.startswith("  "))
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_commands_say_what_they_did(migrated: Flask, tmp_path: Path) -> None:
    runner = migrated.test_cli_runner()
    copy = str(tmp_path / "copy.db")
    done = runner.invoke(args=["backup", copy])
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"{copy}: 0." in done.stderr
    assert runner.invoke(args=["backup", copy]).exit_code == 1
    db.session.remove()
    refused = runner.invoke(args=["restore", copy])
    assert (refused.exit_code, "in use" in refused.stderr) == (1, True)
    stopped()
    done = runner.invoke(args=["restore", copy])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "what was there is in" in done.stderr


def test_a_backup_into_a_folder_that_is_not_there_is_one_line(migrated: Flask, tmp_path: Path) -> None:
    done = migrated.test_cli_runner().invoke(args=["backup", str(tmp_path / "nowhere" / "copy.db")])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.endswith("No such file or directory\n")
