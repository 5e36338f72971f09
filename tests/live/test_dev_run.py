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
from importlib import import_module
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
    return free_port(12_000 + os.getpid() % 5_000)  # no other test takes it during the installation


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
        found = wait_for(lambda: RUNNING in self.output() or not self.is_alive(), seconds)
        assert found, self.output()
        assert self.is_alive(), self.output()

    def is_alive(self) -> bool:
        return self.process.poll() is None

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
    if run.is_alive():
        run.stop(signal.SIGINT)


@pytest.fixture(scope="module")
def runs():
    """The later starts, of which the last one may be running; a start takes longer than most tests."""
    runs: list[DevRun] = []
    yield runs
    if runs and runs[-1].is_alive():
        runs[-1].stop(signal.SIGTERM)


@pytest.fixture
def browser():
    """The system's Chromium."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("playwright.sync_api")
    showroom = import_module("devtools.showroom")
    if showroom.executable() is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium here")
    with showroom.chromium() as browser:
        yield browser


@pytest.fixture
def run(folder, port, first_start, runs):
    """A later start, with all parts up: the one that an earlier test has left running, or a new one."""
    if first_start.is_alive():
        first_start.stop(signal.SIGINT)
    if not runs or not runs[-1].is_alive():
        runs.append(DevRun(folder, port))
        runs[-1].wait_until_running(120)
    return runs[-1]


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
        "INBOX_URL",
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


def curl(command: str) -> dict:
    """Run what was copied from a page."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def arrived(inbox: str) -> list[dict]:
    return json.loads(get(f"{inbox}messages.json"))


def test_a_stranger_does_what_the_screen_says_until_a_code_is_approved(first_start, browser):
    """From the sign-in on nothing is opened that is not linked, and no file is edited."""
    email, password = re.search(
        r"Sign in as (\S+) with the one-time password (\S+)", first_start.output()
    ).groups()
    clicks = []

    def click(what: str) -> None:
        clicks.append(what)
        page.click(what)
        page.wait_for_load_state()

    page = browser.new_page()
    page.goto(re.search(r"CMS +(\S+)", first_start.output())[1])
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    click("main button[type=submit]")
    for field in ("password", "repeated"):
        page.fill(f"input[name={field}]", "seven purple otters")
    click("main button[type=submit]")
    assert page.inner_text("h1") == "Overview"
    click("#first-steps button")
    page.wait_for_selector("#first-steps li:nth-child(2).done")
    click("#first-steps li:nth-child(3) a.button")
    page.fill("input[name=name]", "my site")
    click("main form button[type=submit]")
    first, second = re.split(r"\n\n#.*\n", page.inner_text("#sample-curl"))
    sent = curl(first)
    with page.expect_popup() as opened:
        click("main a[target=_blank]")
    code = opened.value.get_by_text(re.compile(r"^(?!000000)\d{6}$")).first.inner_text()
    checked = curl(second.replace("123456", code))
    assert checked == {"id": sent["id"], "status": "approved", "valid": True, "attempts_left": 4}
    click("main a:has-text('Get going')")
    assert "A program has called." in page.inner_text("#first-steps")
    assert len(clicks) <= 12, clicks


def test_the_first_start_needs_nothing_and_ends_in_a_code_that_is_checked(folder, first_start):
    output = first_start.output()
    key = re.search(r"API key +(\S+)", output)[1]
    inbox = re.search(r"Inbox +(\S+)", output)[1]
    assert re.search(r"Sign in as admin@example\.com with the one-time password \S{8,}", output)
    assert set(first_start.pids()) == PARTS
    assert json.loads(get(f"{first_start.web}/healthz"))
    for body in ({"channel": "sms", "to": "+8613800138000"}, {"channel": "email", "to": "kim@example.com"}):
        sent = post(f"{first_start.web}/api/v1/verifications", body, key)
        assert wait_for(lambda to=body["to"]: any(message["to"] == to for message in arrived(inbox)), 90)
        (message,) = [message for message in arrived(inbox) if message["to"] == body["to"]]
        code = re.search(r"(?<!\d)\d{6}(?!\d)", message["text"])[0]
        checked = post(f"{first_start.web}/api/v1/verifications/{sent['id']}/check", {"code": code}, key)
        assert checked["valid"] is True
        assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", first_start.output())  # ids may hold it
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


def test_a_second_run_in_the_same_folder_is_refused(folder, port, run):
    second = DevRun(folder, port, log="second.log")
    assert second.process.wait(60) == 1
    assert f"already runs from this folder (process {run.process.pid})" in second.output()
    assert set(run.pids()) == PARTS


def test_a_killed_worker_is_named_and_started_again(run):
    worker, ready = run.pids()["worker"], run.output().count(" ready.")
    os.kill(worker, signal.SIGKILL)
    assert wait_for(lambda: run.pids().get("worker", worker) != worker, 90)
    assert "worker: ended with signal 9" in run.output()
    assert wait_for(lambda: run.output().count(" ready.") == ready + 1, 90)


def test_flask_commands_beside_it_have_its_settings_and_a_hang_up_stops_everything(folder, run):
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
        flask("schedules", "run", "daily purge", **way)
    assert "FAIL" not in flask("doctor", **ways[0])
    assert "30 messages" in flask("seed-demo", "--messages", "30", **ways[0])
    assert wait_for(lambda: run.output().count("Task sendcode.purge") >= 4, 90), "received and done, twice"
    assert run.stop(signal.SIGHUP) == 0
    assert left_in(folder) == []
    assert not told.exists()
    key = flask("keys", "add", "later", **ways[0])
    assert re.fullmatch(r"sc_live_\S+\n", key), "nothing else is printed, with or without a run"


def test_a_start_right_after_a_kill_waits_for_the_old_parts_to_end(folder, port, run, runs):
    old = set(run.pids().values())
    run.process.kill()
    run.process.wait()
    runs.append(DevRun(folder, port, log="after.log"))
    runs[-1].wait_until_running(120)
    assert not old & {pid for pid, _, _ in processes()}


def test_nothing_is_left_of_a_killed_run_and_what_it_wrote_down_is_not_used(folder, run):
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
    assert wait_for(lambda: left_in(folder) == [], 90)


def test_it_keeps_running_when_its_output_is_closed_and_ends_when_asked(folder, port, first_start, runs):
    for earlier in (first_start, *runs):
        if earlier.is_alive():
            earlier.stop(signal.SIGTERM)
    command = [sys.executable, "dev.py", "run", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE) as deaf:
        deaf.stdout.readline()
        deaf.stdout.close()
        assert wait_for(lambda: answers(first_start.web), 120)
        deaf.send_signal(signal.SIGTERM)
        assert deaf.wait(60) == 0
    assert left_in(folder) == []
