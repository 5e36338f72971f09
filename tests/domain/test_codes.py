from collections import Counter

import pytest

from domain.codes import generate, hash_code, new_id, parse_guess, same
from domain.errors import MalformedCode
from domain.keyring import Keyring

PASTED = [
    "123\u00a0456",
    "123\u3000456",
    "123\u202f456\t\r\n",
    "\ufeff123456\u200b",
    "\u202a123456\u202c",
    "\u2068123\u2060456\u2069\ufe0f",
    "123\u2011456",
    "123–456",
    "123—456",
    "123−456",
    "123﹣456",
    "１２３－４５６",
    "１２３ー４５６",
    "123\u00ad456",
    "𝟏𝟐𝟑𝟒𝟓𝟔",
]
"""How a code arrives from a message, a web page or a phone's keyboard."""


def test_codes_have_the_length_asked_for_and_keep_leading_zeros():
    codes = [generate(6) for _ in range(5_000)]
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert any(code.startswith("0") for code in codes)


def test_every_digit_is_equally_likely_in_every_place():
    codes = [generate(6) for _ in range(20_000)]
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        chi_square = sum((counts[str(digit)] - 2_000) ** 2 / 2_000 for digit in range(10))
        assert chi_square < 45, "nine degrees of freedom: chance alone goes beyond once in a million"


def test_ids_hold_at_least_120_random_bits():
    assert len(new_id()) * 4 >= 120
    assert len({new_id() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "typed", ["123456", " 123 456 ", "123-456", "１２３４５６", "١٢٣٤٥٦", "1 2 3 4 5 6", *PASTED]
)
def test_a_guess_may_be_typed_in_groups_and_in_other_digits(typed):
    assert parse_guess(typed, length=6) == "123456"


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "12345a", "12345\n", "123456\x00", "1" * 100, "-" * 6, "12345²", "½23456"],
)
def test_an_impossible_code_is_malformed(typed):
    with pytest.raises(MalformedCode):
        parse_guess(typed, length=6)


def test_a_zero_in_another_script_is_a_zero():
    assert parse_guess("٠٠٠٠٠٠", length=6) == "000000"


@pytest.mark.parametrize("other", [{"verification": "v2"}, {"purpose": "p2"}, {"canonical": "c2"}])
def test_a_hash_is_bound_to_verification_purpose_and_destination(other):
    keyring = Keyring(["k" * 32])
    bound = {"verification": "v1", "purpose": "p1", "canonical": "c1"}
    original = hash_code(keyring, "123456", **bound)
    assert same(original, hash_code(keyring, "123456", **bound))
    assert not same(original, hash_code(keyring, "123456", **{**bound, **other}))
    assert not same(original, hash_code(keyring, "123457", **bound))
