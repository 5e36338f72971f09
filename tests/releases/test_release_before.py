"""The release before works on the tables of this one, and each finishes what the other has begun.

During an upgrade both run side by side: docs/migrations.md.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.live.service import environment
from tests.databases import database_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
UNTIL_A_TAG = HERE / "before.txt"
"""The code before migration 0026, the first that had to leave a release before it working."""
SUBJECTS = ("verifications", "messages", "receipts", "idempotent")

IN_A_NEWER_DATABASE = """

import os as _os

import sqlalchemy as _sqlalchemy


@pytest.fixture
def settings(settings):
    url = _os.environ["NEWER_DATABASE"]
    yield {**settings, "SQLALCHEMY_DATABASE_URI": url}
    engine = _sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        tables = reversed(db.metadata.sorted_tables)
        connection.exec_driver_sql(";".join(f"DELETE FROM {table.name}" for table in tables))
    engine.dispose()
"""
"""Appended to tests/api/conftest.py of the release before."""


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)


def release_before() -> str:
    """Return the newest tag of a release before this commit; until there is one, a commit that is named here."""
    described = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "--exclude", "*-rc*", "HEAD^")
    found = described.stdout.decode().strip()
    return found or UNTIL_A_TAG.read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the release before, in a folder."""
    commit = release_before()
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone, which has the release before")
    archive = git("archive", "--format=tar", commit)
    if archive.returncode:
        pytest.skip(f"this clone does not have {commit}: git fetch --unshallow --tags")
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation whose tables this release's migrations have made."""
    with database_of("postgresql") as url:
        yield environment(tmp_path, broker_url="redis://127.0.0.1:1/0", database_url=url)


def run(folder: Path, env: dict[str, str], *words: str, given: str = "") -> str:
    """Run Python in the code of a release and return what it prints."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**env, "PYTHONPATH": str(folder)},
        input=given,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_release_before_works_on_the_new_tables(older: Path, env: dict[str, str]) -> None:
    conftest = older / "tests" / "api" / "conftest.py"
    before = conftest.read_text(encoding="utf-8")
    conftest.write_text(before + IN_A_NEWER_DATABASE, encoding="utf-8")
    files = [f"tests/api/test_{subject}.py" for subject in SUBJECTS]
    url = env["SQLALCHEMY_DATABASE_URI"]
    bare = {"PATH": os.environ["PATH"], "HOME": env["HOME"], "LANG": env["LANG"], "NEWER_DATABASE": url}
    suite = ("-m", "pytest", "-q", "--tb=short", "-m", "not slow", *files)
    try:
        run(older, bare, *suite)
    except AssertionError:
        run(older, bare, *suite, "--last-failed")  # its own bounds of time are not what is asked here


@pytest.mark.parametrize("begins", ["older", "newer"])
def test_one_release_finishes_what_the_other_has_begun(older: Path, env: dict[str, str], begins: str) -> None:
    first, second = (older, ROOT) if begins == "older" else (ROOT, older)
    program = str(HERE / "two_hands.py")
    made = run(first, env, "-P", program, "make")
    assert set(json.loads(made)) >= {"key", "waits"}
    run(second, env, "-P", program, "finish", given=made)
