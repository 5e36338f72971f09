"""The text editor in a real browser: the preview follows the typing, and works without JavaScript, too."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]


def open_editor(context: Any, showroom: Any, showrooms: Any, key: str) -> Any:
    page = context.new_page()
    page.goto(f"{showroom.address}/cms/login?next=/cms/templates/{key}/edit")
    page.get_by_label("E-mail").fill(showrooms.EMAIL)
    page.get_by_label("Password").fill(showrooms.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{showroom.address}/cms/templates/{key}/edit")
    return page


def wait_until(page: Any, is_so: Callable[[], bool]) -> bool:
    """Ask again for five seconds."""
    for _ in range(50):
        if is_so():
            return True
        page.wait_for_timeout(100)
    return False


def test_the_preview_follows_what_is_typed(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB")
    watch = Watch(context, showroom.address)
    page = open_editor(context, showroom, showrooms, "code.sms.de")
    text = page.get_by_role("textbox", name="Text", exact=True)
    text.fill("{{ code }} – kurz")
    page.locator(".bubble", has_text="012345 – kurz").wait_for()
    assert page.locator(".segments").inner_text().startswith("1 segment")
    text.fill("{{ cod }}")
    page.get_by_text("The preview appears once the text is valid.").wait_for()
    page.locator("#preview").get_by_text("There is no “cod” here").wait_for()
    page.locator(".field.wrong p.error", has_text="There is no “cod” here.").wait_for()
    text.fill("{{ code }}")
    page.get_by_label("End with a line").check()
    page.get_by_label("Host").fill("shop.example")
    page.locator(".bubble", has_text="@shop.example #012345").wait_for()
    assert page.locator(".field.wrong").count() == 0
    assert watch.strange == []
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_html_is_shown_with_its_styles_in_a_sandbox(
    chromium: Any, showroom: Any, showrooms: Any, script: bool
) -> None:
    context = chromium.new_context(locale="en-GB", java_script_enabled=script)
    watch = Watch(context, showroom.address)
    page = open_editor(context, showroom, showrooms, "spring_sale.email.en")
    page.get_by_label("Plain text, and HTML of your own").check()
    page.get_by_label("HTML version").fill(
        '<p id="said" style="color: rgb(1, 2, 3)">{{ name }}</p><img src="https://tracker.example/x.gif" alt="">'
        "<script>document.getElementById('said').textContent = 'run'</script>"
    )
    page.get_by_role("button", name="Preview").click()
    if not script:
        page.get_by_role("button", name="Light").click()
    said = page.frame_locator("iframe.mail").locator("#said")
    said.wait_for()
    assert said.inner_text() == "name"
    if script:
        assert said.evaluate("element => getComputedStyle(element).color") == "rgb(1, 2, 3)"
    assert not [one for one in watch.strange if "tracker" not in str(one)]
    context.close()


def test_markdown_is_shown_in_the_light_and_in_the_dark(chromium: Any, showroom: Any, showrooms: Any) -> None:
    context = chromium.new_context(locale="en-GB")
    watch = Watch(context, showroom.address)
    page = open_editor(context, showroom, showrooms, "spring_sale.email.en")
    page.get_by_label("Markdown").check()
    page.get_by_role("textbox", name="Text", exact=True).fill("# Hello ")
    page.get_by_role("button", name="{{ service }}").click()
    card = page.frame_locator("iframe.mail").locator(".card")
    card.get_by_role("heading", name="Hello Sendcode").wait_for()
    ground = "element => getComputedStyle(element).backgroundColor"
    light, dark = "rgb(255, 255, 255)", "rgb(26, 31, 39)"
    assert card.evaluate(ground) == light
    page.get_by_label("As wide as a phone").check()
    assert page.locator("iframe.mail").bounding_box()["width"] <= 360
    page.get_by_role("button", name="Dark").click()
    assert wait_until(page, lambda: card.evaluate(ground) == dark)
    page.get_by_role("textbox", name="Text", exact=True).fill("# Bye")
    card.get_by_role("heading", name="Bye").wait_for()
    assert card.evaluate(ground) == dark
    assert page.get_by_label("As wide as a phone").is_checked()
    assert watch.strange == []
    context.close()


def test_a_text_is_written_and_published_without_javascript(
    chromium: Any, showroom: Any, showrooms: Any
) -> None:
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    page = open_editor(context, showroom, showrooms, "code.sms.zh")
    page.get_by_role("textbox", name="Text", exact=True).fill("验证码 {{ code }}")
    page.get_by_role("button", name="Preview").click()
    assert page.locator(".bubble").inner_text() == "验证码 012345"
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(r"/cms/templates/code\.sms\.zh$"))
    assert "Version 1 is published" in page.get_by_role("status").first.inner_text()
    context.close()
