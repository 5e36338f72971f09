"""What a text says with sample values, what it costs, and how it differs from another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from flask import current_app

from domain import segments
from domain.brand import PLAIN
from domain.segments import Segments
from domain.statuses import Channel
from domain.template_keys import TextKey
from services.templating import text_samples
from services.templating.mails import brands
from services.templating.mails.pages import Frame
from services.templating.text_sources import Source
from services.templating.texts import Text

PARTS = ("subject", "text", "html", "format", "host", "providers")


@dataclass(frozen=True, slots=True)
class Preview:
    """`segments` for an SMS; `to_type` has the names whose values the user may choose, with the values shown."""

    said: Text
    segments: Segments | None
    to_type: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: `+` is new, `-` is gone, a space is in both."""

    sign: str
    text: str


def preview(key: TextKey, source: Source, typed: Mapping[str, str] | None = None) -> Preview:
    """Render a text that has no faults; raises jinja2.TemplateError where the values don't fit it."""
    shown = values(key, source, typed)
    brand = brands.current() if source.is_markdown else PLAIN
    said = source.version().render(shown, Frame(brand, key.locale, current_app.config["PUBLIC_URL"]))
    counted = segments.count(said.text) if key.channel is Channel.SMS else None
    return Preview(said, counted, {name: str(shown[name]) for name in text_samples.to_type(key, shown)})


def values(key: TextKey, source: Source, typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the values that a preview fills in, by name."""
    version = source.version()
    names = version.variables | ({"code"} if source.host else set())
    return text_samples.values(key, sorted(names), typed, version.links)


def differences(old: Source, new: Source) -> dict[str, list[Line]]:
    """Return the parts that differ, line by line."""
    pairs = {part: (_lines(old, part), _lines(new, part)) for part in PARTS}
    return {part: list(_compare(*pair)) for part, pair in pairs.items() if pair[0] != pair[1]}


def _lines(source: Source, part: str) -> list[str]:
    if part == "providers":
        return [
            f"{gateway}: {', '.join([one.id, one.sign_name, *(ours for _, ours in one.params)])}"
            for gateway, one in sorted(source.providers.items())
        ]
    if part == "format":
        return ["Markdown"] if source.is_markdown else []
    return str(getattr(source, part) or "").splitlines()


def _compare(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line(" ", text) for text in old[old_from:old_to])
            continue
        yield from (Line("-", text) for text in old[old_from:old_to])
        yield from (Line("+", text) for text in new[new_from:new_to])
