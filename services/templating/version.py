"""One version of a text, rendered."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from jinja2 import TemplateRuntimeError

from domain import bound_codes
from domain.provider_templates import ProviderTemplate
from services.templating import text_rules
from services.templating.mails.bodies import PAGE_VARIABLES, MarkdownBody
from services.templating.mails.conversion import is_link
from services.templating.mails.pages import BARE, Frame
from services.templating.text_forms import Form
from services.templating.texts import Text

LONGEST_RENDERED = 200_000
"""Characters; parameters are short and texts have few places for them, so no legitimate text comes near it."""


class Version:
    """What one version says. Safe to use from many threads at once."""

    def __init__(
        self,
        id: int,
        number: int,
        subject: str | None,
        text: str,
        html: str | None = None,
        host: str | None = None,
        providers: Mapping[str, Mapping[str, Any]] | None = None,
        is_markdown: bool | None = None,
    ):
        self.id = id
        self.number = number
        self.subject, self.text, self.html, self.host = subject, text, html, host
        self.providers = read_providers(providers or {})
        self._body = MarkdownBody(text) if is_markdown else None

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names of all parameters that it uses."""
        sources = [source for source in (self.subject, self.text, self.html) if source]
        around = PAGE_VARIABLES if self._body else ()
        return frozenset(around).union(*map(text_rules.variables, sources))

    @property
    def has_brand(self) -> bool:
        """Tell whether its HTML shows the brand."""
        return self._body is not None

    @property
    def links(self) -> frozenset[str]:
        """The names of the parameters that must be links."""
        return self._body.links if self._body else frozenset()

    def not_links(self, params: Mapping[str, Any]) -> list[str]:
        """Return the names of those that are none."""
        return sorted(name for name in self.links & params.keys() if not is_link(str(params[name])))

    def render(self, params: Mapping[str, Any], frame: Frame = BARE) -> Text:
        """Return the rendered text; `frame` surrounds the HTML made of Markdown.

        Raises jinja2.TemplateError where a parameter is missing or of another type.
        """
        try:
            return _bounded(self._render(params, frame))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise TemplateRuntimeError(
                f"{type(error).__name__}: a value is not of the type that the text expects"
            ) from None

    def _render(self, params: Mapping[str, Any], frame: Frame) -> Text:
        if self._body and self._subject:
            plain, page = self._body.render(params, frame)
            return Text(plain, one_line(self._subject.fill(params)), page)
        text = self._text.fill(params).strip()
        if self.host:
            text = bound_codes.bind(text, self.host, str(params["code"]))
        if self._subject is None:
            return Text(text)
        html = self._html.fill(params) if self._html else None
        return Text(text + "\n", one_line(self._subject.fill(params)), html)

    @cached_property
    def _text(self) -> Form:
        return text_rules.form(self.text)

    @cached_property
    def _subject(self) -> Form | None:
        return None if self.subject is None else text_rules.form(self.subject)

    @cached_property
    def _html(self) -> Form | None:
        return text_rules.form(self.html, escapes=True) if self.html else None


def one_line(text: str) -> str:
    """Return a subject as it is sent."""
    return " ".join(text.split())


def _bounded(text: Text) -> Text:
    if sum(len(part) for part in text if part) > LONGEST_RENDERED:
        raise TemplateRuntimeError("the text is too long")
    return text


def read_providers(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, ProviderTemplate]:
    """Return the approved texts that a row keeps, by the gateway's name."""
    return {
        gateway: ProviderTemplate(
            one["id"], tuple((pair[0], pair[1]) for pair in one["params"]), one["sign_name"]
        )
        for gateway, one in kept.items()
    }
