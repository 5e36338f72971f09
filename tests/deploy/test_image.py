"""The image, as far as it goes without an engine: it is complete, and runs where nothing can be written.

Not run here: FROM, RUN and HEALTHCHECK themselves.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from devtools.live.process import COMMANDS
from tests.deploy.files import DEPLOY, ROOT, tool
from tests.live.processes import HOST, Process, free_port
from tests.test_house import MAY_IMPORT

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IGNORED = [
    line
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if line[:1] not in ("", "#")
]
NOT_PYTHON = {"migrations", "static", "templates", "translations"}
START_SECONDS = 120.0


def stage(name: str) -> list[str]:
    """Return the lines of a stage."""
    _, _, rest = DOCKERFILE.partition(f" AS {name}\n")
    return [line for line in rest.partition("\nFROM ")[0].splitlines() if line[:1] not in ("", "#")]


def copied(name: str) -> Iterator[tuple[str, str]]:
    """Return what a stage copies from the project's folder: source and target."""
    for line in stage(name):
        words = shlex.split(line)
        if words[0] == "COPY" and not words[1].startswith("--from"):
            yield from ((source, words[-1]) for source in words[1:-1])


def exec_form(name: str, instruction: str) -> list[str]:
    (line,) = [line for line in stage(name) if line.startswith(f"{instruction} ")]
    return re.findall(r'"((?:[^"\\]|\\.)*)"', line)


def sent_to_the_engine(path: str) -> bool:
    """Tell whether .dockerignore lets a path into the build; `*` leaves out everything that no `!` names."""
    assert IGNORED[0] == "*"
    return f"!{path}" in IGNORED or any(
        line.endswith("/") and path.startswith(line[1:]) for line in IGNORED if line.startswith("!")
    )


@pytest.mark.parametrize("name", ["packages", "service", "inbox"])
def test_what_is_copied_is_there_and_reaches_the_engine(name: str) -> None:
    for source, target in copied(name):
        assert (ROOT / source).exists(), source
        assert sent_to_the_engine(source), source
        assert (ROOT / source).is_dir() == source.endswith("/"), source
        assert not source.endswith("/") or target == source


def test_the_image_has_every_room_and_nothing_for_development() -> None:
    rooms = {f"{room}/" if (ROOT / room).is_dir() else f"{room}.py" for room in MAY_IMPORT}
    sources = {source for source, _ in copied("service")}
    assert rooms | {f"{folder}/" for folder in NOT_PYTHON} | {"gunicorn.conf.py"} <= sources
    assert not sources & {"devtools/", "tests/", "bench/", "dev.py"}
    for secret in (".env", "instance/sendcode.db", "gateways.toml", ".git/config"):
        assert not sent_to_the_engine(secret)


def test_the_image_needs_no_root_and_no_other_registry() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == [
        *["python:3.13-slim"] * 2,
        *["service"] * 2,
    ]
    for name in ("service", "inbox"):
        assert [line for line in stage(name) if line.startswith("USER")][-1] == "USER 10001:10001"
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert "http://" not in re.sub(r"http://127\.0\.0\.1", "", DOCKERFILE)


@contextmanager
def without_a_disk(folder: Path, writable: Path, command: str, env: dict[str, str]) -> Iterator[Process]:
    """Run a command where the whole file system is read-only, but for `writable` and /dev/shm."""
    mounts = f"mount -t tmpfs tmpfs {shlex.quote(str(writable))} && mount -o remount,bind,ro /"
    script = f"{mounts} && cd {shlex.quote(str(folder))} && ! touch here 2>&- && {command}"
    words = [tool("unshare"), "--mount", "--propagation=private", "sh", "-c", script]
    process = Process("image", words, env, folder.parent / "image.log")
    try:
        yield process
    finally:
        process.stop()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="containers are for Linux")
def test_the_service_starts_in_the_folder_of_the_image_on_a_read_only_file_system(tmp_path: Path) -> None:
    if subprocess.run([tool("unshare"), "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mount namespaces are not allowed here")
    folder, writable, port = tmp_path / "image", tmp_path / "tmp", free_port()
    for source, target in copied("service"):
        to = folder / (target if source.endswith("/") else f"{target}/{Path(source).name}")
        to.parent.mkdir(parents=True, exist_ok=True)
        if source.endswith("/"):
            shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, to)
    writable.mkdir()
    command = [word.replace("0.0.0.0:8000", f"{HOST}:{port}") for word in exec_form("service", "CMD")]
    env = {
        "PATH": f"{COMMANDS}:{os.environ['PATH']}",
        "FLASK_APP": "app",
        "PYTHONDONTWRITEBYTECODE": "1",
        "WEB_CONCURRENCY": "1",
        "TMPDIR": str(writable),
        "SECRET_KEY": "secret key of an image and long enough",
        "CODE_PEPPER": "code pepper of an image and long enough",
        "SMS_SENDS_PER_DAY": "0",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{writable / 'sendcode.db'}",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    check = exec_form("service", "HEALTHCHECK")[1:]
    with without_a_disk(folder, writable, f"flask db upgrade && exec {shlex.join(command)}", env) as process:
        process.wait_until_ready(lambda: "Booting worker" in process.text(), START_SECONDS)
        answer = urllib3.request(
            "GET", f"http://{HOST}:{port}/healthz", retries=urllib3.Retry(20, backoff_factor=0.2)
        )
        assert answer.json()["status"] == "ok"
        assert urllib3.request("GET", f"http://{HOST}:{port}/cms/login").status == 200
        assert urllib3.request("GET", f"http://{HOST}:{port}/metrics").status == 200
        asked = [sys.executable, check[0], check[1].replace("127.0.0.1:8000", f"{HOST}:{port}")]
        assert subprocess.run(asked, check=False, timeout=60).returncode == 0
        assert "Read-only" not in process.text()
    assert list(folder.rglob("__pycache__")) == []
