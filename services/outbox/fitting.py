"""Does what one recipient gets fit? Known only once the values are filled in: a short text may have long values."""

import json
from collections.abc import Mapping

from jinja2 import TemplateError

from domain import placeholders, segments
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from services.outbox.contents import MOST_BYTES, Content, fill
from services.process.parts import part
from services.templating import texts
from services.templating.given import LONGEST_SMS
from services.templating.text_versions import TextVersions
from services.templating.texts import Text

SHORT = 100
"""Characters of a value that makes no mail of a template too long, so that mails need not be rendered twice."""
MOST_OF_ONE = 6
"""Bytes that a character may become: `"` is `&quot;` in HTML."""


def fit(content: Content, params: Mapping[str, str]) -> int:
    """Return the segments of an SMS with these values, 1 for a mail.

    Raises InvalidInput where it is blank or too long, or where the values don't fit the template.
    """
    _ensure_links(content, params)
    if content.channel is Channel.EMAIL and _is_certainly_short(content, params):
        return 1
    return fit_text(content.channel, said(content, params))


def _ensure_links(content: Content, params: Mapping[str, str]) -> None:
    version = part(TextVersions).known(content.template_version) if content.template_version else None
    wrong = version.not_links(params) if version else []
    if wrong:
        told = f"don't fit the template: {wrong[0]} must begin with https://, http:// or mailto:"
        raise InvalidInput(FieldProblem("params", told))


def _is_certainly_short(content: Content, params: Mapping[str, str]) -> bool:
    longest = max(map(len, params.values()), default=0)
    if content.template is not None:
        return longest <= SHORT
    own = content.texts.values()
    places = sum(text.count("{{") for text in own)
    return MOST_OF_ONE * (sum(map(len, own)) + places * longest) <= MOST_BYTES


def fit_text(channel: Channel, said: Text) -> int:
    """Return the same for what is said."""
    if channel is Channel.SMS:
        if not said.text.strip():
            raise InvalidInput(FieldProblem("text", "is blank once its values are filled in"))
        if len(said.text) > LONGEST_SMS:
            told = f"must have at most {LONGEST_SMS} characters in an SMS once its values are filled in"
            raise InvalidInput(FieldProblem("text", told))
        return segments.number(said.text)
    if json_bytes(said._asdict()) > MOST_BYTES:
        raise InvalidInput(
            FieldProblem("text", f"must have at most {MOST_BYTES} bytes once its values are filled in")
        )
    return 1


def json_bytes(texts: Mapping[str, str | None]) -> int:
    """Return how many bytes texts take in a row, before they are sealed."""
    return len(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode())


def said(content: Content, params: Mapping[str, str]) -> Text:
    """Return what a recipient reads; raises InvalidInput where the values don't fit the template."""
    if content.template is None:
        return Text(**fill(content, params))
    try:
        if content.template_version is not None:
            return part(TextVersions)[content.template_version].render(params)
        return texts.render(content.template, content.channel, content.locale, dict(params))
    except TemplateError as error:
        told = f"don't fit the template: {type(error).__name__}"
        raise InvalidInput(FieldProblem("params", told)) from None


def uses(content: Content, name: str) -> bool:
    """Return whether the caller's own texts use a name."""
    return name in placeholders.names(*content.texts.values())
