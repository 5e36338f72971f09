"""Errors that differ only in an address, a number or an id are of one kind, and its pattern finds them."""

import re

import pytest

from domain.error_kinds import GAP, LONGEST, kind_of, pattern


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("absent subscriber", "absent subscriber"),
        ("550 5.1.1 <kim.doe@example.org>: Recipient rejected", "550 5.1.1 <…>: Recipient rejected"),
        ("+8613800138000 is unknown", "… is unknown"),
        ("+86138****8000 is unknown", "… is unknown"),
        ("queued as 4bXk92mA0zPq1", "queued as …"),
        ("isv.BUSINESS_LIMIT_CONTROL", "isv.BUSINESS_LIMIT_CONTROL"),
        ("no answer within 10 s", "no answer within 10 s"),
    ],
)
def test_a_kind_has_gaps_for_what_differs(text, kind):
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    "text", ["a_b 100% \\ <kim@example.org>", "x" * 200, "550 kim@example.org " + "é" * 150]
)
def test_the_pattern_of_a_kind_finds_its_errors(text):
    kind = kind_of(text)
    assert len(kind) <= LONGEST + len(GAP)
    found = re.sub(
        r"\\(.)|(%)|(.)",
        lambda one: ".*" if one[2] else re.escape(one[1] or one[3]),
        pattern(kind, escape="\\"),
    )
    assert re.fullmatch(found, text)
    assert not re.fullmatch(found, "another error")
