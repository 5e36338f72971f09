import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.destinations import Numbers, channel_of, mask, parse, readable
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
        "\u202a+86 138 0013 8000\u202c",
        "\u2068138\u20600013\u200b8000\u2069\ufe0f",
        "\ufeff13800138000",
        "\u200b 13800138000 \u200b",
        "138\u00a00013\u202f8000",
        "138·0013·8000",
        "138・0013・8000",
        "138ー0013ー8000",
        "138−0013—8000",
        "tel:+8613800138000",
        "TEL: 138-0013-8000",
        "tel：１３８００１３８０００",
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
        "tel:+8613800138000;ext=5",
        "tel:13800138000;phone-context=+86",
        "tel:",
        "fax:+8613800138000",
        "tel:tel:+8613800138000",
        "138,00138000",
        "138|00138000",
        "+8610000000000",
        "+0086 138 0013 8000",
        "138\t0013\t8000",
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
        "a@b.org/c@d.org",
        "mailto:a@b.org?cc=c@d.org",
        "a@b.org，c@d.org",
        "a" * 65 + "@b.org",
        "ä" * 33 + "@b.org",
        "info@\u0646\u0627\u0645\u200c\u0647\u0627\u06cc.com",
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
        parse(Channel.EMAIL, typed, region="CN", takes_smtputf8=True)


@pytest.mark.parametrize(
    "typed",
    [
        "\u2068kim@example.org\u2069",
        "kim＠example.org",
        "ｋｉｍ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "kim@example。org",
        "\ufeffkim@\u200bexample.org\u3000",
        "kim@exam\u00adple.org",
        "mailto:kim@example.org",
        "MAILTO: kim@example.org",
        "kim\u200d@example.org",
    ],
)
def test_a_pasted_mail_address_is_the_plain_one(typed):
    assert parse(Channel.EMAIL, typed, region="CN").to == "kim@example.org"
    assert channel_of(typed) is Channel.EMAIL


def test_letters_before_the_at_need_a_gateway_that_takes_them():
    with pytest.raises(InvalidDestination, match="SMTPUTF8"):
        parse(Channel.EMAIL, "müller@b.org", region="CN")
    composed = parse(Channel.EMAIL, "müller@b.org", region="CN", takes_smtputf8=True)
    decomposed = parse(Channel.EMAIL, "Mu\u0308ller@B.org", region="CN", takes_smtputf8=True)
    assert composed.canonical == decomposed.canonical == "müller@b.org"


@pytest.mark.parametrize("local", ["a" * 64, "ä" * 32])
def test_a_mailbox_may_have_64_octets_before_the_at(local):
    assert parse(Channel.EMAIL, f"{local}@b.org", region="CN", takes_smtputf8=True).to == f"{local}@b.org"


def test_dots_and_the_other_domain_of_gmail_are_one_limit_key_and_stay_in_the_address():
    typed = ["g.mail@gmail.com", "gmail@gmail.com", "G.M.ail+x@googlemail.com", "gmail@GoogleMail.com"]
    parsed = [parse(Channel.EMAIL, one, region="CN") for one in typed]
    assert {one.limit_key for one in parsed} == {"gmail@gmail.com"}
    assert [one.canonical for one in parsed] == [one.lower() for one in typed]
    assert parse(Channel.EMAIL, "g.mail@example.org", region="CN").limit_key == "g.mail@example.org"


@pytest.mark.parametrize(
    ("typed", "region", "e164"),
    [
        ("001 65 9123 4567", "HK", "+6591234567"),
        ("0065 9123 4567", "HK", "+6591234567"),
        ("011 86 138 0013 8000", "US", "+8613800138000"),
        ("810 49 1511 2345678", "RU", "+4915112345678"),
        ("0011 49 1511 2345678", "AU", "+4915112345678"),
        ("010 49 1511 2345678", "JP", "+4915112345678"),
        ("00 21 86 138 0013 8000", "BR", "+8613800138000"),
        ("990 49 1511 2345678", "FI", "+4915112345678"),
        ("001 49 1511 2345678", "SG", "+4915112345678"),
        ("0044 20 7946 0000", "DE", "+442079460000"),
        ("00390612345678", "IT", "+390612345678"),
        ("0612345678", "IT", "+390612345678"),
        ("+52 1 55 1234 5678", "CN", "+525512345678"),
        ("1 55 1234 5678", "MX", "+525512345678"),
        ("+54 11 15 2345 6789", "CN", "+5491123456789"),
        ("0151/12345678", "DE", "+4915112345678"),
        ("+49 (0) 151 12345678", "CN", "+4915112345678"),
    ],
)
def test_the_way_abroad_is_that_of_the_home_region(typed, region, e164):
    assert parse(Channel.SMS, typed, region=region).to == e164


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("001 65 8234 5678", "HK"),  # +65 after the carrier's prefix 001, or +1 658 in Jamaica after 00
        ("00 49 1511 2345678", "SG"),  # +49, or +91 after the carrier's prefix 004
        ("030 1234567/68", "DE"),
        ("030/1234567/68", "DE"),
        ("030 123456 987654", "DE"),
        ("0086 138 0013 8000", "US"),
        ("0086 138 0013 8000", "BR"),
        ("011 86 138 0013 8000", "CN"),
    ],
)
def test_what_could_mean_two_numbers_or_another_regions_way_abroad_is_refused(typed, region):
    with pytest.raises(InvalidDestination):
        parse(Channel.SMS, typed, region=region)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_00_is_read_as_plus_or_not_at_all(region):
    for abroad in ("6591234567", "8613800138000", "4915112345678", "12125550123", "442079460000"):
        try:
            assert parse(Channel.SMS, f"00{abroad}", region=region).to == f"+{abroad}"
        except InvalidDestination:
            continue


WITH_MOBILES = [
    region
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
]


@pytest.mark.parametrize("region", WITH_MOBILES)
def test_the_mobile_numbers_of_every_region_are_taken(region):
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert parse(Channel.SMS, e164, region="CN").to == e164
    assert parse(Channel.SMS, national, region=region).to == e164


def test_a_possible_number_is_taken_where_the_setting_says_so():
    parsed = parse(Channel.SMS, "+8610000000000", region="CN", numbers=Numbers.POSSIBLE)
    assert (parsed.to, parsed.country) == ("+8610000000000", "CN")
    with pytest.raises(InvalidDestination):
        parse(Channel.SMS, "+86100", region="CN", numbers=Numbers.POSSIBLE)


@pytest.mark.parametrize("typed", ["+881612345678", "+80012345678", "+88213123456", "+979123456789"])
def test_a_number_of_no_country_has_none(typed):
    assert parse(Channel.SMS, typed, region="CN", numbers=Numbers.POSSIBLE).country is None


def test_a_destination_is_shown_in_groups_with_its_country():
    assert readable(parse(Channel.SMS, "13800138000", region="CN")) == "+86 138 0013 8000 (CN)"
    assert readable(parse(Channel.SMS, "+881612345678", region="CN")) == "+881 6 123 45678"
    assert readable(parse(Channel.EMAIL, "A@b.ORG", region="CN")) == "A@b.org"


def test_a_shared_calling_code_without_a_known_area_has_no_country():
    unknown = parse(Channel.SMS, "+1 999 999 9999", region="CN", numbers=Numbers.POSSIBLE)
    assert unknown.country is None
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
