"""Twilio's own Node SDK; TEST_NODE_MODULES names the folder where `npm install twilio` put it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from tests.twilio_api.conftest import NUMBER, Program, wrong

MODULES = os.environ.get("TEST_NODE_MODULES", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("node") and (Path(MODULES) / "twilio").is_dir()),
        reason="TEST_NODE_MODULES names no folder with the SDK",
    ),
]
REST = "RestException"


@pytest.fixture
def call(program: Program, url: str) -> Iterator[Callable[..., Any]]:
    """Have the SDK do one thing; return its answer, or its exception."""
    given = program.credentials
    command = ["node", str(Path(__file__).with_name("sdk.cjs")), url]
    with subprocess.Popen(
        [*command, given.account_sid, given.auth_token, given.service_sid],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "NODE_PATH": MODULES},
    ) as process:

        def one(name: str, **arguments: Any) -> Any:
            process.stdin.write(json.dumps([name, arguments]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield one
        process.stdin.close()


def refusal(answer: dict[str, Any]) -> tuple[str, int, int]:
    return answer["error"], answer["status"], answer["code"]


def test_the_life_of_a_verification(call: Callable[..., Any], sms: MemoryGateway) -> None:
    made = call("create", to=NUMBER, channel="sms")
    assert (made["status"], made["valid"], made["isDate"]) == ("pending", False, True)
    assert call("create", to=NUMBER, channel="sms")["sid"] == made["sid"]
    code = sms.sent[-1].params["code"]
    for which in (made["sid"], NUMBER):
        assert call("fetch", which=which)["sid"] == made["sid"]
    missed = call("check", to=NUMBER, code=wrong(code))
    assert (missed["status"], missed["valid"]) == ("pending", False)
    hit = call("check", verificationSid=made["sid"], code=code)
    assert (hit["status"], hit["valid"]) == ("approved", True)
    assert refusal(call("check", to=NUMBER, code=code)) == (REST, 404, 20404)
    assert refusal(call("create", to=NUMBER, channel="sms")) == (REST, 429, 60212)
    assert refusal(call("create", to="12", channel="sms")) == (REST, 400, 60200)
    other = call("create", to="+8613800138001", channel="sms")
    for _ in range(5):
        call("check", to="+8613800138001", code=wrong(sms.sent[-1].params["code"]))
    assert refusal(call("check", to="+8613800138001", code=code)) == (REST, 429, 60202)
    assert call("update", which=other["sid"], status="canceled")["status"] == "canceled"
    assert refusal(call("create", to="+442079460958", channel="sms")) == (REST, 403, 60605)


def test_messages(call: Callable[..., Any], app: Flask) -> None:
    sids = [call("send", to=NUMBER, body=f"Hello {n}")["sid"] for n in range(60)]
    assert call("list", limit=55)["sids"] == sids[:4:-1]
    assert refusal(call("send", to="12", body="x")) == (REST, 400, 21211)
