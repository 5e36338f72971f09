"""The page around a mail from Markdown: its colours in the light and in the dark."""

import pytest

from domain.brand import READABLE, Brand, contrast
from services.templating.mails import styles
from services.templating.mails.pages import Frame
from services.templating.text_sources import Source


def html(brand=None, **frame):
    version = Source(
        "[Go](https://a.example)\n\n**[Go](https://a.example)**", "s", is_markdown=True
    ).version()
    return version.render({"service": "A & <B>"}, Frame(brand or Brand(), **frame)).html


def test_the_page_has_the_language_and_the_name_of_the_service():
    shown = html(locale="zh-Hant")
    assert '<html lang="zh-Hant">' in shown
    assert shown.count("A &amp; &lt;B&gt;") == 2


@pytest.mark.parametrize("colour", ["#2459c9", "#ffd400", "#000000", "#ffffff", "#777777"])
def test_words_can_be_read_whatever_the_brand(colour):
    brand = Brand(colour)
    assert contrast(brand.on_colour, brand.colour) >= READABLE
    assert contrast(brand.in_the_light, styles.CARD) >= READABLE
    assert contrast(brand.in_the_dark, styles.DARK_CARD) >= READABLE
    shown = html(brand)
    assert f"background:{colour};color:{brand.on_colour}" in shown
    assert f"color:{brand.in_the_light}" in shown
    assert f".link {{color:{brand.in_the_dark}!important}}" in shown


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        (styles.INK, styles.CARD),
        (styles.SOFT, styles.CARD),
        (styles.INK, styles.GROUND),
        (styles.DARK_INK, styles.DARK_CARD),
        (styles.DARK_SOFT, styles.DARK_CARD),
        (styles.DARK_INK, styles.DARK_GROUND),
    ],
)
def test_the_page_itself_can_be_read(ink, ground):
    assert contrast(ink, ground) >= READABLE


def test_the_footer_is_text_and_nothing_else():
    shown = html(Brand(footer="Acme {{ 1 }} <b>\nStreet 1"))
    assert "Acme &#123;&#123; 1 }} &lt;b&gt;\nStreet 1</p>" in shown
    assert 'class="quote"' not in html()
