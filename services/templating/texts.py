"""The texts of messages: files under templates/messages/<locale>/, one for each template and channel."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, meta, nodes
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import escape

from domain.statuses import Channel
from services.languages.locales import LOCALES
from services.templating.text_forms import Form, printed_only

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "messages"


class Text(NamedTuple):
    """A rendered text; `subject` and `html` only for e-mail."""

    text: str
    subject: str | None = None
    html: str | None = None


@cache
def _environment(escape: bool) -> Environment:
    return SandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _form(name: str, escapes: bool) -> Form:
    """Return a template, cached as it was when this process first used it; raises TemplateNotFound."""
    template = _environment(escapes).get_template(name)
    trees = list(_trees([name]))
    variables = frozenset().union(*map(meta.find_undeclared_variables, trees))
    return Form(template, variables, printed_only(trees), escape if escapes else None)


def _trees(files: list[str]) -> Iterator[nodes.Template]:
    """Parse templates and those that they extend or include."""
    while files:
        tree = _environment(False).parse((FOLDER / files.pop()).read_text(encoding="utf-8"))
        yield tree
        files += [name for name in meta.find_referenced_templates(tree) if name]


def render(template: str, channel: Channel, locale: str, params: dict[str, Any]) -> Text:
    """Return the text of `template`; raises jinja2.TemplateError where the template or a parameter is missing.

    The first line of an e-mail's text file is its subject.
    """
    body = _form(f"{locale}/{template}.{channel}.txt", False).fill(params)
    if channel is Channel.SMS:
        return Text(body.strip())
    subject, _, text = body.partition("\n")
    return Text(text.strip() + "\n", " ".join(subject.split()), _html(template, locale, params))


def _html(template: str, locale: str, params: dict[str, Any]) -> str | None:
    try:
        return _form(f"{locale}/{template}.email.html", True).fill(params)
    except TemplateNotFound:
        return None


@cache
def templates(channel: Channel) -> frozenset[str]:
    """Return the names of the shipped templates for a channel."""
    ending = f".{channel}.txt"
    return frozenset(path.name.removesuffix(ending) for path in (FOLDER / LOCALES[0]).glob(f"*{ending}"))


def is_shipped(template: str, channel: Channel, locale: str) -> bool:
    """Tell whether there is a file of this text."""
    return locale in LOCALES and template in templates(channel)


@cache
def variables(template: str, channel: Channel, locale: str) -> frozenset[str]:
    """Return the names of all parameters that a template uses, in its text and its HTML."""
    files = [f"{locale}/{template}.{channel}.txt"]
    if (FOLDER / f"{locale}/{template}.email.html").exists() and channel is Channel.EMAIL:
        files.append(f"{locale}/{template}.email.html")
    return frozenset().union(*map(meta.find_undeclared_variables, _trees(files)))
