"""gunicorn, for a user without a home folder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devtools.live.process import free_port

ROOT = Path(__file__).parents[1]
APPLICATION = "def app(environ, start_response):\n    start_response('204 No Content', [])\n    return []\n"
BOTH_STARTED = 2  # seconds after the worker; the control socket is opened at the same time

pytestmark = pytest.mark.skipif(os.name != "posix", reason="gunicorn runs on POSIX only")


@pytest.mark.slow
def test_it_needs_no_home(tmp_path: Path) -> None:
    (tmp_path / "trivial.py").write_text(APPLICATION, encoding="utf-8")
    (tmp_path / "gunicorn.conf.py").write_bytes((ROOT / "gunicorn.conf.py").read_bytes())
    options = [f"--bind=127.0.0.1:{free_port()}", "--worker-class=sync", "--threads=1"]
    command = [sys.executable, "-m", "gunicorn", *options, "trivial:app"]
    env = {
        **{key: text for key, text in os.environ.items() if key != "XDG_RUNTIME_DIR"},
        "HOME": str(tmp_path / "trivial.py"),
        "PYTHONPATH": str(ROOT),
    }
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=log, stderr=log)
        try:
            give_up_at = time.monotonic() + 60
            while "Booting worker" not in (tmp_path / "log").read_text(encoding="utf-8"):
                assert process.poll() is None
                assert time.monotonic() < give_up_at
                time.sleep(0.1)
            time.sleep(BOTH_STARTED)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    said = (tmp_path / "log").read_text(encoding="utf-8")
    assert "ERROR" not in said
    assert "Control" not in said
    assert process.returncode == 0
