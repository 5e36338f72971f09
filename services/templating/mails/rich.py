"""A tree of Markdown as HTML for mail programs, still with marks in place of tags."""

from collections.abc import Callable, Sequence

from markdown_it.tree import SyntaxTreeNode
from markupsafe import escape

from services.templating.mails.styles import BLOCKS, BUTTON, HIGHLIGHT, SHADED
from services.templating.mails.tags import Tags

_HEADINGS = {"h4": "h3", "h5": "h3", "h6": "h3"}
_ELEMENTS = {
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "strong": "strong",
    "em": "em",
}


BUTTON_START, LINK_START = 'class="button" style="', 'class="link" style="'
"""Where a page adds the brand's colours; no text holds them, because its quotes are escaped."""


def literal(text: str) -> str:
    """Return text as HTML in which Jinja finds nothing to read."""
    return str(escape(text)).replace("{", "&#123;")


class RichText:
    """Renders trees whose marks are of these tags."""

    def __init__(self, tags: Tags):
        self._tags = tags
        self._kinds: dict[str, Callable[[SyntaxTreeNode], str]] = {
            "text": lambda node: literal(node.content),
            "softbreak": lambda node: "<br>",
            "hardbreak": lambda node: "<br>",
            "hr": lambda node: f'<hr style="{BLOCKS["hr"]}" class="line">\n',
            "fence": self._code_block,
            "code_block": self._code_block,
            "code_inline": lambda node: _element("code", literal(node.content)),
            "link": self._link,
            "paragraph": self._paragraph,
            "heading": self._heading,
        }

    def render(self, node: SyntaxTreeNode) -> str:
        """Return the HTML of a node and of everything in it."""
        if node.type in self._kinds:
            return self._kinds[node.type](node)
        inner = self._inner(node.children)
        if node.type not in _ELEMENTS:
            return inner
        name = _ELEMENTS[node.type]
        start = f' start="{node.attrs["start"]}"' if "start" in node.attrs else ""
        return _element(name, inner, start) + ("" if name in ("strong", "em") else "\n")

    def _inner(self, children: Sequence[SyntaxTreeNode]) -> str:
        return "".join(map(self.render, children))

    def _paragraph(self, node: SyntaxTreeNode) -> str:
        parts = parts_of(node)
        inner = self._inner(parts)
        if self._tags.are_statements("".join(part.content for part in parts)) or node.hidden:
            return inner
        if len(parts) == 1 and parts[0].type == "code_inline":
            return f'<p style="{HIGHLIGHT}" class="shade">{literal(parts[0].content)}</p>\n'
        if is_button(node):
            link = next(part for part in parts[0].children if part.type == "link")
            anchor = f'<a href="{_target(link)}" {BUTTON_START}{BUTTON}">{self._inner(link.children)}</a>'
            return f'<p style="{BLOCKS["p"]}">{anchor}</p>\n'
        return _element("p", inner) + "\n"

    def _heading(self, node: SyntaxTreeNode) -> str:
        return _element(_HEADINGS.get(node.tag, node.tag), self._inner(node.children)) + "\n"

    def _code_block(self, node: SyntaxTreeNode) -> str:
        return _element("pre", literal(node.content.rstrip("\n"))) + "\n"

    def _link(self, node: SyntaxTreeNode) -> str:
        return f'<a href="{_target(node)}" {LINK_START}">{self._inner(node.children)}</a>'


def parts_of(paragraph: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    """Return what is in a paragraph, without empty texts around it."""
    return [
        part
        for inline in paragraph.children
        for part in inline.children
        if part.type != "text" or part.content
    ]


def is_button(paragraph: SyntaxTreeNode) -> bool:
    """Tell whether a paragraph is one bold link and nothing else."""
    parts = parts_of(paragraph)
    if len(parts) != 1 or parts[0].type != "strong":
        return False
    return [part.type for part in parts[0].children if part.type != "text" or part.content] == ["link"]


def _target(link: SyntaxTreeNode) -> str:
    return literal(str(link.attrs["href"]))


def _element(name: str, inner: str, attributes: str = "") -> str:
    style = f' style="{BLOCKS[name]}"' if name in BLOCKS else ""
    shade = ' class="shade"' if name in SHADED else ' class="quote"' if name == "blockquote" else ""
    return f"<{name}{attributes}{style}{shade}>{inner}</{name}>"
