"""Known texts and their segments.

Sources: 3GPP TS 23.038 6.2.1 (the alphabet and its extension) and 6.1.2 (160 characters of seven bits, 70 of sixteen);
3GPP TS 23.040 9.2.3.24.1 (153 and 67 in each part of a longer text); Twilio's Messaging Segment Calculator
(twiliodeved.github.io/message-segment-calculator) for characters that count twice and are never split.
"""

import pytest

from domain.segments import Encoding, count, number

GSM, UNICODE = Encoding.GSM, Encoding.UNICODE
WHOLE_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
KNOWN = [
    ("", GSM, 0, 1, 160),
    ("Hello", GSM, 5, 1, 155),
    (WHOLE_ALPHABET, GSM, 127, 1, 33),
    ("€", GSM, 2, 1, 158),
    ("^{}\\[~]|€\f", GSM, 20, 1, 140),
    ("a" * 160, GSM, 160, 1, 0),
    ("a" * 161, GSM, 161, 2, 145),
    ("a" * 306, GSM, 306, 2, 0),
    ("a" * 307, GSM, 307, 3, 152),
    ("€" * 80, GSM, 160, 1, 0),
    ("€" * 81, GSM, 162, 2, 143),
    ("a" * 152 + "€" + "a" * 100, GSM, 254, 2, 51),
    ("您" * 70, UNICODE, 70, 1, 0),
    ("您" * 71, UNICODE, 71, 2, 63),
    ("您" * 134, UNICODE, 134, 2, 0),
    ("您" * 135, UNICODE, 135, 3, 66),
    ("a" * 69 + "ç", UNICODE, 70, 1, 0),
    ("Don’t", UNICODE, 5, 1, 65),
    ("😀", UNICODE, 2, 1, 68),
    ("😀" * 35, UNICODE, 70, 1, 0),
    ("😀" * 36, UNICODE, 72, 2, 61),
    ("a" * 66 + "😀" * 3, UNICODE, 72, 2, 61),
    ("【Sendcode】您的验证码是 123456，5 分钟内有效。请勿告诉他人。", UNICODE, 39, 1, 31),
    ("Sendcode: your code is 123456. It is valid for 5 minutes. Don't share it with anyone.", GSM, 85, 1, 75),
]


@pytest.mark.parametrize(("text", "encoding", "units", "segments", "room"), KNOWN, ids=range(len(KNOWN)))
def test_known_texts_have_the_known_number_of_segments(text, encoding, units, segments, room):
    found = count(text)
    assert (found.encoding, found.units, found.count, found.room) == (encoding, units, segments, room)
    assert number(text) == segments


def test_expensive_characters_are_listed_once_each():
    assert count("’’ “quoted” … – and 6 more: ①②③④⑤⑥").foreign == ("’", "“", "”", "…", "–")
    assert count("plain €").foreign == ()


def test_characters_that_nobody_sees_are_named_first():
    assert count("①②③④⑤⑥ a\u00a0b\u200b").foreign[:2] == ("\u00a0", "\u200b")
