"""The measurements run; people judge their results, on a quiet machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.report import Figure, Skipped, percentile, table

ROOT = Path(__file__).parents[1]


def test_a_figure_says_whether_it_holds():
    rows = [
        Figure("a", "apples", 3.0, at_least=2.5),
        Figure("b", "pears", 3.0, "s", at_most=2.5),
        Figure("c", "plums", 12345.6, seen="of 2"),
        Skipped("d", "no server"),
    ]
    assert table(rows).splitlines()[2:] == [
        "| a | apples | 3 | >= 2.5 | yes |",
        "| b | pears | 3 s | <= 2.5 | NO |",
        "| c | plums | 12,346 (of 2) |  |  |",
        "| d | | skipped: no server | | |",
    ]


def test_a_percentile_is_a_value_that_was_seen():
    assert percentile([5, 1, 3], 0.5) == 3
    assert percentile([5, 1, 3], 0.95) == 5


@pytest.mark.slow
def test_it_needs_none_of_the_test_tools():
    tools = (
        "pytest",
        "_pytest",
        "xdist",
        "hypothesis",
        "schemathesis",
        "time_machine",
        "trustme",
        "requests",
    )
    code = f"import sys; sys.modules.update(dict.fromkeys({tools})); import bench.__main__"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_a_small_run_ends_with_a_table(tmp_path):
    page = tmp_path / "performance.md"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "memory", "--write", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "| worker, broadcast to 100,000 |" in page.read_text()
