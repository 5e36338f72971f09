"""Which text a new message gets: the published version nearest to the reader's language, else the shipped file."""

from flask import current_app

from domain.statuses import Channel
from services.process.parts import part
from services.templating import texts
from services.templating.text_versions import Choice, TextVersions


def choose(template: str, channel: Channel, locale: str | None, purpose: str = "") -> Choice | None:
    """Return the text; None where the template has none in this locale, the default one or English."""
    default = current_app.config["DEFAULT_LOCALE"]
    return part(TextVersions).published().choose(template, channel, locale, default, purpose)


def choose_own(template: str, channel: Channel, locale: str | None, purpose: str = "") -> Choice:
    """Return the text of a shipped template, for which there always is one."""
    found = choose(template, channel, locale, purpose)
    assert found is not None, f"{template} is not shipped for {channel}"
    return found


def names(channel: Channel) -> frozenset[str]:
    """Return the names of all templates that messages of a channel may have."""
    return texts.templates(channel) | part(TextVersions).published().names(channel)


def locales(template: str, channel: Channel) -> list[str]:
    """Return the locales in which a template is published."""
    return part(TextVersions).published().locales(template, channel)
