"""`python3 dev.py run` in a fresh copy of the tree: installs, starts, recovers, stops, and leaves nothing behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from devtools.readiness import free_port

ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".venv", ".git", ".env", "instance", "gateways.toml", "__pycache__", ".*_cache"
)
PARTS = {"broker", "inbox", "worker", "beat", "web"}
RUNNING = "Ctrl-C stops everything."

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("dev_run"),
    pytest.mark.timeout(600),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A fresh copy of the tree, without .venv, .env and instance."""
    folder = tmp_path_factory.mktemp("dev_run") / "sendcode"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    return folder


@pytest.fixture(scope="module")
def port():
    return free_port(22_000 + os.getpid() % 5_000)


class DevRun:
    """One `dev.py run` and its output."""

    def __init__(self, folder: Path, port: int, *arguments: str, log: str = "run.log"):
        self.folder = folder
        self.log = folder.parent / log
        self.web = f"http://127.0.0.1:{port}"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "dev.py", "run", "--port", str(port), *arguments],
                cwd=folder,
                env=environment(),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return self.log.read_text()

    def wait_until_running(self, seconds: float = 400) -> None:
        found = wait_for(lambda: RUNNING in self.output() or self.process.poll() is not None, seconds)
        assert found, self.output()
        assert self.process.poll() is None, self.output()

    def pids(self) -> dict[str, int]:
        """The children of this run by name; a worker that is being restarted is missing."""
        return {name: pid for pid, name in children(self.process.pid) if name in PARTS}

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def first_start(folder, port):
    """The very first start, which installs everything."""
    run = DevRun(folder, port, log="first.log")
    run.wait_until_running()
    yield run
    if run.process.poll() is None:
        run.stop(signal.SIGINT)


@pytest.fixture
def run(folder, port, first_start):
    """A later start, with all parts up."""
    if first_start.process.poll() is None:
        first_start.stop(signal.SIGINT)
    run = DevRun(folder, port)
    run.wait_until_running(120)
    yield run
    if run.process.poll() is None:
        run.stop(signal.SIGTERM)


def environment() -> dict[str, str]:
    """Return the environment without any settings."""
    return {name: value for name, value in os.environ.items() if not is_setting(name)}


def is_setting(name: str) -> bool:
    """Tell whether a variable is a setting of Sendcode."""
    return name.startswith(("CELERY_", "MAIL_", "SMS_", "TEST_")) or name in {
        "SECRET_KEY",
        "CODE_PEPPER",
        "REDIS_URL",
        "SQLALCHEMY_DATABASE_URI",
        "GATEWAYS_FILE",
        "PUBLIC_URL",
        "FLASK_SKIP_DOTENV",
    }


def processes() -> list[tuple[int, int, str]]:
    """List all running processes: id, parent id, command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (OSError, ValueError, IndexError):
            continue
        if state != "Z":
            found.append((int(entry.name), int(parent), line))
    return found


def children(parent: int) -> list[tuple[int, str]]:
    """List the direct children of a `dev.py` by the name of the part."""
    marks = {"valkey-server": "broker", "devtools.broker": "broker", "devtools.inbox": "inbox"}
    marks |= {" worker ": "worker", " beat ": "beat", "waitress-serve": "web"}
    of_parent = [(pid, line) for pid, owner, line in processes() if owner == parent]
    return [(pid, name) for pid, line in of_parent for mark, name in marks.items() if mark in line]


def left_in(folder: Path) -> list[str]:
    """List the processes that were started from a folder or run in it."""
    found = []
    for pid, _, line in processes():
        try:
            place = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if str(folder) in line or place.startswith(str(folder)):
            found.append(f"{pid} {line}")
    return found


def wait_for(condition, seconds: float) -> bool:
    """Wait until a condition holds; return whether it does."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.1)
    return True


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def answers(web: str) -> bool:
    try:
        return b"ok" in get(f"{web}/healthz")
    except OSError:
        return False


def post(url: str, body: dict, key: str) -> dict:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def arrived(inbox: str) -> list[dict]:
    return json.loads(get(f"{inbox}messages.json"))


