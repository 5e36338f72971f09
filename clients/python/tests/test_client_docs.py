"""What the documentation shows is run, against the fake."""

import asyncio
import re
from pathlib import Path

import pytest

import sendcode
from sendcode.testing import AsyncFakeSendcode, FakeSendcode, FakeService

ROOT = Path(__file__).resolve().parents[3]
PHONE = "+8613800138000"


def blocks(page: str) -> str:
    """Return all Python of a page as one program."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return "\n\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


@pytest.fixture
def service(monkeypatch):
    service = FakeService()
    monkeypatch.setenv("SENDCODE_URL", "http://sendcode.test")
    monkeypatch.setenv("SENDCODE_KEY", "sc_live_x")
    monkeypatch.setattr(sendcode, "Sendcode", lambda *_: FakeSendcode(service))
    monkeypatch.setattr(sendcode, "AsyncSendcode", lambda *_: AsyncFakeSendcode(service))
    return service


def test_the_page_about_the_clients(service):
    names = {"__name__": "page"}
    exec(compile(blocks("docs/clients.md"), "docs/clients.md", "exec"), names)
    session = {}
    assert "resend_at" in names["send_code"](session, PHONE, "203.0.113.7")
    assert 0 < names["send_code"](session, PHONE, "203.0.113.7")["wait"] <= 60
    assert not names["check_code"](session, "no code")
    assert names["check_code"](session, service.sent[0].code)
    assert asyncio.run(names["failed_today"]("u", "k")) == []
    assert names["receive"](b"{}", {}, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]) == 401
    names["test_a_user_signs_in"]()
    service.clock.travel(61)
    names["codes"].init_app(names["site"], FakeSendcode(service))
    browser = names["site"].test_client()
    assert "resend_at" in browser.post("/send", data={"phone": PHONE}).json
    assert browser.post("/check", data={"code": "1"}).status_code == 422
    assert browser.post("/check", data={"code": service.sent[-1].code}).json == {"signed_in": PHONE}


def test_the_readme_of_the_package(service):
    names = {}
    exec(compile(blocks("clients/python/README.md"), "README.md", "exec"), names)
    assert names["welcome"] is (service.sent[0].code == "123456")
