"""Long work in a real browser: a page shows the progress, and a form says that its answer takes a while."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.owners import Owner
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message
from services.messaging import broadcasts
from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture
def waiting(showroom: Any) -> str:
    """A broadcast to four recipients, scheduled for later."""
    recipients = [{"to": f"k{n}@example.org"} for n in range(4)]
    with showroom.app.app_context():
        at = datetime.now(UTC) + timedelta(hours=1)
        request = broadcasts.Request(Channel.EMAIL, recipients, subject="News", text="Hello", send_at=at)
        return broadcasts.start(request, Owner("key:a")).id


def send(app: Any, broadcast_id: str, count: int) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        rows = db.select(Message).where(Message.broadcast_id == broadcast_id, Message.status == "queued")
        for row in db.session.scalars(rows.limit(count)):
            row.status, row.due_at, row.sent_at, row.settled_at = MessageStatus.SENT.value, None, now, now
        db.session.commit()


def open_page(context: Any, showroom: Any, showrooms: Any, path: str) -> Any:
    value = showrooms.sign_in(showroom.app)
    context.add_cookies([{"name": "sendcode_session", "value": value, "url": showroom.address}])
    page = context.new_page()
    page.goto(f"{showroom.address}/cms/{path}")
    return page


def test_the_page_follows_a_broadcast_until_it_has_ended(
    chromium: Any, showroom: Any, showrooms: Any, waiting: str
) -> None:
    context = chromium.new_context(locale="en-GB")
    watch = Watch(context, showroom.address)
    page = open_page(context, showroom, showrooms, f"broadcasts/{waiting}")
    page.get_by_role("link", name="Cancel").focus()
    send(showroom.app, waiting, 1)
    page.get_by_text("1 of 4 finished").wait_for()
    assert page.get_by_role("progressbar", name="Progress").get_attribute("value") == "1"
    assert page.evaluate("document.activeElement.textContent") == "Cancel", "the focus stays"
    page.locator("#progress a", has_text="1").focus()
    send(showroom.app, waiting, 3)
    page.get_by_text("4 of 4 finished").wait_for()
    assert page.locator("#announcer").text_content() == "Broadcast: Done"
    assert page.locator("#state").inner_text() == "Done"
    assert "Ended" in page.locator("#facts").inner_text()
    assert page.get_by_role("button", name="Pause").count() == 0
    assert page.locator("[data-pending]").count() == 0
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == [], "nothing is asked once it has ended"
    assert watch.saw_nothing()
    context.close()


def test_without_javascript_a_link_reloads(
    chromium: Any, showroom: Any, showrooms: Any, waiting: str
) -> None:
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    page = open_page(context, showroom, showrooms, f"broadcasts/{waiting}")
    send(showroom.app, waiting, 2)
    page.get_by_role("link", name="Reload").click()
    page.get_by_text("2 of 4 finished").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused. Messages already with a worker are still sent.").wait_for()
    assert page.get_by_role("button", name="Resume").is_visible()
    context.close()


def test_a_bulk_action_says_that_it_is_running_and_is_submitted_once(
    chromium: Any, showroom: Any, showrooms: Any, waiting: str
) -> None:
    context = chromium.new_context(locale="en-GB")
    page = open_page(context, showroom, showrooms, f"messages/bulk/cancel?broadcast={waiting}")
    button = page.locator("form button.danger")
    held_back = "form => form.addEventListener('submit', event => event.preventDefault(), {once: true})"
    page.locator("form[data-working]").evaluate(held_back)  # its answer takes as long as this test likes
    button.click()
    page.get_by_text("Working …").wait_for()
    assert button.is_disabled()
    assert page.locator("[data-note]").is_visible()
    assert "In progress." in page.locator("#announcer").text_content()
    page.locator("form[data-working]").evaluate("form => form.requestSubmit()")
    page.get_by_text("4 messages are canceled.").wait_for()
    context.close()


def test_an_export_says_that_the_download_has_started(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB")
    page = open_page(context, showroom, showrooms, "messages/export")
    button = page.get_by_role("button", name="Download")
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "messages.csv"
    page.get_by_text("Your browser has requested the file.").first.wait_for()
    assert button.is_enabled()
    context.close()
