"""The language of a page."""

import pytest
from flask import Flask

from services.languages import locales


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("de-AT,en;q=0.5", "de"),
        ("en;q=0.5,de-AT", "de"),
        ("fr,zh-Hant-TW;q=0.8,en;q=0.5", "zh"),
        ("ZH-cn", "zh"),
        ("de;q=0,en", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("", "en"),
        ("-,;q=x,\xff", "en"),
    ],
)
def test_the_reader_gets_the_first_language_that_we_have(app: Flask, asked: str, shown: str) -> None:
    with app.test_request_context(headers={"Accept-Language": asked}):
        assert locales.of_request() == shown


def test_without_a_page_it_is_the_default(context: None) -> None:
    assert locales.of_request() == "en"
