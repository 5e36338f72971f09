"""What a notice says: a template's name or the caller's own texts, checked before it is accepted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from domain import placeholders
from domain.characters import has_control_characters
from domain.errors import FieldProblem, InvalidInput
from domain.purposes import check_locale
from domain.statuses import Channel
from services.languages import locales
from services.templating import published, texts
from services.templating.given import GIVEN, LONGEST_SMS, OWN_TEMPLATES
from services.templating.text_versions import Choice

MOST_BYTES = 60_000
LONGEST_VALUE = 2000
"""Characters of one parameter."""


@dataclass(frozen=True, slots=True)
class Content:
    """Either `template` or the texts; `needed` are the names that each recipient's parameters must have."""

    channel: Channel
    locale: str
    template: str | None = None
    template_version: int | None = None
    text: str | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    needed: frozenset[str] = frozenset()

    @property
    def texts(self) -> dict[str, str]:
        """The texts that are set, which are what is sealed."""
        found = {"text": self.text, "subject": self.subject, "html": self.html}
        return {name: text for name, text in found.items() if text is not None}


def check(
    channel: Channel,
    *,
    template: str | None,
    text: str | None,
    subject: str | None,
    html: str | None,
    locale: str | None,
) -> Content:
    """Return the content; raises InvalidInput for none or two of them, and for one too long or not for the channel."""
    wanted = check_locale(locale) if locale else None
    if (template is None) == (text is None):
        raise InvalidInput(FieldProblem("text", "either template or text is needed"))
    if template is not None:
        if subject is not None or html is not None:
            raise InvalidInput(FieldProblem("template", "has its own subject and html"))
        found = _choose(template, channel, wanted)
        needed = _needed(template, channel, found)
        return Content(channel, found.locale, template, found.version_id, needed=needed)
    _check_texts(channel, text or "", subject, html)
    nearest = locales.nearest_locale(wanted, current_app.config["DEFAULT_LOCALE"])
    needed = placeholders.names(text, subject, html) - GIVEN
    return Content(channel, nearest, text=text, subject=subject, html=html, needed=needed)


def _choose(template: str, channel: Channel, locale: str | None) -> Choice:
    known = published.names(channel) - OWN_TEMPLATES
    if template not in known:
        told = ", ".join(sorted(known)) or "none"
        raise InvalidInput(FieldProblem("template", f"is not known for this channel; known are: {told}"))
    found = published.choose(template, channel, locale)
    if found is None:
        told = ", ".join(published.locales(template, channel))
        raise InvalidInput(FieldProblem("locale", f"is not one that the template has; it has: {told}"))
    return found


def _needed(template: str, channel: Channel, found: Choice) -> frozenset[str]:
    if found.version is not None:
        return found.version.variables - GIVEN
    return texts.variables(template, channel, found.locale) - GIVEN


def _check_texts(channel: Channel, text: str, subject: str | None, html: str | None) -> None:
    if channel is Channel.SMS:
        if subject is not None or html is not None:
            raise InvalidInput(
                FieldProblem("subject" if subject is not None else "html", "is for email only")
            )
        if len(text) > LONGEST_SMS:
            raise InvalidInput(FieldProblem("text", f"must have at most {LONGEST_SMS} characters in an SMS"))
    elif subject is None:
        raise InvalidInput(FieldProblem("subject", "is required for email"))
    for part, given in (("text", text), ("subject", subject), ("html", html)):
        if given and "{{" in given and (odd := placeholders.stray(given)) is not None:
            raise InvalidInput(FieldProblem(part, f"has braces that are no placeholder: {odd}"))
    if sum(len(part.encode()) for part in (text, subject, html) if part) > MOST_BYTES:
        raise InvalidInput(
            FieldProblem("text", f"must have at most {MOST_BYTES} bytes, including subject and html")
        )


def missing(content: Content, params: Mapping[str, str]) -> list[str]:
    """Return the names that a recipient's parameters lack."""
    return sorted(content.needed - params.keys())


def check_params(params: Any) -> dict[str, str]:
    """Return parameters as texts; raises ValueError where they are not an object of texts and numbers."""
    if not isinstance(params, Mapping) or len(params) > 50:
        raise ValueError("must be an object of at most 50 texts and numbers")
    texts = {_name(name): _value(value) for name, value in params.items()}
    if (
        sum(map(len, texts.values())) > MOST_BYTES // 6
        and len(json.dumps(texts, ensure_ascii=False).encode()) > MOST_BYTES
    ):
        raise ValueError(f"must have at most {MOST_BYTES} bytes in all")
    return texts


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii() or len(name) > 64:
        raise ValueError("has a name that is not 1 to 64 of A-Z a-z 0-9 _")
    if name in GIVEN:
        raise ValueError(f"must not have {name}, which the service sets")
    return name


def _value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must have texts and numbers for values")
    text = str(value)
    if len(text) > LONGEST_VALUE or has_control_characters(text):
        raise ValueError(f"has a value that is longer than {LONGEST_VALUE:,} characters or not a single line")
    return text


def fill(content: Content, params: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of one recipient; raises KeyError where a parameter is missing."""
    return fill_texts(content.texts, params)


def fill_texts(shared: Mapping[str, str], params: Mapping[str, str]) -> dict[str, str]:
    """Return shared texts with one recipient's parameters; raises KeyError where one is missing."""
    return {
        name: placeholders.fill(text, params, is_html=name == "html") if "{{" in text else text
        for name, text in shared.items()
    }
