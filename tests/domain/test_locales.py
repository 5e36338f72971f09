import pytest

from domain.locales import broader, canonical, chain


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("ZH_hant_hk", "zh-Hant-HK"),
        ("EN", "en"),
        ("de-1996", "de-1996"),
        ("es-419", "es-419"),
        ("pt-br", "pt-BR"),
    ],
)
def test_a_tag_is_written_as_its_standard_recommends(given, written):
    assert canonical(given) == written


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("zh-Hant-HK", ["zh-Hant-HK", "zh-Hant", "zh"]),
        ("zh-TW", ["zh-TW", "zh-Hant", "zh"]),
        ("zh-CN", ["zh-CN", "zh-Hans", "zh"]),
        ("de-AT", ["de-AT", "de"]),
        ("de-DE-1996", ["de-DE-1996", "de-DE", "de"]),
        ("en-GB-u-ca-gregory", ["en-GB-u-ca-gregory", "en-GB-u-ca", "en-GB", "en"]),
        ("fr", ["fr"]),
    ],
)
def test_a_tag_is_shortened_part_by_part(tag, found):
    assert broader(tag) == found


@pytest.mark.parametrize(
    ("wanted", "default", "found"),
    [
        ("zh-Hant-HK", "de-AT", ["zh-Hant-HK", "zh-Hant", "zh", "de-AT", "de", "en"]),
        ("fr", "en-GB", ["fr", "en-GB", "en"]),
        (None, "zh", ["zh", "en"]),
        ("en-US", "en", ["en-US", "en"]),
        ("", "", ["en"]),
    ],
)
def test_the_readers_languages_are_followed_by_the_default_and_english(wanted, default, found):
    assert chain(wanted, default) == found
