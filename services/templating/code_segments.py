"""How many segments the SMS of a code takes: known before it is made, because all codes of a text are equally long."""

from functools import lru_cache

from jinja2 import TemplateError

from domain import segments
from domain.profiles import Profile
from domain.statuses import Channel
from domain.template_keys import CODE
from services.templating import texts
from services.templating.text_versions import Choice
from services.templating.version import Version


def of_code(text: Choice, profile: Profile, length: int | None = None) -> int:
    """Return the segments of a code by SMS in this text; 1 where it can't be rendered, as it won't be sent then.

    `length` is that of a caller's own code.
    """
    minutes = profile.code_ttl_seconds // 60
    return _segments(text.version, text.locale, profile.service_name, length or profile.code_length, minutes)


@lru_cache(256)
def _segments(version: Version | None, locale: str, service: str, length: int, minutes: int) -> int:
    params = {"code": "0" * length, "minutes": minutes, "service": service, "unsubscribe_url": ""}
    try:
        said = version.render(params) if version else texts.render(CODE, Channel.SMS, locale, params)
    except TemplateError:
        return 1
    return segments.number(said.text)
