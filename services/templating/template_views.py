"""Texts for the console: the list with their states, and every version of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from domain import locales
from domain.errors import NotFound
from domain.statuses import Channel
from domain.template_keys import TextKey
from exts import db
from models import Template, TemplateVersion
from services.languages.locales import LOCALES
from services.templating import texts
from services.templating.templates import SHIPPED, find, is_draft, source_of
from services.templating.text_sources import Source, shipped

BEGINNING = 160
"""Characters of a text that a list shows."""


class State(StrEnum):
    """The state of a version."""

    PUBLISHED = "published"
    DRAFT = "draft"
    """The newest version, neither published nor discarded."""
    OLDER = "older"
    """Published before."""
    UNUSED = "unused"
    """Never published, and discarded or followed by a newer version."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version; number 0 is the shipped file, which nobody saved."""

    id: int | None
    number: int
    state: State
    source: Source
    comment: str | None = None
    saved_at: datetime | None = None
    saved_by: int | None = None
    published_at: datetime | None = None
    published_by: int | None = None

    @property
    def is_shipped(self) -> bool:
        """Tell whether it comes with the service."""
        return self.number == SHIPPED


@dataclass(frozen=True, slots=True)
class TextView:
    """One text with its versions, newest first; none where it was never saved or shipped."""

    key: TextKey
    newest: int
    versions: Sequence[VersionView]

    @property
    def published(self) -> VersionView | None:
        """What new messages get."""
        return next((one for one in self.versions if one.state is State.PUBLISHED), None)

    @property
    def draft(self) -> VersionView | None:
        """The version that is saved and not published yet."""
        return next((one for one in self.versions if one.state is State.DRAFT), None)

    def version(self, number: int) -> VersionView:
        """Return one version; raises NotFound."""
        found = next((one for one in self.versions if one.number == number), None)
        if found is None:
            raise NotFound("no such version")
        return found


@dataclass(frozen=True, slots=True)
class TextState:
    """One text of a list: `published` is a number, 0 the shipped file; None where messages get none.

    `subject` and `beginning` are of what is published, else of the newest version.
    """

    key: TextKey
    published: int | None
    draft: int | None
    changed_at: datetime | None
    subject: str | None = None
    beginning: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The texts of one template, channel and purpose, in all their locales."""

    name: str
    channel: Channel
    purpose: str
    texts: Sequence[TextState]

    def text_for(self, wanted: str) -> TextState:
        """Return the text in the language nearest to a wanted one, else the first."""
        by_locale = {one.key.locale: one for one in self.texts}
        nearest = (by_locale[tag] for tag in locales.chain(wanted, None) if tag in by_locale)
        return next(nearest, self.texts[0])


def everything() -> list[Group]:
    """Return all texts, shipped or saved; codes come first."""
    states = {state.key: state for state in map(_shipped_state, _shipped_keys())}
    shown = aliased(TemplateVersion)
    newest = (
        select(
            Template,
            TemplateVersion.saved_at,
            TemplateVersion.published_at,
            shown.subject,
            func.substr(shown.text, 1, BEGINNING),
        )
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .join(shown, shown.template_id == Template.id)
        .where(
            TemplateVersion.number == Template.newest,
            shown.number == func.coalesce(Template.published, Template.newest),
        )
    )
    for row, saved_at, published_at, subject, beginning in db.session.execute(newest):
        key = TextKey(row.name, Channel(row.channel), row.locale, row.purpose)
        published = SHIPPED if row.published is None and shipped(key) else row.published
        draft = row.newest if is_draft(row, row.newest, published_at) else None
        if published == SHIPPED:
            subject, beginning = states[key].subject, states[key].beginning
        states[key] = TextState(key, published, draft, published_at or saved_at, subject, beginning)
    db.session.rollback()
    groups: dict[tuple[str, Channel, str], list[TextState]] = {}
    for key in sorted(states, key=_order):
        groups.setdefault((key.name, key.channel, key.purpose), []).append(states[key])
    return [Group(*which, found) for which, found in groups.items()]


def _shipped_keys() -> list[TextKey]:
    return [
        TextKey(name, channel, locale)
        for channel in Channel
        for name in texts.templates(channel)
        for locale in LOCALES
    ]


def _shipped_state(key: TextKey) -> TextState:
    file = shipped(key)
    assert file is not None
    return TextState(key, SHIPPED, None, None, file.subject, file.text[:BEGINNING])


def _order(key: TextKey) -> tuple[object, ...]:
    shipped_first = LOCALES.index(key.locale) if key.locale in LOCALES else len(LOCALES)
    return (
        key.name != "code",
        key.name,
        key.purpose,
        list(Channel).index(key.channel),
        shipped_first,
        key.locale,
    )


def text(key: TextKey) -> TextView:
    """Return one text with all its versions, even if it is neither shipped nor saved yet."""
    row = find(db.session(), key)
    rows = _versions(row) if row else []
    views = [_view(row, one) for one in rows if row]
    file = shipped(key)
    if file is not None:
        is_published = row is None or row.published is None
        views.append(VersionView(None, SHIPPED, State.PUBLISHED if is_published else State.OLDER, file))
    newest = row.newest if row else 0
    db.session.rollback()
    return TextView(key, newest, views)


def named(version_id: int | None) -> tuple[TextKey, int] | None:
    """Return which text a row of versions belongs to, and its number."""
    if version_id is None:
        return None
    found = db.session.execute(
        select(Template.name, Template.channel, Template.locale, Template.purpose, TemplateVersion.number)
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .where(TemplateVersion.id == version_id)
    ).one_or_none()
    return (TextKey(found[0], Channel(found[1]), found[2], found[3]), found[4]) if found else None


def _versions(row: Template) -> Sequence[TemplateVersion]:
    which = select(TemplateVersion).where(TemplateVersion.template_id == row.id)
    return db.session.scalars(which.order_by(TemplateVersion.number.desc())).all()


def _view(row: Template, version: TemplateVersion) -> VersionView:
    return VersionView(
        id=version.id,
        number=version.number,
        state=_state(row, version),
        source=source_of(version),
        comment=version.comment,
        saved_at=version.saved_at,
        saved_by=version.saved_by,
        published_at=version.published_at,
        published_by=version.published_by,
    )


def _state(row: Template, version: TemplateVersion) -> State:
    if version.number == row.published:
        return State.PUBLISHED
    if version.published_at is not None:
        return State.OLDER
    return State.DRAFT if is_draft(row, version.number, version.published_at) else State.UNUSED


def starting_point(view: TextView) -> Source:
    """Return what editing starts from: the draft, what is or was published, else what readers get instead."""
    used = (one for one in view.versions if one.state is not State.UNUSED)
    shown = view.draft or view.published or next(used, None)
    if shown is not None:
        return shown.source
    for tag in locales.chain(view.key.locale, None):
        found = text(TextKey(view.key.name, view.key.channel, tag)).published
        if found is not None:
            return found.source
    return Source("")
