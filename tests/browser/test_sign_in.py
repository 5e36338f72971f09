"""Signing in in a real browser: a passkey of Chromium's virtual device, a password that is shown, the colours."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.people import administrators
from tests.browser.test_walk import look
from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]
PETE = "pete@example.org"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
CANCELED = (
    "() => { navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
)
WAYS = "/cms/account/second-step"


@pytest.fixture(scope="module")
def address(showroom: Any, showrooms: Any) -> str:
    """The console under a name: browsers give no passkeys to an IP address."""
    port = urlsplit(showroom.address).port
    showroom.app.config["PUBLIC_URL"] = f"http://localhost:{port}"
    with showroom.app.app_context():
        administrators.add(PETE, "viewer", showrooms.PASSWORD)
    return str(showroom.app.config["PUBLIC_URL"])


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """A page of a browser that has a device with room for passkeys."""
    context = chromium.new_context(color_scheme="light", reduced_motion="reduce")
    watch, page = Watch(context, address), context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield page
    assert watch.strange == []
    context.close()


def sign_in(page: Any, address: str, password: str) -> None:
    page.goto(f"{address}/cms/login")
    page.fill("#email", PETE)
    page.fill("#password", password)
    page.press("#password", "Enter")


def test_a_passkey_is_added_used_and_refused_a_second_time(page: Any, address: str, showrooms: Any) -> None:
    sign_in(page, address, showrooms.PASSWORD)
    page.wait_for_url(f"{address}/cms")
    page.goto(f"{address}{WAYS}/passkeys/new")
    assert look(page, "en", "") == []
    page.fill("#name", "Laptop")
    page.click("main form[data-passkey] .primary")
    page.wait_for_selector("#secret")
    page.goto(f"{address}{WAYS}/passkeys/new")
    page.click("main form[data-passkey] .primary")
    page.wait_for_selector("[data-failed]:not([hidden])")
    assert "already" in page.inner_text("[data-failed]")
    page.context.clear_cookies()

    sign_in(page, address, showrooms.PASSWORD)
    page.wait_for_url(re.compile("/cms/login/passkey"))
    page.evaluate(CANCELED)
    page.click("main form[data-passkey] .primary")
    page.wait_for_selector("[data-failed]:not([hidden])")
    assert look(page, "en", "") == []
    page.evaluate("() => { delete navigator.credentials.get; }")
    sent = []
    page.on("request", lambda request: sent.append(request.post_data) if request.method == "POST" else None)
    page.click("main form[data-passkey] .primary")
    page.wait_for_url(f"{address}/cms")
    answer = next(one for one in sent if "answer=%7B" in one)
    page.context.clear_cookies()

    sign_in(page, address, showrooms.PASSWORD)
    page.wait_for_url(re.compile("/cms/login/passkey"))
    token = page.input_value("[data-passkey] [name=csrf_token]")
    fields = dict(field.split("=", 1) for field in answer.split("&"))
    replayed = page.evaluate(
        """([body]) => fetch("/cms/login/passkey", {method: "POST", body, redirect: "manual",
            headers: {"Content-Type": "application/x-www-form-urlencoded"}}).then((answer) => answer.status)""",
        [f"csrf_token={token}&answer={fields['answer']}"],
    )
    assert replayed == 422
    page.goto(f"{address}/cms")
    assert "/cms/login" in page.url


def test_a_password_is_shown_on_request_and_sent_hidden(page: Any, address: str) -> None:
    page.goto(f"{address}/cms/login")
    page.fill("#password", "nine blue whales")
    assert page.get_attribute("#password", "type") == "password"
    page.click("[data-show=password]")
    assert page.get_attribute("#password", "type") == "text"
    assert page.get_attribute("[data-show=password]", "aria-pressed") == "true"
    page.click("[data-show=password]")
    assert page.get_attribute("#password", "type") == "password"
    page.click("[data-show=password]")
    page.evaluate(
        "document.querySelector('#password').form.addEventListener('submit', (event) => event.preventDefault())"
    )
    page.press("#password", "Enter")
    assert page.get_attribute("#password", "type") == "password"


@pytest.mark.parametrize(("theme", "ground"), [("", "rgb(245, 246, 248)"), ("dark", "rgb(18, 21, 26)")])
def test_the_chosen_colours_win_over_those_of_the_system(
    page: Any, address: str, theme: str, ground: str
) -> None:
    if theme:
        page.context.add_cookies([{"name": "sendcode_theme", "value": theme, "url": address}])
    page.goto(f"{address}/cms/login")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
