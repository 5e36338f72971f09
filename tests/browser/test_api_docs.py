"""The page of the API in a real browser: accessible, as narrow as a phone, in light and dark, in a chosen language."""

from typing import Any

import pytest

from tests.browser.test_walk import faults
from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]


@pytest.mark.parametrize(("width", "colours"), [(1440, "light"), (360, "dark")])
def test_the_page_is_accessible_and_shows_one_language(
    chromium: Any, showroom: Any, width: int, colours: str
) -> None:
    context = chromium.new_context(color_scheme=colours, viewport={"width": width, "height": 800})
    watch, page = Watch(context, showroom.address), context.new_page()
    page.goto(f"{showroom.address}/api/docs")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page, "en") == []
    assert [page.locator(f".code.in-{one}").first.is_visible() for one in ("curl", "go")] == [True, False]
    page.get_by_role("banner").get_by_text("Go", exact=True).click()
    assert [page.locator(f".code.in-{one}").first.is_visible() for one in ("curl", "go")] == [False, True]
    assert page.get_by_role("navigation").is_visible() == (width == 1440)  # on a phone behind its button
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()
