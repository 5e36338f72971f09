"""Error texts for the template editor."""

from typing import Any

from flask_babel import gettext as _

from domain.errors import InvalidInput
from services.templating.text_checks import BadText
from services.templating.text_rules import FILTERS, Fault, FaultKind


def texts(error: BadText) -> dict[str, str]:
    """Return the error text for each wrong field; only the first fault of a field counts."""
    return {fault.part: text(fault) for fault in reversed(error.faults)}


def text(fault: Fault) -> str:
    """Return the text of one fault, with what to do about it."""
    told = fault.told
    if fault.kind in (FaultKind.UNKNOWN, FaultKind.PROVIDER_UNKNOWN):
        return _unknown(told)
    texts = {
        FaultKind.EMPTY: _("Write something here."),
        FaultKind.LONG: _(
            "This is too long: at most %(most)s characters. Shorten it.", most=told.get("most")
        ),
        FaultKind.CHARACTERS: _("The text contains a character that can't be sent. Type it again."),
        FaultKind.SYNTAX: _(
            "Line %(line)s can't be read. Close each {{ with }}, and end each if with endif. (%(text)s)",
            line=told.get("line"),
            text=told.get("text"),
        ),
        FaultKind.FORBIDDEN: _(
            "Line %(line)s: “%(what)s” can't be used here. A text can show variables, use if, and the filters "
            "%(filters)s.",
            line=told.get("line"),
            what=told.get("what"),
            filters=", ".join(FILTERS),
        ),
        FaultKind.COMPLEX: _(
            "This has too many variables, or conditions nested too deeply. Make it simpler."
        ),
        FaultKind.MISSING: _(
            "The text must always contain the code: write {{ code }} outside any condition."
        ),
        FaultKind.FAILS: _(
            "The values can't be filled in. Check the filters and comparisons: %(text)s",
            text=told.get("text"),
        ),
        FaultKind.CODE_IN_SUBJECT: _("A subject is shown on locked screens. Leave the code out of it."),
        FaultKind.HOST: _("Enter a host such as example.org, without a port."),
        FaultKind.SEGMENTS: _(
            "With this line the SMS is %(over)s characters too long for one segment of %(most)s characters. "
            "Shorten the text, or leave the line out.",
            most=told.get("most"),
            over=told.get("over"),
        ),
        FaultKind.PROVIDER_ID: _("Enter the id that the provider has given to the approved text."),
        FaultKind.LINK: _(
            "“%(link)s” can't be the address of a link. It must begin with https://, http:// or mailto:, or be a "
            "single value such as {{ link }}.",
            link=told.get("link"),
        ),
        FaultKind.PICTURE: _("A mail from Markdown has no pictures: mail programs don't show them unasked."),
        FaultKind.CROSSED: _(
            "An if must end where it began: in the same paragraph, or on a line of its own before and after whole "
            "paragraphs."
        ),
        FaultKind.PROVIDER_PARAMS: _("Enter names separated by commas, such as code, minutes."),
    }
    return texts[fault.kind]


def key_texts(error: InvalidInput) -> dict[str, str]:
    """Return the error text for each wrong field of a new text's key."""
    texts = {
        "name": _("Up to 64 lowercase letters, digits and _, starting with a letter."),
        "channel": _("Choose one from the list."),
        "locale": _("Enter a language tag such as fr, pt-BR or zh-Hant."),
        "purpose": _("Only the template code can have a purpose: lowercase letters, digits and . _ -"),
    }
    return {problem.field: texts.get(problem.field, problem.message) for problem in error.problems}


def _unknown(told: dict[str, Any]) -> str:
    if not told["known"]:
        return _("“%(name)s” can't be a name. Use letters, digits and _.", name=told["name"])
    known = ", ".join(told["known"])
    return _("There is no “%(name)s” here. You can use: %(known)s.", name=told["name"], known=known)
