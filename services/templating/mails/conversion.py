"""A mail's Markdown as two Jinja templates: the body of its HTML, and the plain text.

Converted once a version, before values are filled in: so a value is never read as Markdown, and what a message costs
stays the same. CommonMark without HTML and pictures; a line end is a line end.
"""

import re
from dataclasses import dataclass
from functools import cache

from jinja2 import nodes
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from services.templating import text_rules
from services.templating.mails.plain import PlainText
from services.templating.mails.rich import RichText
from services.templating.mails.tags import Tags
from services.templating.text_rules import Fault, FaultKind

SCHEMES = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_ELEMENT = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_EMPTY_ELEMENTS = {"br", "hr"}


@dataclass(frozen=True, slots=True)
class Converted:
    """Two sources for Jinja; `links` names the parameters that are a link's whole beginning, so must be checked."""

    html: str
    text: str
    links: frozenset[str]


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False})
    made.validateLink = lambda url: True  # type: ignore[method-assign]  # a bad link is a fault, not plain text
    return made


def convert(source: str) -> Converted:
    """Convert a source without faults."""
    tags, tree = _read(source)
    html, text = RichText(tags).render(tree), PlainText(tags).render(tree)
    links = frozenset(filter(None, map(tags.name_at_start, _targets(tree))))
    return Converted(tags.put_back(html), tags.put_back(text), links)


def faults(source: str) -> list[Fault]:
    """Return what Markdown's own rules forbid in a source that Jinja can read."""
    tags, tree = _read(source)
    found = [
        Fault("text", FaultKind.LINK, {"link": tags.as_typed(target)})
        for target in _targets(tree)
        if not _is_safe(tags, target)
    ]
    if any(node.type == "image" for node in tree.walk()):
        found.append(Fault("text", FaultKind.PICTURE))
    if not found and not _is_balanced(tags.put_back(RichText(tags).render(tree))):
        found.append(Fault("text", FaultKind.CROSSED))
    return found


def is_link(value: str) -> bool:
    """Tell whether a value may be a link's beginning: nothing, or an address that runs no script."""
    return not value or SCHEMES.match(value) is not None


def _read(source: str) -> tuple[Tags, SyntaxTreeNode]:
    tags = Tags(source)
    return tags, SyntaxTreeNode(_markdown().parse(tags.markdown))


def _targets(tree: SyntaxTreeNode) -> list[str]:
    return [str(node.attrs["href"]) for node in tree.walk() if node.type == "link"]


def _is_safe(tags: Tags, target: str) -> bool:
    begins_well = SCHEMES.match(target) is not None or tags.name_at_start(target) is not None
    return begins_well and tags.are_values(target)


def _is_balanced(html: str) -> bool:
    """Tell whether each branch of each condition closes exactly what it opens."""
    tree = text_rules.environment(True).parse(html)
    return all(_closes(branch) for one in tree.find_all(nodes.If) for branch in (one.body, one.else_))


def _closes(branch: list[nodes.Node]) -> bool:
    written = "".join(
        part.data
        for node in branch
        if isinstance(node, nodes.Output)
        for part in node.nodes
        if isinstance(part, nodes.TemplateData)
    )
    is_open: list[str] = []
    for closing, name in _ELEMENT.findall(written):
        if closing and (not is_open or is_open.pop() != name):
            return False
        if not closing and name not in _EMPTY_ELEMENTS:
            is_open.append(name)
    return not is_open
