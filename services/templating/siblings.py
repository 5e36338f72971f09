"""The same text in its other languages, for people who translate it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from domain.statuses import Channel
from domain.template_keys import TextKey
from exts import db
from models import Template, TemplateVersion
from services.languages.locales import LOCALES
from services.storage.exact import exactly
from services.templating import text_samples
from services.templating.templates import SHIPPED, source_of
from services.templating.text_sources import Source, shipped


@dataclass(frozen=True, slots=True)
class Sibling:
    """One language: what is published, else the newest version; `number` 0 is the shipped file."""

    key: TextKey
    number: int
    source: Source
    is_published: bool


def everywhere(key: TextKey) -> list[Sibling]:
    """Return the text in every language that it has, shipped ones first."""
    found = {one.key.locale: one for one in _shipped(key)}
    number = func.coalesce(Template.published, Template.newest)
    rows = db.session.execute(
        select(Template, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .where(
            exactly(Template.name, key.name),
            Template.channel == key.channel.value,
            exactly(Template.purpose, key.purpose),
            TemplateVersion.number == number,
        )
        .order_by(Template.locale)
    ).all()
    for row, version in rows:
        if row.published is not None or row.locale not in found:
            own = TextKey(key.name, key.channel, row.locale, key.purpose)
            found[row.locale] = Sibling(own, version.number, source_of(version), row.published is not None)
    db.session.rollback()
    return list(found.values())


def names(key: TextKey, siblings: Iterable[Sibling]) -> list[str]:
    """Return the names that the author of a text will want: those that it may use, or that other languages use."""
    known = text_samples.known(key)
    if known is not None:
        return sorted(known)
    given = {"service", "unsubscribe_url"} if key.channel is Channel.EMAIL else {"service"}
    return sorted(given.union(*(one.source.version().variables for one in siblings)))


def _shipped(key: TextKey) -> list[Sibling]:
    keys = (TextKey(key.name, key.channel, locale, key.purpose) for locale in LOCALES)
    files = ((one, shipped(one)) for one in keys)
    return [Sibling(one, SHIPPED, file, True) for one, file in files if file is not None]
