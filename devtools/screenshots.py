"""`python -m devtools.screenshots`: take the documentation's screenshots from a running console.

    python -m devtools.screenshots                 the button and the main pages, into docs/images
    python -m devtools.screenshots --all FOLDER    every page, light and dark, phone and desktop, to look at
    ... --language de                              the same in another language

Starts the console itself, in a temporary folder with memory gateways. Needs Chromium and Playwright.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from config import ROOT
from devtools import crawl, furnishing
from devtools.showroom import EMAIL, Showroom, chromium, showroom, sign_in

NEW_EMAIL = "maria.lopez@example.org"
SIZES = {"phone": (360, 740), "desktop": (1440, 900)}
SCHEMES = ("light", "dark")
LANGUAGES = {"en": "en-GB", "zh": "zh-CN", "de": "de-DE"}
MAIN = {
    "overview": "cms.home",
    "messages": "cms.messages",
    "broadcasts": "cms.broadcasts",
    "templates": "cms.templates",
    "gateways": "cms.gateways",
    "schedules": "cms.schedules",
    "audit": "cms.audit",
}
LOOKS = {"light": (1200, 800, "light"), "dark": (1200, 800, "dark"), "phone": (360, 740, "light")}


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m devtools.screenshots")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page, to look at")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    chosen = parser.parse_args()
    folder: Path = chosen.all or ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with showroom() as shown, chromium() as browser:
        page = browser.new_page(reduced_motion="reduce", locale=LANGUAGES[chosen.language])
        for take in EVERYTHING if chosen.all else (main_pages, button):
            take(page, shown, folder)


def main_pages(page: Page, shown: Showroom, folder: Path) -> None:
    """Take the pages that people use most, as much of each as fits."""
    enter(page, shown)
    rules = {rule.endpoint: rule.rule for rule in shown.app.url_map.iter_rules()}
    for name, endpoint in MAIN.items():
        if endpoint not in rules:
            continue
        furnishing.say_alive(shown.app)
        page.goto(shown.address + rules[endpoint])
        for look, (width, height, scheme) in LOOKS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=folder / f"{name}-{look}.png")


def button(page: Page, shown: Showroom, folder: Path) -> None:
    """Take the button just after a click: the code is sent, the countdown runs."""
    page.set_viewport_size({"width": 1000, "height": 560})
    enter(page, shown)
    page.locator("#email").fill(NEW_EMAIL)
    page.locator("#email-card [data-send] button").click()
    page.locator("#email-code").press_sequentially("4071")
    page.get_by_text(re.compile(r"\b56\b")).first.wait_for()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=folder / ("send-code.png" if scheme == "light" else f"send-code-{scheme}.png"))


def enter(page: Page, shown: Showroom) -> None:
    """Sign in as the owner."""
    cookie = {"name": "sendcode_session", "value": sign_in(shown.app), "url": shown.address}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"{shown.address}/cms/account")


def picture(page: Page, folder: Path, name: str) -> None:
    """Take one page in all sizes and colour schemes."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)


def signing_in(page: Page, shown: Showroom, folder: Path) -> None:
    """Take the pages before signing in."""
    page.goto(f"{shown.address}/cms/login")
    picture(page, folder, "login")
    page.locator("#email").fill(EMAIL)
    page.locator("#password").fill("wrong")
    page.locator("main .card [type=submit]").click()
    picture(page, folder, "login-wrong")
    page.goto(f"{shown.address}/nowhere")
    picture(page, folder, "error")


def account(page: Page, shown: Showroom, folder: Path) -> None:
    """Take the account page, from its first state to a wrong code."""
    enter(page, shown)
    picture(page, folder, "account")
    page.locator("#phone").fill("12")
    page.locator("#phone-card [data-send] button").click()
    page.locator("#phone-error").wait_for()
    picture(page, folder, "account-invalid")
    page.locator("#email").fill(NEW_EMAIL)
    page.locator("#email-card [data-send] button").click()
    page.locator("#email-code").wait_for()
    picture(page, folder, "account-sent")
    page.locator("#email-code").fill("000000")
    page.locator("#email-confirm button").click()
    page.locator("#email-code-error").wait_for()
    picture(page, folder, "account-wrong-code")
    page.locator("#email-card form[action$=cancel] button").click()


def passwords(page: Page, shown: Showroom, folder: Path) -> None:
    """Take the pages about passwords."""
    for name in ("password", "confirm-password"):
        page.goto(f"{shown.address}/cms/{name}")
        picture(page, folder, name)
    page.goto(f"{shown.address}/cms/password")
    page.locator("#password").fill("short")
    page.locator("#repeated").fill("short")
    page.locator("main .card [type=submit]").click()
    picture(page, folder, "password-weak")


def pages(page: Page, shown: Showroom, folder: Path) -> None:
    """Take every page that a link leads to."""
    client = shown.app.test_client()
    client.set_cookie("sendcode_session", sign_in(shown.app))
    for path in crawl.pages(shown.app, client)[0]:
        furnishing.say_alive(shown.app)
        page.goto(shown.address + path)
        if page.url.partition("?")[0].endswith(
            "/confirm-password"
        ):  # taking pictures takes longer than a password counts
            enter(page, shown)
            page.goto(shown.address + path)
        picture(page, folder, re.sub(r"\W+", "-", path.removeprefix("/cms/")))
    page.goto(f"{shown.address}/cms/audit")
    page.set_viewport_size({"width": 360, "height": 740})
    page.locator(".drawer > summary").click()
    picture(page, folder, "menu")
    page.goto(f"{shown.address}/cms/audit?what=schedule.removed")
    picture(page, folder, "audit-empty")


def schedule_form(page: Page, shown: Showroom, folder: Path) -> None:
    """Take the form of a schedule with errors, and the list without errors."""
    page.goto(f"{shown.address}/cms/schedules/1/edit")
    page.locator("#cron").fill("17 25 * * *")
    page.locator("#queue").fill("no queue")
    page.locator("form.card [type=submit]").click()
    picture(page, folder, "schedules-wrong")
    for number in (1, 2, 3, 4):
        page.goto(f"{shown.address}/cms/schedules/{number}/remove")
        page.locator("main [type=submit]").click()
    picture(page, folder, "schedules-empty")


def secrets(page: Page, shown: Showroom, folder: Path) -> None:
    """Take the secrets that are shown only once, and a form with errors."""
    page.goto(f"{shown.address}/cms/api-keys/new")
    page.locator("form.card [type=submit]").click()
    picture(page, folder, "api-keys-wrong")
    page.locator("#name").fill("Web shop")
    page.locator("form.card [type=submit]").click()
    page.locator("#secret").wait_for()
    picture(page, folder, "api-keys-made")


EVERYTHING: list[Callable[[Page, Showroom, Path], None]] = [
    signing_in,
    account,
    passwords,
    pages,
    secrets,
    schedule_form,
]


if __name__ == "__main__":
    main()
