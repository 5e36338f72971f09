"""The overview's charts and the lists in a real browser: tips under the pointer, rows to click, news of new rows."""

import re
from typing import Any

import pytest

from domain.owners import Owner
from domain.statuses import Channel
from services.messaging import messages
from tests.browser.test_progress import open_page
from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]


def test_a_chart_shows_all_values_of_the_place_under_the_pointer(
    chromium: Any, showroom: Any, showrooms: Any
) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    watch = Watch(context, showroom.address)
    page = open_page(context, showroom, showrooms, "?period=30d")
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    for share in (0.02, 0.5, 0.98):
        box = plot.bounding_box()
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 80)
        tip = page.locator(".tip:visible")
        lines = tip.inner_text().split("\n")
        assert re.fullmatch(r"\d+ \w+ \d{4}(, so far)?", lines[0])
        assert [line.partition(":")[0] for line in lines[1:3]] == ["Messages", "Delivered"]
        shown, frame = tip.bounding_box(), page.locator(".chart").first.bounding_box()
        assert frame["x"] - 1 <= shown["x"] <= shown["x"] + shown["width"] <= frame["x"] + frame["width"] + 1
    assert page.locator(".cross").count() == 1
    page.mouse.move(0, 0)
    assert page.locator(".tip:visible").count() == 0
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()


def test_an_entry_of_the_legend_hides_its_series(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = open_page(context, showroom, showrooms, "?period=30d")
    card = page.locator(".card:has(.plot)").first
    column = card.locator(".column:has(.delivered):has(.sent)").first
    below, above = (column.locator(kind).bounding_box() for kind in (".delivered", ".sent"))
    button = card.get_by_role("button", name="Delivered")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert card.locator(".bar.delivered:visible").count() == 1, "only that of the legend"
    sunk = column.locator(".sent").bounding_box()
    assert abs(sunk["y"] + sunk["height"] - below["y"] - below["height"]) < 1
    button.press("Enter")
    back = column.locator(".sent").bounding_box()
    assert abs(back["y"] - above["y"]) < 1
    context.close()


def test_a_phone_folds_what_is_below_the_first_chart(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    page = open_page(context, showroom, showrooms, "")
    assert page.locator(".plot:visible").count() == 1
    heading = page.get_by_role("button", name="Gateways", exact=True)
    assert heading.get_attribute("aria-expanded") == "false"
    heading.click()
    assert heading.get_attribute("aria-expanded") == "true"
    assert page.locator(".breakdown table:visible").count() == 1
    height = page.evaluate("document.documentElement.scrollHeight")
    without = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    plain = open_page(without, showroom, showrooms, "")
    assert plain.locator(".plot:visible").count() > 1
    assert height < 0.6 * plain.locator("html").bounding_box()["height"]
    for one in (context, without):
        one.close()


def test_the_whole_row_leads_to_its_page(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = open_page(context, showroom, showrooms, "messages?status=delivered")
    row = page.locator(".list tbody tr").nth(3)
    assert 38 <= row.bounding_box()["height"] <= 44
    target = row.locator("a").get_attribute("href")
    for cell in (4, 2):  # a time with its title, and plain ground
        box = page.locator(".list tbody tr").nth(3).locator("td").nth(cell).bounding_box()
        page.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)
        page.wait_for_url(f"**{target}")
        page.go_back()
    context.close()


def test_a_list_offers_what_has_come_in_since(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB")
    page = open_page(context, showroom, showrooms, "messages?channel=sms")
    page.clock.install()
    page.reload()
    news = page.locator(".newer a")
    assert not news.is_visible()
    with showroom.app.app_context():
        for _ in range(2):
            messages.send(messages.Request(Channel.SMS, "+8613800138777", text="Hello"), Owner("key:a"))
    page.clock.run_for(11_000)
    news.wait_for()
    assert news.inner_text() == "2 new"
    news.click()
    page.wait_for_load_state()
    assert "+86138****8777" in page.locator(".list tbody tr").first.inner_text()
    context.close()


def test_the_sign_in_tells_the_time_zone_of_the_browser(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(f"{showroom.address}/cms/login")
    assert [one["value"] for one in context.cookies() if one["name"] == "zone"] == ["Asia/Tokyo"]
    context.close()


def test_a_message_is_picked_without_leaving_the_list(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    watch = Watch(context, showroom.address)
    page = open_page(context, showroom, showrooms, "/messages")
    bar = page.locator("#picked")
    assert not bar.is_visible()
    boxes = page.locator(".dense [name=id]")
    boxes.nth(0).check()
    boxes.nth(2).press("Space")
    assert bar.is_visible()
    ids = [boxes.nth(place).get_attribute("value") for place in (0, 2)]
    with page.expect_navigation():
        bar.get_by_role("button", name="Send again").click()
    assert re.findall(r"id=(\w+)", page.url) == ids
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()


def test_a_message_about_the_last_press_is_closed(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    page = open_page(context, showroom, showrooms, "/account")
    with page.expect_navigation():
        page.locator("form:has(#zone) button").click()
    told = page.get_by_role("status").filter(has_text="Times are shown in")
    assert told.is_visible()
    page.get_by_role("button", name="Close").click()
    assert told.count() == 0
    assert page.evaluate("document.activeElement.id") == "main"
    context.close()
