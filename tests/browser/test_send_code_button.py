"""The whole button in a real browser, with and without JavaScript, while the mail server is stuck."""

import os
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from channels.gateway import Outgoing
from channels.memory import MemoryGateway
from channels.registry import Gateways
from devtools.live.thread_server import serving
from domain.gateway_errors import GatewayError
from domain.statuses import Channel, Lane
from services.delivery import worker
from services.people import administrators
from services.process import parts

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]
EMAIL, NEW, PASSWORD = "jane@example.org", "jane.doe@example.net", "seven purple otters"
WAITING = re.compile(r"^Send code again in (\d+) s$")


class StuckGateway(MemoryGateway):
    """Holds every message back until it is released, like a slow mail server."""

    def __init__(self, name: str, channel: Channel):
        super().__init__(name, channel)
        self.let_go = threading.Event()

    def send(self, outgoing: Outgoing) -> str | None:
        self.let_go.wait(60)
        return super().send(outgoing)

    def code(self) -> str:
        """Wait for the newest code."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for outgoing in reversed(self.sent):
                if outgoing.template == "code":
                    return re.findall(r"\b\d{6}\b", outgoing.text)[0]
            time.sleep(0.05)
        raise AssertionError("no code arrived")


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False, "PUBLIC_URL": ""}


@pytest.fixture
def mails() -> StuckGateway:
    return StuckGateway("stuck-mail", Channel.EMAIL)


@pytest.fixture
def address(app: Flask, mails: StuckGateway) -> Iterator[str]:
    """The console on its own port, with a drain as in a worker and a dead broker, so that no bell arrives."""
    parts.put(app, Gateways([mails]))
    with serving(app) as address:
        worker.start(app, list(Lane))
        yield address
        mails.let_go.set()
        worker.stop()


@pytest.fixture
def one_time_password(app: Flask) -> str:
    with app.app_context():
        _, password = administrators.add(EMAIL, "owner")
    assert password
    return password


def sign_in(page: Page, address: str, one_time_password: str) -> None:
    """Sign in for the first time, which replaces the one-time password."""
    page.goto(address)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(one_time_password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("Repeat the new password").fill(PASSWORD)
    page.get_by_role("button", name="Save password").click()
    page.get_by_role("link", name=EMAIL).click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()


def button_of(page: Page) -> Locator:
    return page.locator("#email-card [data-send] button")


def seconds_on(page: Page) -> int:
    found = WAITING.match(button_of(page).inner_text())
    assert found
    return int(found[1])


def test_the_button_answers_at_once_while_the_mail_server_is_stuck(
    chromium: Browser, address: str, mails: StuckGateway, one_time_password: str
) -> None:
    context = chromium.new_context()
    watch = Watch(context, address)
    page = context.new_page()
    sign_in(page, address, one_time_password)

    page.get_by_label("New e-mail").fill(NEW)
    button_of(page).click()
    code_field = page.get_by_label("Code", exact=True)
    expect(code_field).to_be_focused()
    assert mails.sent == [], "the mail server has not answered yet"
    expect(page.locator("#email-sent")).to_contain_text(f"The code to {NEW} is on its way.")
    expect(page.locator("#announcer")).to_contain_text(f"The code to {NEW} is on its way.")

    expect(button_of(page)).to_have_text(WAITING)
    expect(button_of(page)).to_be_disabled()
    first = seconds_on(page)
    expect(button_of(page)).not_to_have_text(f"Send code again in {first} s")
    page.reload()
    expect(button_of(page)).to_be_disabled()
    assert 0 < seconds_on(page) < first
    expect(code_field).to_be_focused()
    assert mails.sent == []

    code_field.fill("12")
    mails.let_go.set()
    code = mails.code()
    expect(page.locator("#email-sent")).to_contain_text(f"Code sent to {NEW}.")
    expect(code_field).to_have_value("12")
    expect(code_field).to_be_focused()
    code_field.fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your e-mail address is changed.")).to_be_visible()
    expect(page.locator("#email-card .current")).to_have_text(NEW)
    assert [outgoing.to for outgoing in mails.sent if outgoing.template == "code"] == [NEW]
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()


def test_the_page_says_by_itself_that_a_code_was_refused(
    chromium: Browser, address: str, mails: StuckGateway, one_time_password: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, address, one_time_password)
    page.get_by_label("New e-mail").fill(NEW)
    mails.failures.append(GatewayError("no such mailbox"))
    button_of(page).click()
    expect(page.locator("#email-sent")).to_contain_text(f"The code to {NEW} is on its way.")
    mails.let_go.set()
    told = "The message could not be delivered. Check the address, or send the code again."
    expect(page.locator("#email-sent").get_by_role("alert")).to_have_text(told)
    expect(page.locator("#announcer")).to_have_text(told)
    context.close()


def test_the_button_works_without_javascript(
    chromium: Browser, address: str, mails: StuckGateway, one_time_password: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    watch = Watch(context, address)
    page = context.new_page()
    sign_in(page, address, one_time_password)

    page.get_by_label("New e-mail").fill(NEW)
    button_of(page).click()
    code_field = page.get_by_label("Code", exact=True)
    expect(code_field).to_be_focused()
    assert mails.sent == []
    expect(page.get_by_text("You can send the code again in", exact=False)).to_be_visible()
    page.reload()
    expect(code_field).to_be_visible()

    expect(button_of(page)).to_be_enabled()
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    button_of(page).click()
    expect(page.get_by_text("A code was requested a moment ago.", exact=False)).to_be_visible()

    mails.let_go.set()
    code_field.fill(mails.code())
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#email-card .current")).to_have_text(NEW)
    assert [outgoing.to for outgoing in mails.sent if outgoing.template == "code"] == [NEW]
    assert watch.strange == []
    context.close()


def test_the_script_shows_errors_in_place_and_frees_the_button_for_another_address(
    chromium: Browser, address: str, one_time_password: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, address, one_time_password)
    field = page.get_by_label("New e-mail")

    field.fill("no address")
    button_of(page).click()
    expect(page.locator("#email-error")).to_have_text("Enter one e-mail address, such as name@example.org.")
    expect(field).to_be_focused()
    expect(field).to_have_value("no address")

    field.fill(NEW)
    button_of(page).click()
    expect(button_of(page)).to_have_text(WAITING)
    expect(button_of(page)).to_be_disabled()
    field.fill("another@example.net")
    expect(button_of(page)).to_be_enabled()
    expect(button_of(page)).to_have_text("Send code")
    field.fill(NEW.upper())
    expect(button_of(page)).to_be_disabled()

    context.set_offline(True)
    field.fill("another@example.net")
    button_of(page).click()
    expect(page.get_by_text("The server could not be reached.", exact=False).first).to_be_visible()
    expect(button_of(page)).to_be_enabled()
    context.set_offline(False)

    context.clear_cookies()
    button_of(page).click()
    expect(page.get_by_text("This form has expired").first).to_be_visible()
    context.close()


class TestShortCoolDown:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "RESEND_COOLDOWN_SECONDS": 3}

    def test_the_same_button_sends_the_same_code_again_when_the_countdown_is_over(
        self, chromium: Browser, address: str, mails: StuckGateway, one_time_password: str
    ) -> None:
        mails.let_go.set()
        context = chromium.new_context()
        page = context.new_page()
        sign_in(page, address, one_time_password)
        page.get_by_label("New e-mail").fill(NEW)
        button_of(page).click()
        expect(button_of(page)).to_have_text(WAITING)
        code = mails.code()
        expect(button_of(page)).to_have_text("Send code again")
        expect(button_of(page)).to_be_enabled()
        expect(page.locator("#announcer")).to_have_text("You can send the code again now.")
        button_of(page).click()
        expect(button_of(page)).to_have_text(WAITING)
        expect(page.get_by_label("Code", exact=True)).to_be_focused()
        deadline = time.monotonic() + 30
        while len(mails.sent) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [re.findall(r"\b\d{6}\b", outgoing.text)[0] for outgoing in mails.sent] == [code, code]
        context.close()
