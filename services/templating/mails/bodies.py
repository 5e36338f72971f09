"""A Markdown body, converted once and filled in for each mail."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from jinja2 import TemplateRuntimeError

from services.templating import text_rules
from services.templating.mails.conversion import Converted, convert, is_link
from services.templating.mails.pages import Frame, page
from services.templating.text_forms import Form

PAGE_VARIABLES = frozenset({"service"})
"""What the page around a body uses."""
MOST_PAGES = 4
"""Pages cached per body: the brand changes rarely, and a version has one language."""


class MarkdownBody:
    """The body of one version. Safe to use from many threads at once."""

    def __init__(self, source: str):
        self._source = source
        self._html = lru_cache(MOST_PAGES)(self._page)

    @cached_property
    def _converted(self) -> Converted:
        return convert(self._source)

    @cached_property
    def _text(self) -> Form:
        return text_rules.form(self._converted.text)

    @property
    def links(self) -> frozenset[str]:
        """The names of the parameters that are the beginning of a link."""
        return self._converted.links

    def render(self, params: Mapping[str, Any], frame: Frame) -> tuple[str, str]:
        """Return plain text and HTML; raises jinja2.TemplateError, also where a link's value is none."""
        for name in self.links & params.keys():
            if not is_link(str(params[name])):
                raise TemplateRuntimeError(
                    f"{name} is no link: it must begin with https://, http:// or mailto:"
                )
        return self._text.fill(params).strip("\n") + "\n", self._html(frame).fill(params)

    def _page(self, frame: Frame) -> Form:
        return text_rules.form(page(self._converted.html, frame), escapes=True)
