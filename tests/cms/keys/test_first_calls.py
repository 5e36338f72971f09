"""The way from an empty installation to the first call of a program, as the console leads it."""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from devtools.live.thread_server import serving
from tests.cms.conftest import Visitor
from tests.cms.keys.test_api_keys import make

pytestmark = pytest.mark.usefixtures("app")


def samples(page: str) -> dict[str, str]:
    """Return the calls of a page by language."""
    found = re.findall(r'<pre class="mono" id="sample-(\w+)"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return {language: html.unescape(text) for language, text in found}


def done(visitor: Visitor) -> int:
    page = visitor.get("/cms/get-going").text
    told = re.search(r"(\d) of 5 are done", page)
    assert told
    assert page.count('<li class="done">') == int(told[1])
    return int(told[1])


def test_the_page_of_a_new_key_has_its_calls(signed_in: Visitor) -> None:
    page = make(signed_in, ("verifications",)).text
    key = re.search(r"sc_live_[\w-]{43}", page)[0]
    shown = samples(page)
    assert list(shown) == ["curl", "python", "node", "php", "go", "java"]
    for text in shown.values():
        assert key in text
        assert "http://sendcode.test/api/v1" in text
        assert "jane@example.org" in text


def test_the_steps_tick_themselves(signed_in: Visitor, app: Flask) -> None:
    assert done(signed_in) == 1, "a gateway"
    assert "Waiting for the first call" in signed_in.get("/cms").text
    signed_in.submit("/cms/gateways/memory-mail/test", to="jane@example.org")
    make(signed_in, ("verifications",))
    assert done(signed_in) == 3


@pytest.mark.parametrize(
    ("language", "command"),
    [("curl", ["bash", "-e"]), ("python", [sys.executable]), ("node", ["node"])],
)
def test_the_calls_run_as_they_are(
    signed_in: Visitor, app: Flask, tmp_path: Path, language: str, command: list[str]
) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    with serving(app) as address:
        text = samples(make(signed_in, ("verifications",), test="1").text)[language]
        text = text.replace("http://sendcode.test", address).replace("123456", "000000")  # of a test key
        script = tmp_path / ("first-call" + {"node": ".mjs"}.get(language, ""))
        script.write_text(text)
        ran = subprocess.run(
            [*command, script], input="000000\n", capture_output=True, text=True, timeout=30, check=True
        )
    assert re.search(r"true|True", ran.stdout), ran.stdout + ran.stderr
    assert done(signed_in) == 3, "a gateway, a key, a call"


def test_a_test_is_sent_from_the_steps_and_followed_there(signed_in: Visitor, mails: MemoryGateway) -> None:
    page = signed_in.get("/cms/get-going").text
    action = re.search(r'action="(/cms/gateways/[\w-]+/test)"', page)[1]
    assert action == f"/cms/gateways/{mails.name}/test", "e-mail first: everybody has an address"
    answer = signed_in.submit(action, to="jane@example.org", next="/cms/get-going")
    assert 'name="to" value="jane@example.org"' in page
    assert answer.location == "/cms/get-going"
    assert len(mails.sent) == 1
    page = signed_in.get("/cms/get-going").text
    assert action not in page
    assert re.search(r'href="/cms/messages/\w+">What happened', page)


def test_what_is_not_a_page_of_the_console_is_nowhere_to_return_to(
    signed_in: Visitor, mails: MemoryGateway
) -> None:
    answer = signed_in.submit(
        f"/cms/gateways/{mails.name}/test", to="jane@example.org", next="https://evil.example"
    )
    assert answer.location == f"/cms/gateways/{mails.name}#test"
