"""A Django site beside a live service: by the two tasks over the broker, and with the client."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import httpx
import pytest

from devtools.live.process import COMMANDS, HOST, ROOT, Process, free_port
from devtools.readiness import is_free
from tests.live.installation import NO_LIMITS, Installation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("django") is None, reason="Django is not installed"),
]
NUMBER = "+8613800138000"


@contextmanager
def blog(installation: Installation, broker_url: str) -> Iterator[httpx.Client]:
    """Run the site, and yield a browser."""
    port = free_port()
    env = {
        "PATH": installation.env["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'clients' / 'python' / 'src'}",
        "CELERY_BROKER_URL": broker_url,
        "CELERY_RESULT_BACKEND": broker_url,
        "SENDCODE_URL": f"http://{HOST}:{installation.ports[0]}",
        "SENDCODE_KEY": installation.key(),
    }
    command = [COMMANDS / "waitress-serve", f"--listen={HOST}:{port}", "tests.live.blog:application"]
    process = Process("blog", command, env, installation.folder / "blog.log")
    try:
        process.wait_until_ready(lambda: not is_free(port))
        with httpx.Client(base_url=f"http://{HOST}:{port}", timeout=40) as browser:
            yield browser
    finally:
        process.stop()


@pytest.fixture
def site(make, broker):
    """The site, with its installation, whose worker keeps results."""
    installation = make(**NO_LIMITS, CELERY_RESULT_BACKEND=broker.url, CELERY_TASK_IGNORE_RESULT=False)
    with installation.web(), installation.worker("threads"), blog(installation, broker.url) as browser:
        yield installation, browser


def test_the_two_tasks_are_sent_over_the_broker_and_answer_0_or_minus_1(site):
    installation, browser = site
    assert browser.post("/old/send", data={"mobile": NUMBER}).json() == {"result": 0}
    code = installation.sms.wait_for(1)[0].json["params"]["code"]
    assert browser.post("/old/check", data={"mobile": NUMBER, "code": code}).json() == {"valid": True}
    assert browser.post("/old/send", data={"mobile": "nobody"}).json() == {"result": -1}
    assert browser.post("/old/mail", data={"to": "kim@example.com"}).json() == {"result": 0}
    assert installation.mail.wait_for(1)[0].recipient == "kim@example.com"
    assert browser.post("/old/mail", data={"to": "nobody"}).json() == {"result": -1}


def test_the_same_site_signs_in_with_the_client(site):
    installation, browser = site
    assert "one-time-code" in browser.get("/new", params={"mobile": NUMBER}).text
    code = installation.sms.wait_for(1)[0].json["params"]["code"]
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert "wrong" in browser.post("/new", params={"mobile": NUMBER}, data={"code": wrong}).text
    assert browser.get("/welcome").json() == {"mobile": None}
    entered = browser.post("/new", params={"mobile": NUMBER}, data={"code": code})
    assert (entered.status_code, entered.headers["Location"]) == (302, "/welcome")
    assert browser.get("/welcome").json() == {"mobile": NUMBER}
    assert code not in browser.get("/welcome").text + installation.logs()
