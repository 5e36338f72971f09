"""Descriptions of the document as HTML: paragraphs, and words in code."""

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")


def paragraphs(text: str) -> Markup:
    """Return a text with blank lines between its paragraphs as HTML."""
    return Markup("").join(
        Markup("<p>{}</p>").format(inline(one)) for one in re.split(r"\n\s*\n", text.strip()) if one
    )


def inline(text: str) -> Markup:
    """Return a text on one line, with what is between backticks as code."""
    marked = _CODE.sub(r"<code>\1</code>", str(escape(" ".join(text.split()))))
    return Markup(marked)  # noqa: S704 - escaped above
