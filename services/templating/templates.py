"""Edit texts: save versions, discard a draft, publish one, go back to an earlier one or to the shipped file.

Publishing moves a pointer: a version is written once and keeps its number, so a number always means the same text
(docs/adr/0009-a-published-version-is-a-pointer.md).
"""

import logging
from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import Conflict, NotFound
from domain.statuses import Channel
from domain.template_keys import TextKey
from models import Template, TemplateVersion
from services.audit import trail
from services.audit.trail import Actor
from services.process.parts import part
from services.storage.exact import exactly
from services.storage.transactions import change, transaction
from services.templating import text_checks
from services.templating.text_sources import Source
from services.templating.text_versions import TextVersions
from services.templating.version import read_providers

log = logging.getLogger(__name__)
SHIPPED = 0
"""The version number of the shipped file."""


def tidy(key: TextKey, source: Source) -> Source:
    """Return what was typed in its stored form: uniform line ends, and only the parts that the channel has."""
    is_email = key.channel is Channel.EMAIL
    return Source(
        text=_lines(source.text).strip(),
        subject=" ".join((source.subject or "").split()) if is_email else None,
        html=(_lines(source.html or "").strip() or None) if is_email and not source.is_markdown else None,
        host=None if is_email else source.host,
        providers={} if is_email else source.providers,
        is_markdown=is_email and source.is_markdown,
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def save(key: TextKey, source: Source, *, base: int, by: Actor, comment: str = "") -> int:
    """Save a text as a new, unpublished version and return its number, or the newest number if nothing changed.

    `comment` says what changed, for colleagues.

    Raises BadText, and Conflict where somebody saved a version after `base`, the one that the editor saw.
    """
    source, comment = tidy(key, source), " ".join(comment.split())
    found = [*text_checks.faults(key, source), *text_checks.comment_faults(comment)]
    if found:
        raise text_checks.BadText(*found)
    try:
        return transaction(lambda session: _save(session, key, source, base, comment, by))
    except IntegrityError as error:
        raise Conflict("somebody else has saved this text in the meantime") from error


def _save(session: Session, key: TextKey, source: Source, base: int, comment: str, by: Actor) -> int:
    now = datetime.now(UTC)
    row = find(session, key) or _first(session, key, now)
    newest = _version(session, row, row.newest) if row.newest else None
    if newest is not None and source_of(newest) == source:
        _restore(session, key, row, newest, by)
        return newest.number
    number = base + 1
    moved = change(
        session,
        update(Template).where(Template.id == row.id, Template.newest == base).values(newest=number),
    )
    if moved != 1:
        raise Conflict("somebody else has saved this text in the meantime")
    session.add(
        TemplateVersion(
            template_id=row.id,
            number=number,
            subject=source.subject,
            text=source.text,
            html=source.html,
            host=source.host,
            providers=source.providers_as_kept(),
            is_markdown=source.is_markdown,
            comment=comment or None,
            saved_at=now,
            saved_by=by.id,
        )
    )
    trail.note(session, by, Action.TEMPLATE_SAVED, str(key), after={"version": number})
    return number


def _restore(session: Session, key: TextKey, row: Template, newest: TemplateVersion, by: Actor) -> None:
    """Make the newest version a draft again if it was discarded."""
    if row.discarded == newest.number and newest.published_at is None:
        row.discarded = None
        trail.note(session, by, Action.TEMPLATE_SAVED, str(key), after={"version": newest.number})


def discard(key: TextKey, number: int, *, by: Actor) -> None:
    """Discard a draft; the version is kept, and a test of it that is under way is still sent.

    Raises NotFound, and Conflict where it is not a draft: published, discarded, or no longer the newest.
    """

    def work(session: Session) -> None:
        row = _known(session, key, lock=True)
        if not is_draft(row, number, _version(session, row, number).published_at):
            raise Conflict("this version is not a draft")
        row.discarded = number
        trail.note(session, by, Action.TEMPLATE_DISCARDED, str(key), before={"version": number})

    transaction(work)
    log.info("the draft of %s, version %s, is discarded", key, number)


def publish(key: TextKey, number: int, *, by: Actor) -> None:
    """Publish a version, a new or an earlier one, for new messages; existing messages keep theirs.

    Raises NotFound.
    """

    def work(session: Session) -> None:
        row = _known(session, key, lock=True)
        version = _version(session, row, number)
        if row.published == number:
            return
        old, new = {"version": row.published}, {"version": number}
        trail.note(session, by, Action.TEMPLATE_PUBLISHED, str(key), before=old, after=new)
        row.published = number
        version.published_at, version.published_by = datetime.now(UTC), by.id

    transaction(work)
    part(TextVersions).forget()
    log.info("version %s of %s is published", number, key)


def withdraw(key: TextKey, *, by: Actor) -> None:
    """Unpublish a text: new messages get the shipped file, or the text of a broader locale. Raises NotFound."""

    def work(session: Session) -> None:
        row = _known(session, key, lock=True)
        if row.published is None:
            return
        trail.note(
            session,
            by,
            Action.TEMPLATE_WITHDRAWN,
            str(key),
            before={"version": row.published},
            after={"version": None},
        )
        row.published = None

    transaction(work)
    part(TextVersions).forget()
    log.info("no version of %s is published any more", key)


def find(session: Session, key: TextKey, *, lock: bool = False) -> Template | None:
    """Return the row of a text; None where nobody has edited it."""
    wanted = select(Template).where(
        exactly(Template.name, key.name),
        Template.channel == key.channel.value,
        exactly(Template.locale, key.locale),
        exactly(Template.purpose, key.purpose),
    )
    wanted = wanted.with_for_update() if lock else wanted
    return session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def is_draft(row: Template, number: int, published_at: datetime | None) -> bool:
    """Tell whether a version is the newest, and neither published nor discarded."""
    return number == row.newest and published_at is None and number != row.discarded


def source_of(row: TemplateVersion) -> Source:
    """Return what a version says."""
    providers = read_providers(row.providers)
    return Source(row.text, row.subject, row.html, row.host, providers, bool(row.is_markdown))


def _first(session: Session, key: TextKey, now: datetime) -> Template:
    values = {"name": key.name, "channel": key.channel.value, "locale": key.locale, "purpose": key.purpose}
    session.execute(insert(Template).values(**values, newest=0, published=None, created_at=now))
    return _known(session, key)


def _known(session: Session, key: TextKey, *, lock: bool = False) -> Template:
    found = find(session, key, lock=lock)
    if found is None:
        raise NotFound("no such text")
    return found


def _version(session: Session, row: Template, number: int) -> TemplateVersion:
    found = session.scalars(
        select(TemplateVersion).where(TemplateVersion.template_id == row.id, TemplateVersion.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound("no such version")
    return found
