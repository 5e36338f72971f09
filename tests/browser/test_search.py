"""The keys of the search in a real browser: on a wide page, on a phone, and while somebody types elsewhere."""

from typing import Any

import pytest

from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]


@pytest.mark.parametrize(("width", "key"), [(1280, "/"), (1280, "Control+k"), (360, "/")])
def test_a_key_leads_to_the_search_and_enter_to_what_it_finds(
    chromium: Any, showroom: Any, showrooms: Any, width: int, key: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    value = showrooms.sign_in(showroom.app)
    context.add_cookies([{"name": "sendcode_session", "value": value, "url": showroom.address}])
    watch, page = Watch(context, showroom.address), context.new_page()
    page.goto(f"{showroom.address}/cms/messages")
    page.get_by_label("Search", exact=True).press("/")
    assert (
        page.get_by_label("Search", exact=True).input_value() == "/"
    )  # typed, because a field had the cursor
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key)
    page.keyboard.type("suppression")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url == f"{showroom.address}/cms/suppressions"
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()