def test_the_first_start_needs_nothing_and_ends_in_a_code_that_is_checked(folder, first_start):
    output = first_start.output()
    key = re.search(r"API key +(\S+)", output)[1]
    inbox = re.search(r"Inbox +(\S+)", output)[1]
    assert re.search(r"Sign in as admin@example\.com with the one-time password \S{8,}", output)
    assert set(first_start.pids()) == PARTS
    assert json.loads(get(f"{first_start.web}/healthz"))
    for body in ({"channel": "sms", "to": "+8613800138000"}, {"channel": "email", "to": "kim@example.com"}):
        sent = post(f"{first_start.web}/api/v1/verifications", body, key)
        assert wait_for(lambda to=body["to"]: any(message["to"] == to for message in arrived(inbox)), 30)
        (message,) = [message for message in arrived(inbox) if message["to"] == body["to"]]
        code = re.search(r"(?<!\d)\d{6}(?!\d)", message["text"])[0]
        checked = post(f"{first_start.web}/api/v1/verifications/{sent['id']}/check", {"code": code}, key)
        assert checked["valid"] is True
        assert code not in first_start.output()
    assert first_start.stop(signal.SIGINT) == 0
    assert left_in(folder) == []
    assert first_start.output().rstrip().endswith("dev    | stopped")


def test_a_later_start_installs_nothing_and_shows_no_secret(folder, first_start, run):
    output = run.output()
    assert "installing" not in output
    assert "API key" not in output
    assert "password" not in output
    secrets = re.findall(r"[0-9a-f]{64}", (folder / ".env").read_text())
    secrets += re.findall(r"[0-9a-f]{64}", (folder / "instance" / "dev-gateways.toml").read_text())
    assert len(secrets) == 3
    assert not any(secret in output + first_start.output() for secret in secrets)
    assert run.stop(signal.SIGTERM) == 0
    assert left_in(folder) == []


def test_flask_commands_beside_it_have_its_settings(folder, run):
    def flask(*arguments: str, by: tuple[str, ...], cwd: Path = folder) -> str:
        done = subprocess.run([*by, *arguments], cwd=cwd, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = folder / "instance" / "dev-running.json"
    assert told.stat().st_mode & 0o777 == 0o600
    ways = (
        {"by": (sys.executable, str(folder / "dev.py"), "flask"), "cwd": folder.parent},
        {"by": (str(folder / ".venv" / "bin" / "flask"), "--app", "app")},
    )
    for way in ways:
        gateways = flask("gateways", "list", **way).splitlines()
        assert [line.split("\t")[0] for line in gateways] == ["inbox", "smtp"]
        assert "FAIL" not in flask("doctor", **way)
        assert "30 messages" in flask("seed-demo", "--messages", "30", **way)
        flask("schedules", "run", "daily purge", **way)
    assert wait_for(lambda: run.output().count("Task sendcode.purge") >= 4, 30), "received and done, twice"
    assert run.stop(signal.SIGTERM) == 0
    assert not told.exists()
    key = flask("keys", "add", "later", **ways[0])
    assert re.fullmatch(r"sc_live_\S+\n", key), "nothing else is printed, with or without a run"


def test_what_a_killed_run_wrote_down_is_not_used(folder, run):
    run.process.kill()
    run.process.wait()
    assert (folder / "instance" / "dev-running.json").exists()
    done = subprocess.run(
        [sys.executable, "dev.py", "flask", "gateways", "list"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert wait_for(lambda: left_in(folder) == [], 20)


def test_a_killed_worker_is_named_and_started_again(run):
    worker = run.pids()["worker"]
    os.kill(worker, signal.SIGKILL)
    assert wait_for(lambda: run.pids().get("worker", worker) != worker, 20)
    assert "worker: ended with signal 9" in run.output()
    assert wait_for(lambda: run.output().count(" ready.") == 2, 30)


def test_a_second_run_in_the_same_folder_is_refused(folder, port, run):
    second = DevRun(folder, port, log="second.log")
    assert second.process.wait(60) == 1
    assert f"already runs from this folder (process {run.process.pid})" in second.output()
    assert set(run.pids()) == PARTS


def test_a_hang_up_stops_everything(folder, run):
    assert run.stop(signal.SIGHUP) == 0
    assert left_in(folder) == []


def test_nothing_is_left_when_dev_py_is_killed(folder, run):
    run.process.kill()
    run.process.wait()
    assert wait_for(lambda: left_in(folder) == [], 20)


def test_a_start_right_after_a_kill_waits_for_the_old_parts_to_end(folder, port, run):
    old = set(run.pids().values())
    run.process.kill()
    run.process.wait()
    after = DevRun(folder, port, log="after.log")
    after.wait_until_running(120)
    assert not old & {pid for pid, _, _ in processes()}
    assert after.stop(signal.SIGINT) == 0
    assert left_in(folder) == []


def test_it_keeps_running_when_its_output_is_closed(folder, port, run):
    assert run.stop(signal.SIGTERM) == 0
    command = [sys.executable, "dev.py", "run", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE) as deaf:
        deaf.stdout.readline()
        deaf.stdout.close()
        assert wait_for(lambda: answers(run.web), 60)
        deaf.send_signal(signal.SIGTERM)
        assert deaf.wait(60) == 0
    assert left_in(folder) == []
