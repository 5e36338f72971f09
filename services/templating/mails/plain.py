"""A tree of Markdown as plain text, still with marks in place of tags."""

from markdown_it.tree import SyntaxTreeNode

from services.templating.mails.rich import parts_of
from services.templating.mails.tags import Tags

RULE = "-" * 20


def literal(text: str) -> str:
    """Return text in which Jinja finds nothing to read."""
    return text.replace("{", '{{ "{" }}')


class PlainText:
    """Renders trees whose marks are of these tags."""

    def __init__(self, tags: Tags):
        self._tags = tags

    def render(self, tree: SyntaxTreeNode) -> str:
        """Return the text: each paragraph is followed by an empty line, conditions around paragraphs by none."""
        return "".join(map(self._block, tree.children))

    def _block(self, node: SyntaxTreeNode) -> str:
        if node.type in ("bullet_list", "ordered_list"):
            return self._list(node)
        if node.type == "blockquote":
            return _indented(self.render(node).rstrip("\n"), "> ", "> ") + "\n\n"
        if node.type == "hr":
            return f"{RULE}\n\n"
        if node.type in ("fence", "code_block"):
            return _indented(literal(node.content.rstrip("\n")), "    ", "    ") + "\n\n"
        text = self._words(node)
        if self._tags.are_statements(text):
            return text
        if node.type == "paragraph" and [part.type for part in parts_of(node)] == ["code_inline"]:
            return f"    {text}\n\n"
        return text + ("\n" if node.hidden else "\n\n")

    def _list(self, node: SyntaxTreeNode) -> str:
        number = int(node.attrs.get("start", 1))
        items = []
        for item in node.children:
            sign = f"{number}. " if node.type == "ordered_list" else "- "
            number += 1
            items.append(_indented(self.render(item).rstrip("\n"), sign, " " * len(sign)))
        return "\n".join(items) + "\n\n"

    def _words(self, node: SyntaxTreeNode) -> str:
        if node.type in ("text", "code_inline"):
            return literal(node.content)
        if node.type in ("softbreak", "hardbreak"):
            return "\n"
        words = "".join(map(self._words, node.children))
        if node.type == "link":
            target = str(node.attrs["href"])
            shown = literal(target.removeprefix("mailto:"))
            is_same = self._tags.put_back(words) == self._tags.put_back(shown)
            return words if is_same else f"{words}: {shown}"
        return words


def _indented(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(others + line if line else line for line in lines[1:])])
