import pytest

from domain.errors import InvalidInput
from domain.statuses import Channel
from domain.template_keys import TextKey, check, parse


@pytest.mark.parametrize(
    "text", ["code.sms.zh", "code.email.zh-Hant-HK", "code.sms.en@login", "code.sms.en@a.b-c_d"]
)
def test_a_key_is_read_as_it_is_written(text):
    assert str(parse(text)) == text


def test_a_locale_has_one_spelling():
    assert check("code", "sms", "ZH_hant").locale == "zh-Hant"
    assert parse("code.sms.en@login") == TextKey("code", Channel.SMS, "en", "login")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "code",
        "code.sms",
        "code.fax.en",
        "Code.sms.en",
        "../x.sms.en",
        "notice.sms.en@login",
        "code.sms.e n",
    ],
)
def test_an_invalid_key_is_refused(text):
    with pytest.raises(InvalidInput):
        parse(text)


def test_all_errors_are_reported_at_once():
    with pytest.raises(InvalidInput) as caught:
        check("Bad Name", "fax", "?", "LOGIN")
    assert [problem.field for problem in caught.value.problems] == [
        "name",
        "channel",
        "purpose",
        "locale",
        "purpose",
    ]
