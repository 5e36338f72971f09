"""The clients' examples against a live service: a code arrives by the gateway and is typed in."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sendcode import AsyncSendcode

from tests.live.installation import NO_LIMITS, Installation, phone

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
NUMBER = "+8613800138000"
EXAMPLES = {
    "python": [sys.executable, CLIENTS / "python" / "examples" / "sign_in.py"],
    "javascript": ["node", CLIENTS / "javascript" / "examples" / "sign-in.mjs"],
}


@contextmanager
def started(command: Sequence[str | Path], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program that talks over its standard input and output."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*command], env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


def ask(program: subprocess.Popen[str], typed: str = "") -> str:
    """Type a line, and return the line that is said next."""
    assert program.stdin
    assert program.stdout
    if typed:
        program.stdin.write(f"{typed}\n")
        program.stdin.flush()
    return program.stdout.readline().strip()


@pytest.mark.parametrize("language", EXAMPLES)
def test_the_example_signs_in_with_the_code_that_arrives(make, language):
    if not shutil.which(str(EXAMPLES[language][0])):
        pytest.skip(f"{EXAMPLES[language][0]} is not installed")
    installation: Installation = make(**NO_LIMITS)
    with installation.web(), installation.worker():
        key = installation.key()
        env = {
            "PATH": installation.env["PATH"],
            "PYTHONPATH": str(CLIENTS / "python" / "src"),
            "SENDCODE_URL": f"http://127.0.0.1:{installation.ports[0]}",
            "SENDCODE_KEY": key,
        }
        with started([*EXAMPLES[language], NUMBER], env) as program:
            assert ask(program) == f"A code is on its way to {NUMBER}."
            code = installation.sms.wait_for(1)[0].json["params"]["code"]
            assert ask(program, "no code") == "This is no code."
            wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
            assert ask(program, wrong) == "Wrong, 4 attempts left."
            assert ask(program, code) == "Welcome."
            assert program.wait(10) == 0
            assert program.stderr
            assert program.stderr.read() == ""


def test_the_async_client_has_many_calls_in_flight(make):
    installation: Installation = make(**NO_LIMITS)

    async def story(url: str, key: str) -> list[bool]:
        async with AsyncSendcode(url, key) as client:
            issued = await asyncio.gather(*(client.verifications.issue("sms", phone(n)) for n in range(30)))
            calls = await asyncio.to_thread(installation.sms.wait_for, 30)
            codes = {call.json["to"]: call.json["params"]["code"] for call in calls}
            checks = [client.verifications.check(one.id, codes[one.to]) for one in issued]
            return [result.valid for result in await asyncio.gather(*checks)]

    with installation.web(), installation.worker("threads"):
        url = f"http://127.0.0.1:{installation.ports[0]}"
        assert asyncio.run(story(url, installation.key())) == [True] * 30
