"""The title of a template: ours in the reader's language, the one that people gave it, else its name in words."""

from collections.abc import Callable

from flask_babel import gettext as _
from markupsafe import Markup, escape

from services.templating import titles


def titled() -> Callable[[str], Markup]:
    """Return what gives each name its title, marked as not to be translated where people gave it."""
    given, ours = titles.everything(), _ours()

    def title(name: str) -> Markup:
        if name in ours and name not in given:
            return escape(ours[name])
        return Markup('<span translate="no">{}</span>').format(given.get(name) or in_words(name))

    return title


def in_words(name: str) -> str:
    """Return a name as a title: `order_confirmed` is Order confirmed."""
    words = name.replace("_", " ").strip()
    return f"{words[:1].upper()}{words[1:]}"


def _ours() -> dict[str, str]:
    return {
        "alarm": _("Alarm"),
        "alarm_over": _("End of an alarm"),
        "code": _("Verification code"),
        "code_link": _("Code with a link"),
        "email_changed": _("E-mail address changed"),
        "invitation": _("Invitation of an administrator"),
        "notice": _("Notice"),
        "phone_changed": _("Phone number changed"),
        "prefix_closed": _("Number prefix closed"),
        "second_step_changed": _("Second step changed"),
        "second_step_reset": _("Second step switched off"),
    }
