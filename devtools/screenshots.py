"""`python -m devtools.screenshots`: take the pictures of the documentation from the running console.

    python -m devtools.screenshots                 the button, light and dark, into docs/images
    python -m devtools.screenshots --all FOLDER    every page, light and dark, phone and desktop, to look at

Starts the console by itself in a temporary folder with gateways that only remember, and needs Chromium and Playwright.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from config import ROOT
from devtools.showroom import EMAIL, PASSWORD, chromium, showroom

NEW_EMAIL = "maria.lopez@example.org"
SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
SCHEMES = ("light", "dark")
PAGES = (
    "gateways",
    "gateways/main",
    "gateways/mail",
    "gateways/main/off",
    "api-keys",
    "api-keys/new",
    "administrators",
    "administrators/new",
    "administrators/1",
    "administrators/2",
    "administrators/2/disable",
    "account/sessions",
)


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m devtools.screenshots")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page, to look at")
    chosen = parser.parse_args()
    folder: Path = chosen.all or ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with showroom() as shown, chromium() as browser:
        page = browser.new_page(reduced_motion="reduce")
        for take in EVERYTHING if chosen.all else [button]:
            take(page, shown.address, folder)


def button(page: Page, address: str, folder: Path) -> None:
    """Picture the button just pressed: the code is sent, the countdown runs."""
    page.set_viewport_size({"width": 1000, "height": 560})
    sign_in(page, address)
    page.get_by_label("New e-mail").fill(NEW_EMAIL)
    page.get_by_role("button", name="Send code").first.click()
    page.get_by_label("Code", exact=True).press_sequentially("4071")
    page.get_by_text("again in 56 s").wait_for()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=folder / ("send-code.png" if scheme == "light" else f"send-code-{scheme}.png"))


def sign_in(page: Page, address: str) -> None:
    """Sign in with the password."""
    page.goto(f"{address}/cms/login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/cms/account")


def picture(page: Page, folder: Path, name: str) -> None:
    """Take one page in all sizes and schemes."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)


def signing_in(page: Page, address: str, folder: Path) -> None:
    """Picture what people see before they are in."""
    page.goto(f"{address}/cms/login")
    picture(page, folder, "login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    picture(page, folder, "login-wrong")
    page.goto(f"{address}/nowhere")
    picture(page, folder, "error")


def account(page: Page, address: str, folder: Path) -> None:
    """Picture the account page from the first look to a wrong code."""
    sign_in(page, address)
    picture(page, folder, "account")
    page.get_by_label("Phone number").fill("12")
    page.get_by_role("button", name="Send code").last.click()
    page.locator("#phone-error").wait_for()
    picture(page, folder, "account-invalid")
    page.get_by_label("New e-mail").fill(NEW_EMAIL)
    page.get_by_role("button", name="Send code").first.click()
    page.get_by_label("Code", exact=True).wait_for()
    picture(page, folder, "account-sent")
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Confirm").click()
    page.locator("#email-code-error").wait_for()
    picture(page, folder, "account-wrong-code")
    page.get_by_role("button", name="Cancel").click()


def passwords(page: Page, address: str, folder: Path) -> None:
    """Picture the pages about passwords."""
    for name in ("password", "confirm-password"):
        page.goto(f"{address}/cms/{name}")
        picture(page, folder, name)
    page.goto(f"{address}/cms/password")
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_label("New password once more").fill("short")
    page.get_by_role("button", name="Save password").click()
    picture(page, folder, "password-weak")


def pages(page: Page, address: str, folder: Path) -> None:
    """Picture the pages that only list."""
    for path in ("audit", "schedules", "schedules/1", "schedules/2", "schedules/1/remove", *PAGES):
        page.goto(f"{address}/cms/{path}")
        picture(page, folder, path.replace("/", "-"))
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_text("Menu", exact=True).click()
    picture(page, folder, "menu")
    page.goto(f"{address}/cms/audit?what=schedule.removed")
    picture(page, folder, "audit-empty")


def schedule_form(page: Page, address: str, folder: Path) -> None:
    """Picture the form of a schedule: empty, filled, with errors, and the list without any."""
    for path in ("schedules/new", "schedules/1/edit"):
        page.goto(f"{address}/cms/{path}")
        picture(page, folder, path.replace("/", "-"))
    page.get_by_label("Crontab line").fill("17 25 * * *")
    page.get_by_label("Queue").fill("no queue")
    page.get_by_role("button", name="Save").click()
    picture(page, folder, "schedules-wrong")
    for number in (1, 2, 3):
        page.goto(f"{address}/cms/schedules/{number}/remove")
        page.get_by_role("button", name="Remove").click()
    picture(page, folder, "schedules-empty")


def secrets(page: Page, address: str, folder: Path) -> None:
    """Picture what is shown only once, and what a form says that is not right."""
    page.goto(f"{address}/cms/api-keys/new")
    page.get_by_role("button", name="Make the key").click()
    picture(page, folder, "api-keys-wrong")
    page.get_by_label("Name").fill("Web shop")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_label("API key").wait_for()
    picture(page, folder, "api-keys-made")


EVERYTHING: list[Callable[[Page, str, Path], None]] = [
    signing_in,
    account,
    passwords,
    pages,
    secrets,
    schedule_form,
]


if __name__ == "__main__":
    main()
