import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.destinations import mask, parse
from domain.errors import InvalidDestination
from domain.statuses import Channel


@pytest.mark.parametrize(
    "typed",
    [
        "+86 138 0013 8000",
        "0086138-0013-8000",
        "  13800138000 ",
        "138 0013 8000",
        "(138) 0013–8000",
        "＋８６１３８００１３８０００",
        "１３８００１３８０００",
        "+٨٦١٣٨٠٠١٣٨٠٠٠",
        "+8613800138000\u3000",
        "(+86) 138 0013 8000",
        "（＋８６）13800138000",
    ],
)
def test_spellings_of_one_phone_number_are_one_destination(typed):
    parsed = parse(Channel.SMS, typed, region="CN")
    assert (parsed.to, parsed.canonical, parsed.limit_key) == ("+8613800138000",) * 3
    assert (parsed.country, parsed.prefix) == ("CN", "+861380013")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "abc",
        "12",
        "13800138000,13900139000",
        "13800138000/13900139000",
        "13800138000;13900139000",
        "13800138000 13900139000",
        "+8613800138000+8613900139000",
        "13800138000x5",
        "13800138000 ext. 5",
        "1-800-FLOWERS",
        "tel:+8613800138000",
        "12345",
        "13800138000²",
        "1380013800①",
        "+86(+)13800138000",
        "13800138000\n",
        "138\x0000138000",
        "138\u202800138000",
        "a@b.org",
        "1" * 400,
    ],
)
def test_an_ambiguous_phone_number_is_refused(typed):
    if typed.endswith("\n"):  # surrounding space is stripped, so a line end there does no harm
        typed = "13800138000\n1"
    with pytest.raises(InvalidDestination):
        parse(Channel.SMS, typed, region="CN")


def test_spellings_of_one_mailbox_share_a_limit_key():
    plain = parse(Channel.EMAIL, "a@b.ORG", region="CN")
    tagged = parse(Channel.EMAIL, " A+x@B.org ", region="CN")
    assert plain.limit_key == tagged.limit_key == "a@b.org"
    assert (tagged.to, tagged.canonical) == ("A+x@b.org", "a+x@b.org")
    assert plain.canonical != tagged.canonical, "a tag may be another person's mailbox at some hosts"


def test_a_domain_in_another_script_becomes_idna():
    parsed = parse(Channel.EMAIL, "info@Bücher.example.com", region="CN")
    assert parsed.to == "info@xn--bcher-kva.example.com"


@pytest.mark.parametrize(
    "typed",
    [
        "a@b.org, c@d.org",
        "a@b.org;c@d.org",
        "a@b.org c@d.org",
        "a@b@c.org",
        "Name <a@b.org>",
        "<a@b.org>",
        '"a b"@c.org',
        "a@[127.0.0.1]",
        "a@b",
        "a@b.org\r\nBcc: c@d.org",
        "a\x00@b.org",
        "a@b.org\u2028",
        "ä@bücher.de",
        "@b.org",
        "a@",
        "+8613800138000",
        "a" * 400 + "@b.org",
    ],
)
def test_an_ambiguous_mailbox_is_refused(typed):
    if typed.endswith("\u2028"):
        typed = "a\u2028@b.org"
    with pytest.raises(InvalidDestination):
        parse(Channel.EMAIL, typed, region="CN")


def test_a_shared_calling_code_without_a_known_area_has_no_country():
    assert parse(Channel.SMS, "+1 999 999 9999", region="CN").country is None
    assert parse(Channel.SMS, "+1 212 555 0123", region="CN").country == "US"


@given(st.text(max_size=80), st.sampled_from(Channel))
def test_any_text_is_one_destination_or_refused(text, channel):
    try:
        parsed = parse(channel, text, region="CN")
    except InvalidDestination:
        return
    assert parse(channel, parsed.to, region="CN").canonical == parsed.canonical
    assert parsed.to.isascii()
    assert not any(character.isspace() or character in ",;<>" for character in parsed.to)


@pytest.mark.parametrize(
    ("to", "masked"),
    [("+8613800138000", "+86138****8000"), ("anna@x.org", "a***@x.org"), ("12345", "***")],
)
def test_mask_hides_what_identifies(to, masked):
    assert mask(to) == masked
