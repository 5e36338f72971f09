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
    told = run_in_processes(tmp_path, processes)
    crashed = 1 + len(crashes)
    assert f"{crashed} failed, {28 - crashed} passed" in told, told[-3000:]


HANGS = """
import threading
import pytest

@pytest.fixture
def hanging():
    yield
    threading.Event().wait()

def test_fails(hanging):
    assert False, "this is why"

def test_passes():
    pass
"""


@pytest.mark.slow
def test_a_clean_up_that_hangs_after_a_failure_is_ended_and_the_failure_told_before(tmp_path):
    (tmp_path / "test_them.py").write_text(HANGS)
    told = run_in_processes(
        tmp_path, 2, "-o", "faulthandler_timeout=2", "-o", "faulthandler_exit_on_timeout=true"
    )
    assert "2 failed, 1 passed" in told, told[-3000:]  # the test, and its clean-up
    failure, end, summary = (
        told.index(words)
        for words in ("call failed: test_them.py::test_fails", "crashed while running", "=== FAILURES")
    )
    assert failure < end < summary
    assert "this is why" in told[failure:end]


def run_in_processes(folder, number, *options):
    """Run the tests in `folder` with our scheduler and watch, and return what the run says."""
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.crashes", "-p", "tests.watch"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [
            *command,
            *("-n", str(number), "--dist", "loadgroup", "-c", os.devnull, "--rootdir", "."),
            *options,
            "test_them.py",
        ],
        cwd=folder,
        env={**own, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
