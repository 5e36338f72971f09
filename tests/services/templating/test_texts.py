import re

import pytest
from jinja2 import TemplateError

from domain.statuses import Channel
from services.languages.locales import LOCALES, nearest_locale
from services.templating.texts import FOLDER, render

CODE = {"code": "012345", "minutes": 5, "service": "Tom & Jerry's"}


@pytest.mark.parametrize(
    ("wanted", "default", "found"),
    [
        ("zh-Hant-TW", "en", "zh"),
        ("DE", "en", "de"),
        ("en_GB", "de", "en"),
        ("fr", "de", "de"),
        (None, "zh", "zh"),
        ("fr", "pt", "en"),
        ("", "", "en"),
    ],
)
def test_the_nearest_locale_is_the_language_else_the_default_else_english(wanted, default, found):
    assert nearest_locale(wanted, default) == found


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_a_code_contains_code_lifetime_and_service(locale):
    sms = render("code", Channel.SMS, locale, CODE)
    mail = render("code", Channel.EMAIL, locale, CODE)
    for text in (sms.text, mail.text):
        assert all(part in text for part in ("012345", "5", "Tom & Jerry's"))
    assert "012345" in mail.html
    assert "Tom &amp; Jerry&#39;s" in mail.html
    assert "012345" not in mail.subject, "a subject stands in notifications and logs"
    assert "\n" not in mail.subject


def test_an_sms_in_english_fits_one_segment():
    assert len(render("code", Channel.SMS, "en", {**CODE, "service": "Sendcode"}).text) <= 160


def test_every_locale_has_the_same_templates():
    def names(locale):
        return {path.name for path in (FOLDER / locale).iterdir()}

    assert names("en") == names("zh") == names("de")


def test_a_missing_parameter_is_an_error_and_not_an_empty_text():
    with pytest.raises(TemplateError):
        render("code", Channel.SMS, "en", {"code": "1"})


def test_a_line_end_in_a_parameter_makes_no_second_subject_line():
    mail = render("code", Channel.EMAIL, "en", {**CODE, "service": "Shop"})
    assert not re.search(r"[\r\n]", mail.subject)


def test_a_template_can_not_climb_out_of_its_folder():
    with pytest.raises(TemplateError):
        render("../../app", Channel.SMS, "en", CODE)


@pytest.mark.parametrize(("locale", "one"), [("en", "1 minute."), ("de", "1 Minute.")])
@pytest.mark.parametrize("minutes", [1, "1"])
def test_one_minute_is_singular(locale, one, minutes):
    params = {**CODE, "minutes": minutes}
    mail = render("code", Channel.EMAIL, locale, params)
    for text in (render("code", Channel.SMS, locale, params).text, mail.text, mail.html):
        assert one in text
