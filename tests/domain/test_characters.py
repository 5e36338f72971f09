"""Characters that nobody sees, and plain forms."""

import pytest

from domain.characters import half_width, shown, trimmed, without_unseen


@pytest.mark.parametrize(
    ("character", "told"),
    [
        ("\u00a0", "NO-BREAK SPACE (U+00A0)"),
        ("\u200b", "ZERO WIDTH SPACE (U+200B)"),
        ("\u202f", "NARROW NO-BREAK SPACE (U+202F)"),
        ("\u3000", "IDEOGRAPHIC SPACE (U+3000)"),
        ("\ufe0f", "VARIATION SELECTOR-16 (U+FE0F)"),
        ("\t", "no name (U+0009)"),
        ("’", "’ RIGHT SINGLE QUOTATION MARK (U+2019)"),
        ("…", "… HORIZONTAL ELLIPSIS (U+2026)"),
    ],
)
def test_a_character_is_told_by_its_name_and_shown_where_it_can_be_seen(character, told):
    assert shown(character) == told


def test_what_prints_nothing_is_dropped_and_the_rest_is_kept():
    assert without_unseen("\u200ea\ufeff \u2066b\ufe0f\u00ad\U000e0041") == "a b"
    assert without_unseen("é ß 中 👍") == "é ß 中 👍"
    assert trimmed(" \u200b\u3000 a\u200bb \ufeff\n") == "a\u200bb"
    assert trimmed("\u200b ") == ""


def test_full_width_ascii_becomes_ascii():
    assert half_width("ＡＢ＠１２：－\u3000。") == "AB@12:- 。"
