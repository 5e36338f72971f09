import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range(12))
def test_passes(number):
    pass

@pytest.mark.xdist_group("group")
@pytest.mark.parametrize("number", range(4))
def test_of_a_group(number):
    if number == 1:
        os._exit(1)

@pytest.mark.parametrize("number", range(12))
def test_passes_later(number):
    if number in CRASHES:
        os._exit(1)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "crashes"), [(1, ()), (1, (10, 11)), (3, (3,)), (3, (0, 11))])
def test_a_run_goes_on_after_crashes_and_tries_no_crashing_test_again(tmp_path, processes, crashes):
    (tmp_path / "test_them.py").write_text(TESTS.replace("CRASHES", repr(crashes)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "xdist",
        "-p",
        "tests.crashes",
        "-n",
        str(processes),
        "--dist",
        "loadgroup",
    ]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    ended = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir", ".", "test_them.py"],
        cwd=tmp_path,
        env={**own, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    crashed = 1 + len(crashes)
    assert f"{crashed} failed, {28 - crashed} passed" in ended.stdout, ended.stdout[-3000:]
