"""Samples of calls: programs that run as they are, wherever their language is installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request

from api.reference.samples import KEY, LANGUAGES, Call
from devtools.live.thread_server import serving

ODD = {
    "text": 'it\'s "quoted" \\ and $dollar',
    "on": True,
    "off": None,
    "list": [{"a": 1}, "ü"],
    "deep": {"b": 2.5},
}
RUN = {
    "curl": (["bash", "-e"], "call.sh"),
    "python": ([sys.executable], "call.py"),
    "node": (["node"], "call.mjs"),
    "php": (["php"], "call.php"),
    "go": (["go", "run"], "call.go"),
    "java": (["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"], "Call.java"),
}
"""Java compiles the sample, too: optimising code that runs once takes as long again."""


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("method", "body", "content_type"),
    [
        ("GET", None, "application/json"),
        ("DELETE", None, "application/json"),
        ("POST", None, "application/json"),
        ("POST", ODD, "application/json"),
        ("PATCH", {"a": "b"}, "application/json"),
        ("POST", "to,name\r\nkim@example.com,Kim\r\n", "text/csv"),
    ],
)
def test_a_sample_makes_its_call(
    tmp_path: Path, language: str, method: str, body: Any, content_type: str
) -> None:
    command, name = RUN[language]
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} here")
    asked = []
    server = Flask("server")

    @server.route("/api/v1/things", methods=[method])
    def answer() -> dict[str, bool]:
        asked.append((request.method, request.args["a"], dict(request.headers), request.get_data()))
        return {"fine": True}

    file = tmp_path / name
    with serving(server) as address:
        call = Call(method, f"{address}/api/v1/things?a=b", True, body, content_type)
        file.write_text(LANGUAGES[language][1](call), encoding="utf-8")
        environment = {**os.environ, KEY: "sc_test_key"}
        done = subprocess.run(
            [*command, str(file)], capture_output=True, text=True, timeout=60, check=False, env=environment
        )
    assert done.returncode == 0, done.stderr
    assert '"fine"' in done.stdout
    ((used, query, headers, sent),) = asked
    assert (used, query, headers["Authorization"]) == (method, "b", "Bearer sc_test_key")
    if body is None:
        assert sent == b""
    else:
        assert headers["Content-Type"] == content_type
        assert (json.loads(sent) if isinstance(body, dict) else sent.decode()) == (
            body if isinstance(body, dict) else body.replace("\r", "")
        )
