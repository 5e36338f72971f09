"""Forked processes are like started ones: own environment, output, session and exit code."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.live.nursery import CAN_FORK, Forked, Nursery

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CAN_FORK, reason="forks on Linux")]
SAYS = """
import json, os, sys
print(json.dumps([sys.argv[1:], dict(os.environ), os.getsid(0) == os.getpid(), os.getcwd()]))
sys.exit(3)
"""
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def kept() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def fork(kept: Nursery, tmp_path: Path) -> Callable[..., tuple[Forked, Path]]:
    """Fork a program with arguments and environment; return it and its output."""

    def one(source: str, *arguments: str, **env: str) -> tuple[Forked, Path]:
        program, output = tmp_path / "program.py", tmp_path / "output.log"
        program.write_text(source, encoding="utf-8")
        with output.open("ab") as file:
            return kept.start([str(program), *arguments], env, file), output

    return one


def test_it_has_its_arguments_environment_session_folder_and_exit_code(fork):
    process, output = fork(SAYS, "--a", "b", NAME="kim")
    assert process.wait(60) == 3
    told = json.dumps([["--a", "b"], {"NAME": "kim"}, True, str(ROOT)])
    assert output.read_text(encoding="utf-8").strip() == told
    assert process.poll() == process.returncode == 3


def test_it_is_killed_like_any_other(fork):
    process, _ = fork("import time; time.sleep(60)")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    process.send_signal(signal.SIGKILL)


def test_what_it_does_at_its_end_is_done(fork):
    process, output = fork("import atexit; atexit.register(print, 'bye'); raise SystemExit('no')")
    assert process.wait(60) == 1
    assert output.read_text(encoding="utf-8").split() == ["no", "bye"]


def test_nothing_is_born_once_the_nursery_has_ended(fork, tmp_path):
    nursery = Nursery()
    program = tmp_path / "program.py"
    program.touch()
    with (tmp_path / "output.log").open("ab") as file:
        assert nursery.start([str(program)], {}, file).wait(60) == 0
        nursery.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            nursery.start([str(program)], {}, file)
