"""The brand of mails: one colour, and what is below each of them."""

import re
from dataclasses import dataclass

from domain.characters import has_control_characters
from domain.errors import FieldProblem, InvalidInput

READABLE = 4.5
"""The least contrast of text to its ground (WCAG 2.2, 1.4.3)."""
_INK, _BLACK, _LIGHT, _DARK = "#1b1f24", "#000000", "#ffffff", "#1a1f27"
_LINK_IN_THE_DARK = "#8ab0ff"


LONGEST_FOOTER = 500
HIGHEST, WIDEST = 48, 240
"""Pixels of a logo in a mail; larger pictures are shown smaller, and are sharp on dense screens."""
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture by its name, with its size in pixels."""

    name: str
    width: int
    height: int

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in a mail."""
        scale = min(1.0, HIGHEST / self.height, WIDEST / self.width)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))


@dataclass(frozen=True, slots=True)
class Brand:
    """`colour` is that of buttons, written as `#2459c9`; empty `footer`: none."""

    colour: str = "#2459c9"
    footer: str = ""
    logo: Logo | None = None

    @property
    def on_colour(self) -> str:
        """The colour of words on a button: white or black, whichever reads better."""
        return max(_LIGHT, _BLACK, key=lambda ink: contrast(ink, self.colour))

    @property
    def in_the_light(self) -> str:
        """The colour of links: the brand's where it can be read on white, else ink."""
        return self.colour if contrast(self.colour, _LIGHT) >= READABLE else _INK

    @property
    def in_the_dark(self) -> str:
        """The colour of links where the ground is dark."""
        return self.colour if contrast(self.colour, _DARK) >= READABLE else _LINK_IN_THE_DARK


PLAIN = Brand()


def colour(text: str) -> str:
    """Return a colour as it is kept; raises InvalidInput."""
    found = text.strip().lower()
    if not _COLOUR.fullmatch(found):
        raise InvalidInput(FieldProblem("colour", "must be # and six of 0-9 a-f"))
    return found


def footer(text: str) -> str:
    """Return the lines below each mail as they are kept; raises InvalidInput."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(lines) > LONGEST_FOOTER or has_control_characters(lines.replace("\n", "")):
        raise InvalidInput(FieldProblem("footer", f"must have at most {LONGEST_FOOTER} characters"))
    return lines


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
