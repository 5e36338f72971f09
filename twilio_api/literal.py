"""Twilio's texts are literal: in ours, `{{ name }}` would be replaced by a value."""

from dataclasses import dataclass, field

BRACES = "{{"
NAME = "braces"


@dataclass(frozen=True, slots=True)
class Literal:
    """A text of ours that says exactly what Twilio's says."""

    text: str = field(repr=False)
    params: dict[str, str]


def as_text(said: str) -> Literal:
    """Return a text with every pair of opening braces given as a value; values are not looked through again."""
    if BRACES not in said:
        return Literal(said, {})
    return Literal(said.replace(BRACES, f"{{{{ {NAME} }}}}"), {NAME: BRACES})
