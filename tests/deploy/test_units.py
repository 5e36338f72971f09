"""The systemd units: valid, hardened, and of the same mind about everything that they share."""

import configparser
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, INSTALLED, UNITS, Unit, run, tool

MOST_EXPOSED = 2.0
"""Of 10, as `systemd-analyze security` counts; a unit without any hardening has 9.6."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is for Linux")


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    folder = tmp_path / "srv"
    for name in ("gunicorn", "celery"):
        (folder / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", folder / ".venv" / "bin" / name)
    names = []
    for path in (*UNITS, DEPLOY / "systemd" / "sendcode.target"):
        text = path.read_text(encoding="utf-8").replace(INSTALLED, str(folder))
        made = tmp_path / path.name.replace("@.", "@codes.")
        made.write_text(text, encoding="utf-8")
        names.append(made)
    done = run(analyze, "verify", *names)
    ours = [line for line in done.stderr.splitlines() if "sendcode" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_hardly_exposed(path: Path) -> None:
    done = run(tool("systemd-analyze"), "security", "--offline=true", "--no-pager", path)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze looks at installed units only")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_the_units_are_hardened_alike() -> None:
    texts = [path.read_text(encoding="utf-8") for path in UNITS]
    hardenings = {text.partition("# The folder is read-only")[2].partition("[Install]")[0] for text in texts}
    assert len(hardenings) == 1
    assert hardenings != {""}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_stopped_with_the_target_and_given_time_to_finish(path: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(path, encoding="utf-8")
    assert parser["Unit"]["PartOf"] == parser["Install"]["WantedBy"] == "sendcode.target"
    assert Unit(path).service["TimeoutStopSec"] == "30"
    assert Unit(path).service["Restart"] == "always"
