"""The key of a text: template, channel, locale, and for codes an optional purpose."""

import re
from dataclasses import dataclass

from domain import locales
from domain.errors import FieldProblem, InvalidInput
from domain.purposes import check_locale, check_purpose
from domain.statuses import Channel

CODE = "code"
"""The template of codes, the only one with texts for particular purposes."""
CODE_LINK = "code_link"
"""The template of a code with a link that does the same, for mails of an identity server."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class TextKey:
    """One text; `purpose` is empty for the general one."""

    name: str
    channel: Channel
    locale: str
    purpose: str = ""

    def __str__(self) -> str:
        """Return the key in the style of the shipped files: `code.sms.zh`, or `code.sms.zh@login` for one purpose."""
        general = f"{self.name}.{self.channel}.{self.locale}"
        return f"{general}@{self.purpose}" if self.purpose else general


def check(name: str, channel: str, locale: str, purpose: str = "") -> TextKey:
    """Return the key; raises InvalidInput with everything that is wrong with it."""
    problems = []
    if not NAME.fullmatch(name):
        problems.append(FieldProblem("name", "must be 1 to 64 of a-z 0-9 _ and begin with a letter"))
    if channel not in list(Channel):
        problems.append(FieldProblem("channel", "must be sms or email"))
    if purpose and name != CODE:
        problems.append(FieldProblem("purpose", "is for codes only"))
    for value, rule in ((locale, check_locale), (purpose, check_purpose)):
        try:
            if value or rule is check_locale:
                rule(value)
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(*problems)
    return TextKey(name, Channel(channel), locales.canonical(locale), purpose)


def parse(text: str) -> TextKey:
    """Return the key that `str` wrote; raises InvalidInput."""
    general, _, purpose = text.partition("@")
    name, channel, locale = (*general.split(".", 2), "", "")[:3]
    return check(name, channel, locale, purpose)
