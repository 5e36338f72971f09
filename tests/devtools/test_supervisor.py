"""Children that start, fail, die, hang and leave children of their own."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from devtools.console import Console
from devtools.guard import Guard
from devtools.processes import Child, run_to_end
from devtools.readiness import says
from devtools.stopping import Stop, StoppedError
from devtools.supervisor import ChildFailedError, Supervisor, delay_before_restart

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="looks at POSIX process groups"),
]

STAYS = "import time; print('up', flush=True); time.sleep(600)"
HANGS = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + STAYS
BREEDS = (
    "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
)
BREEDS += "print('born', p.pid, flush=True); p.wait()"


def child(name: str, code: str, **rest) -> Child:
    """Describe a small Python program as a child."""
    return Child(name, [sys.executable, "-c", code], **{"ready": says("up"), "ready_seconds": 20, **rest})


class Run:
    """A supervisor, and the parts of it that a test checks."""

    def __init__(self, folder: Path):
        self.out = io.StringIO()
        self.stop = Stop()
        self.guard = Guard()
        self.supervisor = Supervisor(folder, Console(self.out, {}), self.stop, self.guard)

    def end(self) -> None:
        self.supervisor.stop()
        self.guard.close()

    def pids(self) -> list[int]:
        return [place.running.pid for place in self.supervisor._places if place.running]


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    yield run
    run.end()


def lives(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def wait_for(condition, seconds: float = 60) -> bool:
    """Wait until a condition holds; return whether it does."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True


def test_children_start_in_order_and_stop_in_reverse(run, tmp_path):
    log = tmp_path / "log"
    code = """
import signal, sys, time
def ended(*_):
    open({log!r}, "a").write("-{name} ")
    sys.exit()
signal.signal(signal.SIGTERM, ended)
open({log!r}, "a").write("+{name} ")
print("up", flush=True)
time.sleep(600)
"""
    for name in ("one", "two", "three"):
        run.supervisor.start(child(name, code.format(log=str(log), name=name)))
        run.supervisor.wait_until_ready()
    run.end()
    assert log.read_text().split() == ["+one", "+two", "+three", "-three", "-two", "-one"]


def test_output_carries_the_childs_name_and_useless_lines_are_left_out(run):
    run.supervisor.start(
        child("web", "print('no use'); print('up 验证码'); import time; time.sleep(600)", hush="no use")
    )
    run.supervisor.wait_until_ready()
    assert wait_for(lambda: "web    | up 验证码\n" in run.out.getvalue())
    assert "no use" not in run.out.getvalue()


def test_a_child_that_can_not_start_is_reported_with_its_last_lines(run):
    run.supervisor.start(child("web", "print('no such table: message'); raise SystemExit(3)"))
    with pytest.raises(ChildFailedError, match=r"(?s)web: ended with exit code 3.*no such table: message"):
        run.supervisor.wait_until_ready()


def test_a_program_that_does_not_exist_is_reported(run):
    with pytest.raises(ChildFailedError, match="web could not be started"):
        run.supervisor.start(Child("web", ["/no/such/program"]))


def test_a_child_that_never_gets_ready_is_reported(run):
    run.supervisor.start(child("beat", STAYS, ready=says("something else"), ready_seconds=0.5))
    with pytest.raises(ChildFailedError, match=r"(?s)beat: not ready after 0.5 s.*up"):
        run.supervisor.wait_until_ready()


def test_waiting_ends_when_a_stop_is_asked_for(run):
    run.supervisor.start(child("beat", STAYS, ready=says("something else")))
    run.stop.asked = 1
    with pytest.raises(StoppedError):
        run.supervisor.wait_until_ready()


def test_a_killed_child_is_started_again(run):
    run.supervisor.start(child("worker", STAYS))
    run.supervisor.wait_until_ready()
    (first,) = run.pids()
    result: list[int] = []
    watching = threading.Thread(target=lambda: result.append(run.supervisor.watch()))
    watching.start()
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: run.pids() not in ([], [first]))
    run.stop.asked = 1
    watching.join(20)
    assert result == [0]
    assert "worker: ended with signal 9" in run.out.getvalue()
    assert "worker starts again in 1 s" in run.out.getvalue()


