"""Search terms are sealed in URLs."""

import pytest

from domain.errors import InvalidInput
from services.traffic import search_terms

pytestmark = pytest.mark.usefixtures("context")


def test_a_destination_is_not_to_be_read_from_its_token():
    token = search_terms.seal("  kim@example.org ")
    assert token == search_terms.seal("kim@example.org")
    assert token != search_terms.seal("kin@example.org")
    assert "kim" not in token
    assert token.isascii()
    assert search_terms.unseal(token) == "kim@example.org"


@pytest.mark.parametrize("token", ["", "x", "ü", "a" * 40, "====", "_-_-"])
def test_an_invalid_token_is_refused(token):
    with pytest.raises(InvalidInput):
        search_terms.unseal(token)


def test_a_too_long_term_is_refused():
    with pytest.raises(InvalidInput):
        search_terms.seal("x" * 321)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kim@example.org", True),
        ("+49 170 1234567", True),
        ("13800138000", True),
        ("8ff08be177c9ce335d436a492bf75e6a", False),
        ("SM-reference", False),
        ("", False),
    ],
)
def test_possible_destinations_are_recognised(text, expected):
    assert search_terms.is_destination(text) is expected
