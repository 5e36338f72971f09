"""Jinja's tags of a Markdown source, taken out while it is converted: Markdown must neither read nor change them."""

import re
import secrets
from functools import cache

from jinja2 import Environment

_SIGN = f"q{secrets.token_hex(6)}z"
"""Letters and digits only, so that a tag is part of a word, of a link or of code alike."""
MARK = re.compile(rf"{_SIGN}(\d+)z")
_NAME = re.compile(r"\{\{[-+]?\s*([A-Za-z_]\w*)\s*[-+]?\}\}")
_LONE = re.compile(rf"^[ \t]*(?:{MARK.pattern}[ \t]*)+$")


@cache
def _lexer() -> Environment:
    return Environment(autoescape=True)  # only reads; the texts are rendered by text_rules' environment


class Tags:
    """The tags of one source without faults; `markdown` is the source with a mark in place of each."""

    def __init__(self, source: str):
        self._tags: list[str] = []
        self.markdown = "\n".join(map(self._spaced, self._marked(source).split("\n")))

    def _marked(self, source: str) -> str:
        parts: list[str] = []
        tag = ""
        for _, kind, value in _lexer().lex(source):
            if kind.startswith(("comment", "raw")):
                continue
            if kind in ("variable_begin", "block_begin"):
                tag = value
            elif kind in ("variable_end", "block_end"):
                parts.append(self._mark(tag + value.rstrip()))  # `-%}` takes the space after it along
                tag = ""
            elif tag:
                tag += value
            else:
                parts.append(value)
        return "".join(parts)

    def _mark(self, tag: str) -> str:
        self._tags.append(tag)
        return f"{_SIGN}{len(self._tags) - 1}z"

    def _spaced(self, line: str) -> str:
        """Make a line of statements alone a paragraph of its own, so that it can hold whole paragraphs."""
        return f"\n{line}\n" if self.are_statements(line) else line

    def are_statements(self, text: str) -> bool:
        """Tell whether there is nothing but `{% … %}` in a text."""
        return bool(_LONE.match(text)) and not any(self._tags[n].startswith("{{") for n in _numbers(text))

    def are_values(self, text: str) -> bool:
        """Tell whether no `{% … %}` is in a text."""
        return all(self._tags[number].startswith("{{") for number in _numbers(text))

    def name_at_start(self, text: str) -> str | None:
        """Return the parameter whose bare value a text begins with; None where it begins with anything else."""
        found = MARK.match(text)
        named = _NAME.fullmatch(self._tags[int(found[1])]) if found else None
        return named[1] if named else None

    def as_typed(self, text: str) -> str:
        """Return a text with its tags as they were typed, for messages about it."""
        return MARK.sub(lambda found: self._tags[int(found[1])], text)

    def put_back(self, text: str) -> str:
        """Return a text with its tags in place of the marks; they keep the line ends around them."""
        return MARK.sub(lambda found: _keeping_lines(self._tags[int(found[1])]), text)


def _numbers(text: str) -> list[int]:
    return [int(found[1]) for found in MARK.finditer(text)]


def _keeping_lines(tag: str) -> str:
    if tag.startswith("{{"):
        return tag
    start = tag if tag[2] in "-+" else f"{{%+{tag[2:]}"
    return start if start[-3] in "-+" else f"{start[:-2]}+%}}"
