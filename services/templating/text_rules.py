"""What an edited text may use: variables, conditions and a few filters, nothing expensive and nothing that leaks data.

There are no loops, calls, attributes or arithmetic, so length and time of rendering are in proportion to the text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import escape

from services.templating.text_forms import Form, printed_only

FILTERS = ("capitalize", "int", "length", "lower", "title", "trim", "upper")
"""None of them makes a text much longer; `replace`, `format`, `center` and `indent` do."""
MOST_PARTS, DEEPEST = 1000, 20
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Tuple,
    nodes.List,
    nodes.Filter,
)
_CALLED = {
    nodes.For: "for",
    nodes.Call: "(…)",
    nodes.Getattr: ".",
    nodes.Getitem: "[…]",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.With: "with",
    nodes.Test: "is",
    nodes.Mul: "*",
    nodes.Pow: "**",
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Concat: "~",
    nodes.Dict: "{…}",
}


class FaultKind(StrEnum):
    """What can be wrong with a text."""

    EMPTY = "empty"
    LONG = "long"
    CHARACTERS = "characters"
    SYNTAX = "syntax"
    FORBIDDEN = "forbidden"
    COMPLEX = "complex"
    UNKNOWN = "unknown"
    MISSING = "missing"
    FAILS = "fails"
    CODE_IN_SUBJECT = "code_in_subject"
    HOST = "host"
    SEGMENTS = "segments"
    PROVIDER_ID = "provider_id"
    PROVIDER_PARAMS = "provider_params"
    PROVIDER_UNKNOWN = "provider_unknown"
    LINK = "link"
    PICTURE = "picture"
    CROSSED = "crossed"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one part of a text; `told` has the details: a line, a variable, the known names."""

    part: str
    kind: FaultKind
    told: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.told.items())
        return f"{self.kind}: {told}" if told else str(self.kind)


@cache
def environment(escapes: bool) -> Environment:
    """Return the environment that parses edited texts: no files, no functions, only our filters."""
    made = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=escapes, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {}
    return made


def faults(part: str, source: str) -> list[Fault]:
    """Return what is wrong with a source: syntax errors with their lines, and what is not allowed."""
    try:
        tree = environment(False).parse(source)
        found = list(_forbidden(part, tree))
        if not found and _is_complex(tree):
            found = [Fault(part, FaultKind.COMPLEX)]
        if not found:
            environment(False).from_string(source)
        return found
    except TemplateSyntaxError as error:
        return [Fault(part, FaultKind.SYNTAX, {"line": error.lineno, "text": error.message or ""})]
    except (RecursionError, MemoryError, SyntaxError, ValueError):  # a number with too many digits
        return [Fault(part, FaultKind.COMPLEX)]


def variables(source: str) -> frozenset[str]:
    """Return the names that a source without faults uses."""
    return frozenset(name.name for name in environment(False).parse(source).find_all(nodes.Name))


def form(source: str, escapes: bool = False) -> Form:
    """Return a source without faults, ready to be filled in; `escapes` for HTML."""
    made = environment(escapes)
    printed = printed_only([made.parse(source)])
    return Form(made.from_string(source), variables(source), printed, escape if escapes else None)


def _forbidden(part: str, tree: nodes.Template) -> Iterator[Fault]:
    told = set()
    for node in _all(tree):
        what = _name_of_forbidden(node)
        if what and (node.lineno, what) not in told:
            told.add((node.lineno, what))
            yield Fault(part, FaultKind.FORBIDDEN, {"line": node.lineno, "what": what})


def _name_of_forbidden(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Filter):
        plain = node.name in FILTERS and not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)
        return None if plain and node.node is not None else f"|{node.name}"
    if isinstance(node, _ALLOWED):
        return None
    return _CALLED.get(type(node), type(node).__name__.lower())


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(node.iter_child_nodes()))


def _is_complex(tree: nodes.Node) -> bool:
    """Tell whether there are more nodes, or deeper nesting, than anybody needs."""
    level: Iterable[nodes.Node] = [tree]
    parts = depth = 0
    while level := list(level):
        parts, depth = parts + len(level), depth + 1
        if parts > MOST_PARTS or depth > DEEPEST:
            return True
        level = (child for node in level for child in node.iter_child_nodes())
    return False
