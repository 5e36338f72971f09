"""The texts of messages: files under templates/messages/<locale>/, one for each template and channel."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateNotFound, meta
from jinja2.sandbox import SandboxedEnvironment

from domain.statuses import Channel

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "messages"
LOCALES = ("en", "zh", "de")


class Text(NamedTuple):
    """What a person reads; `subject` and `html` only for e-mail."""

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
def _template(name: str, escape: bool) -> Template:
    """Return a template as it was when this process first needed it; raises TemplateNotFound."""
    found = _environment(escape).get_template(name)
    found.globals = dict(found.globals)  # it is a chain of maps, which is slow to copy, as every text does
    return found


def nearest_locale(wanted: str | None, default: str) -> str:
    """Return the locale we have that is nearest to a BCP 47 tag: its language, else the default's, else English."""
    for tag in (wanted, default):
        language = (tag or "").replace("_", "-").split("-", 1)[0].lower()
        if language in LOCALES:
            return language
    return LOCALES[0]


def render(template: str, channel: Channel, locale: str, params: dict[str, Any]) -> Text:
    """Return the text of `template`; raises jinja2.TemplateError where it or a parameter is missing.

    The first line of an e-mail's text file is its subject.
    """
    body = _template(f"{locale}/{template}.{channel}.txt", False).render(params)
    if channel is Channel.SMS:
        return Text(body.strip())
    subject, _, text = body.partition("\n")
    return Text(text.strip() + "\n", " ".join(subject.split()), _html(template, locale, params))


def _html(template: str, locale: str, params: dict[str, Any]) -> str | None:
    try:
        return _template(f"{locale}/{template}.email.html", True).render(params)
    except TemplateNotFound:
        return None


@cache
def templates(channel: Channel) -> frozenset[str]:
    """Return the names of the templates that there are for a channel."""
    ending = f".{channel}.txt"
    return frozenset(path.name.removesuffix(ending) for path in (FOLDER / LOCALES[0]).glob(f"*{ending}"))


@cache
def variables(template: str, channel: Channel, locale: str) -> frozenset[str]:
    """Return the names of all parameters that a template asks for, in its text and its HTML."""
    files = [f"{locale}/{template}.{channel}.txt"]
    if (FOLDER / f"{locale}/{template}.email.html").exists() and channel is Channel.EMAIL:
        files.append(f"{locale}/{template}.email.html")
    found: set[str] = set()
    while files:
        source = (FOLDER / files.pop()).read_text(encoding="utf-8")
        tree = _environment(False).parse(source)
        found |= meta.find_undeclared_variables(tree)
        files += [name for name in meta.find_referenced_templates(tree) if name]
    return frozenset(found)