def test_a_child_that_keeps_dying_ends_the_run(run):
    run.supervisor.start(child("worker", "print('broken settings'); raise SystemExit(7)"))
    assert run.supervisor.watch() == 1
    said = run.out.getvalue()
    assert said.count("worker: ended with exit code 7") == 3
    assert "worker died 3 times within a minute: stopping everything" in said


def test_a_child_that_ignores_sigterm_is_killed_on_a_second_request(run):
    run.supervisor.start(child("worker", HANGS))
    run.supervisor.wait_until_ready()
    (pid,) = run.pids()
    run.stop.asked = 2
    run.end()
    assert not lives(pid)
    assert "worker did not end by itself: killed" in run.out.getvalue()


def test_a_child_that_ignores_sigterm_is_killed_after_a_timeout(run, monkeypatch):
    monkeypatch.setattr("devtools.supervisor.PATIENCE_SECONDS", 0.3)
    run.supervisor.start(child("worker", HANGS))
    run.supervisor.wait_until_ready()
    (pid,) = run.pids()
    run.end()
    assert not lives(pid)


def test_grandchildren_go_with_their_parent(run):
    run.supervisor.start(child("worker", BREEDS, ready=says("born")))
    run.supervisor.wait_until_ready()
    assert wait_for(lambda: "born " in run.out.getvalue())
    grandchild = int(run.out.getvalue().split("born ")[1].split()[0])
    assert lives(grandchild)
    run.end()
    assert wait_for(lambda: not lives(grandchild))


@pytest.mark.parametrize(
    ("deaths", "delay"),
    [
        ([100], 1),
        ([30, 100], 2),
        ([0, 30, 100], 4),
        ([0, 20, 39, 100], 4),
        ([50, 70, 100], None),
        ([-900, 100], 1),
    ],
)
def test_restarts_wait_longer_each_time_and_end_after_three_deaths_in_a_minute(deaths, delay):
    assert delay_before_restart(deaths, 100.0) == delay


SUPERVISES = """
import sys, io
from pathlib import Path
from devtools.console import Console
from devtools.guard import Guard
from devtools.processes import Child
from devtools.stopping import Stop
from devtools.supervisor import Supervisor
supervisor = Supervisor(Path("."), Console(), Stop(), Guard())
for code in sys.argv[1:]:
    supervisor.start(Child("worker", [sys.executable, "-c", code]))
supervisor.watch()
"""
INSTALLS = """
import sys
from pathlib import Path
from devtools.guard import Guard
from devtools.processes import run_to_end
from devtools.stopping import Stop
run_to_end([sys.executable, "-c", sys.argv[1]], Path("."), Stop(), Guard())
"""


def test_nothing_is_left_when_the_supervisor_itself_is_killed(tmp_path):
    stays = "import os, time; print('pid', os.getpid(), 'end', flush=True); time.sleep(600)"
    breeds = BREEDS.replace("'born', p.pid", "'pid', p.pid, 'end'")
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISES, stays, breeds],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as supervising:
        assert supervising.stdout
        pids = [int(supervising.stdout.readline().split("pid ")[1].split()[0]) for _ in range(2)]
        assert all(lives(pid) for pid in pids)
        supervising.kill()
    assert wait_for(lambda: not any(lives(pid) for pid in pids))


def test_no_installer_is_left_either(tmp_path):
    note = tmp_path / "pid"
    stays = f"import os, time; open({str(note)!r}, 'w').write(f'{{os.getpid()}} '); time.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", INSTALLS, stays], cwd=Path(__file__).parents[2]
    ) as installing:
        started = wait_for(lambda: note.exists() and note.read_text().endswith(" "))
        installing.kill()
    assert started
    assert wait_for(lambda: not lives(int(note.read_text())))


def test_a_command_run_to_its_end_keeps_both_outputs_apart(tmp_path):
    code = "import sys; print('result'); print('noise', file=sys.stderr); sys.exit(4)"
    ended = run_to_end([sys.executable, "-c", code], tmp_path, Stop())
    assert (ended.code, ended.stdout.split(), ended.stderr.split()) == (4, ["result"], ["noise"])
    assert ended.last_lines() == "result\nnoise"


def test_a_command_is_ended_when_a_stop_is_asked_for(tmp_path):
    stop = Stop()
    threading.Timer(0.3, lambda: setattr(stop, "asked", 1)).start()
    with pytest.raises(StoppedError):
        run_to_end([sys.executable, "-c", STAYS], tmp_path, stop)
