"""Tell our own version; compare Python and the packages with the tested and the supported ones."""

import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from flask import current_app
from packaging.requirements import Requirement

from domain.version import VERSION
from services.doctor.findings import Finding, fail, ok, warn

OLDEST_PYTHON = (3, 11)


def check_sendcode() -> Iterator[Finding]:
    """Tell which release this is."""
    yield ok("sendcode", VERSION)


def check_python() -> Iterator[Finding]:
    """Compare the interpreter with the oldest one supported."""
    wanted = ".".join(map(str, OLDEST_PYTHON))
    enough = sys.version_info >= OLDEST_PYTHON
    yield (ok if enough else fail)(
        "python", platform.python_version() + ("" if enough else f": needs {wanted}")
    )


def check_packages(folder: Path | None = None) -> Iterator[Finding]:
    """Compare installed packages with `requirements.txt` (as tested) and `requirements/service.in` (as supported)."""
    folder = folder or Path(current_app.root_path)
    pinned = read_requirements(folder / "requirements.txt")
    supported = {one.name.lower(): one for one in read_requirements(folder / "requirements" / "service.in")}
    if not pinned:
        yield warn("packages", "requirements.txt is missing: versions are not compared")
        return
    findings = [found for one in pinned if (found := _compare(one, supported.get(one.name.lower())))]
    yield from findings
    if not findings:
        yield ok("packages", f"{len(pinned)} as tested")


def read_requirements(path: Path) -> list[Requirement]:
    """Return the requirements of a file that apply to this machine; none where it is missing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    texts = [text for line in lines if (text := line.partition("#")[0].strip(" \\"))]
    found = [Requirement(text) for text in texts if not text.startswith("-")]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def _compare(pinned: Requirement, supported: Requirement | None) -> Finding | None:
    wanted = str(pinned.specifier).removeprefix("==")
    try:
        installed = metadata.version(pinned.name)
    except metadata.PackageNotFoundError:
        return fail("packages", f"{pinned.name} is not installed: pip install -r requirements.txt")
    if pinned.specifier.contains(installed, prereleases=True):
        return None
    if supported is not None and not supported.specifier.contains(installed, prereleases=True):
        return fail("packages", f"{pinned.name} {installed} is not supported: needs {supported.specifier}")
    return warn("packages", f"{pinned.name} {installed}, tested with {wanted}")
