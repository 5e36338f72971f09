"""The choice of what to send: a template of a channel, or a text of one's own."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from services.templating import published
from services.templating.given import OWN_TEMPLATES

CHANNELS = {Channel.SMS: lazy_gettext("SMS"), Channel.EMAIL: lazy_gettext("E-mail")}
FIRST = f"{Channel.SMS.value}/notice"


def choices() -> list[tuple[str, str]]:
    """Return the choices: each with its value, `sms/notice`, and its text; `sms/` is a text of one's own."""
    own = _("own text")
    return [
        (f"{channel.value}/{template}", f"{name}: {template or own}")
        for channel, name in CHANNELS.items()
        for template in (*_templates(channel), "")
    ]


def parse(value: str) -> tuple[Channel, str | None]:
    """Return the channel and the template of a choice, None for a text of one's own; raises InvalidInput."""
    channel, _slash, template = value.partition("/")
    if channel not in list(Channel) or (template and template not in _templates(Channel(channel))):
        raise InvalidInput(FieldProblem("what", "must be one of the choices"))
    return Channel(channel), template or None


def own_text(form: Mapping[str, str], channel: Channel) -> tuple[str | None, str]:
    """Return the subject (None for an SMS) and the text that were typed; raises InvalidInput where one is missing."""
    text, subject = form.get("text", "").replace("\r\n", "\n"), form.get("subject", "").strip()
    if not text.strip():
        raise InvalidInput(FieldProblem("text", "is required"))
    if channel is Channel.SMS:
        return None, text
    if not (subject and subject.isprintable()):
        raise InvalidInput(FieldProblem("subject", "must be one line"))
    return subject, text


def _templates(channel: Channel) -> list[str]:
    return sorted(published.names(channel) - OWN_TEMPLATES)
