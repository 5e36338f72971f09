"""The source of an edited text, and the shipped files in the same form, so that editing can start from them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from domain.provider_templates import ProviderTemplate
from domain.statuses import Channel
from domain.template_keys import TextKey
from services.templating import texts
from services.templating.version import Version

_EXTENDS = re.compile(r'\{% extends "([^"]+)" %\}\n?')
_SET = re.compile(r'\{% set (\w+) = "([^"]*)" %\}\n?')
_BLOCK = re.compile(r"\{% block (\w+) %\}(.*?)\{% endblock %\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """What somebody typed; `subject` and `html` for e-mail, `host` for codes by SMS, `providers` by gateway."""

    text: str
    subject: str | None = None
    html: str | None = None
    host: str | None = None
    providers: Mapping[str, ProviderTemplate] = field(default_factory=dict)
    is_markdown: bool = False
    """Whether `text` is Markdown, of which a mail's HTML and plain text are made."""

    def version(self, id: int = 0, number: int = 0) -> Version:
        """Return the version that renders it."""
        kept = self.providers_as_kept()
        return Version(
            id, number, self.subject, self.text, self.html, self.host, kept, is_markdown=self.is_markdown
        )

    def providers_as_kept(self) -> dict[str, Any]:
        """Return the providers' texts in the form stored in a row."""
        return {gateway: asdict(one) for gateway, one in self.providers.items()}


@cache
def shipped(key: TextKey) -> Source | None:
    """Return the shipped file of a text; None where there is none, as for every text of a single purpose."""
    if key.purpose or not texts.is_shipped(key.name, key.channel, key.locale):
        return None
    folder = texts.FOLDER / key.locale
    text = (folder / f"{key.name}.{key.channel}.txt").read_text(encoding="utf-8")
    if key.channel is Channel.SMS:
        return Source(text.strip())
    subject, _, text = text.partition("\n")
    page = folder / f"{key.name}.email.html"
    return Source(text.strip(), subject, _in_one(page.read_text(encoding="utf-8")) if page.exists() else None)


def _in_one(child: str) -> str:
    """Return a template merged with the one it extends: edited texts can't extend."""
    extended = _EXTENDS.search(child)
    if extended is None:
        return child
    values: dict[str, str] = dict(_SET.findall(child))
    blocks: dict[str, str] = dict(_BLOCK.findall(child))
    whole = (texts.FOLDER / extended[1]).read_text(encoding="utf-8")
    whole = _BLOCK.sub(lambda block: blocks.get(block[1], block[2]), whole)
    for name, value in values.items():
        whole = whole.replace(f"{{{{ {name} }}}}", value)
    return whole
