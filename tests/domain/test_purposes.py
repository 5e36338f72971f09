import pytest

from domain.errors import InvalidInput
from domain.purposes import check_locale, check_metadata, check_purpose


@pytest.mark.parametrize("purpose", ["login", "change_email", "a", "a.b-c_9", "x" * 64])
def test_purposes_are_short_plain_words(purpose):
    assert check_purpose(purpose) == purpose


@pytest.mark.parametrize("purpose", ["", "Login", "a b", "ä", "x" * 65, "a\n", "a\x00", "登录"])
def test_other_purposes_are_refused(purpose):
    with pytest.raises(InvalidInput):
        check_purpose(purpose)


@pytest.mark.parametrize("locale", ["en", "zh-CN", "zh_Hans_CN", "de-DE-1996"])
def test_language_tags_are_accepted(locale):
    assert check_locale(locale) == locale


@pytest.mark.parametrize("locale", ["", "x", "../en", "en\n", "a" * 36, "en--US"])
def test_an_invalid_language_tag_is_refused(locale):
    with pytest.raises(InvalidInput):
        check_locale(locale)


def test_metadata_is_bounded():
    assert check_metadata({"order": "42"}) == {"order": "42"}
    for broken in ({str(n): "" for n in range(21)}, {"k": "x" * 4096}, {"k": "a\r\nb"}, {"k\x00": "a"}):
        with pytest.raises(InvalidInput):
            check_metadata(broken)
