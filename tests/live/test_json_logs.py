"""With LOG_FORMAT=json each line of each process is an object."""

import json
import subprocess
import sys
from datetime import datetime

import pytest

from devtools.live.process import COMMANDS, ROOT, free_port
from devtools.live.service import start_beat, start_gunicorn
from tests.live.installation import phone
from tests.live.processes import wait_until
from tests.servers.http import Answer

pytestmark = pytest.mark.slow


def lines(path):
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    for line in found:
        assert datetime.fromisoformat(line["time"]).utcoffset().total_seconds() == 0
        assert {"level", "logger", "message"} <= set(line)
    return found


def test_every_line_of_web_worker_and_beat_is_an_object(make, tmp_path):
    installation = make(LOG_FORMAT="json")
    installation.sms.script(Answer(500))
    with (
        installation.web(processes=1),
        installation.worker("threads", None),
        start_beat(installation.env),
        start_gunicorn(installation.env, free_port(), "--access-logfile=-"),
    ):
        installation.api().issue(phone(1), "sms")
        wait_until(lambda: set(installation.statuses()) == {"sent"})
    kinds = ("web", "worker", "beat", "gunicorn")
    logs = {kind: lines(next(tmp_path.rglob(f"{kind}-*.log"))) for kind in kinds}
    assert all(logs.values())
    about = [line for line in logs["worker"] if "message_id" in line]
    assert {line["level"] for line in about} == {"info", "warning"}
    assert len({line["message_id"] for line in about}) == 1
    assert about[0]["message_id"] in about[0]["message"]


def test_a_command_that_breaks_tells_where_in_one_line_and_its_output_stays(make):
    installation = make(LOG_FORMAT="json")
    done = subprocess.run(
        [COMMANDS / "flask", "--app", "app", "version"],
        cwd=ROOT,
        env=installation.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.strip()
    assert not done.stderr
    script = "from app import create_app; create_app(doors=()); raise ValueError('135790')"
    broken = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=installation.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert broken.returncode == 1
    told = json.loads(broken.stderr)
    assert (told["level"], told["exception"]) == ("critical", "ValueError at <string>:1 <module>")
    assert "135790" not in broken.stderr
