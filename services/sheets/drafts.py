"""Broadcasts that administrators are making: what is kept of them between two pages, sealed, for a day at most.

A draft has the id that its broadcast will have. Its file is kept twice: as it was uploaded, for other columns and for
the file of bad rows, and as recipients who are ready. Sending adds the broadcast and deletes all but the latter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from domain.codes import new_id
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.keyring import Keyring
from domain.owners import Owner, of_administrator
from domain.sheets import Fault
from domain.statuses import Channel
from exts import db
from models import BroadcastDraft, DraftPart, clock
from services.outbox import contents, packed
from services.outbox.contents import Content
from services.process.parts import part
from services.storage.transactions import change, transaction

LIFE = timedelta(hours=24)
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class NewDraft:
    """What somebody wants to send: a template, or a text of their own."""

    name: str
    channel: Channel
    template: str | None = None
    subject: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of one administrator; `rows` is None while it has no file."""

    id: str
    administrator_id: int
    name: str
    content: Content
    file_name: str | None
    head: Sequence[str] = field(repr=False)
    columns: Mapping[str, int | None]
    rows: int | None
    faults: Mapping[Fault, int]
    created_at: datetime

    @property
    def owner(self) -> Owner:
        """Whose messages it will be."""
        return of_administrator(self.administrator_id)

    @property
    def bad(self) -> int:
        """How many rows are bad."""
        return sum(self.faults.values())

    @property
    def is_matched(self) -> bool:
        """Tell whether each value that the text needs has a column, so that the rows are checked."""
        return self.rows is not None and None not in self.columns.values()

    @property
    def good(self) -> int:
        """How many rows get the message."""
        return (self.rows or 0) - self.bad if self.is_matched else 0

    @property
    def ends_at(self) -> datetime:
        """When it is deleted."""
        return self.created_at + LIFE


def create(new: NewDraft, administrator_id: int) -> str:
    """Keep a new draft and return its id; raises InvalidInput where its name or content is invalid."""
    name = new.name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidInput(FieldProblem("name", f"must have 1 to {LONGEST_NAME} characters"))
    content = contents.check(
        new.channel, template=new.template, text=new.text, subject=new.subject, html=None, locale=None
    )
    draft_id, now = new_id(), clock.now()
    row = {
        "id": draft_id,
        "administrator_id": administrator_id,
        "name": name,
        "channel": content.channel.value,
        "template": content.template,
        "template_version": content.template_version,
        "locale": content.locale,
        "sealed": _sealed(draft_id, content, None, (), {}),
        "faults": {},
        "created_at": now,
    }

    def work(session: Session) -> None:
        _delete(session, [old.id for old in _of(session, administrator_id, until=now - LIFE)])
        session.execute(insert(BroadcastDraft), [row])

    transaction(work)
    return draft_id


def mine(administrator_id: int) -> list[Draft]:
    """Return the drafts of an administrator, newest first."""
    now = clock.now()
    found = [view(row) for row in _of(db.session(), administrator_id) if row.created_at > now - LIFE]
    db.session.rollback()
    return sorted(found, key=lambda one: one.created_at, reverse=True)


def get(draft_id: str, administrator_id: int) -> Draft:
    """Return a draft of an administrator; raises NotFound, also once it is sent or its day is over."""
    found = view(owned(db.session(), draft_id, administrator_id))
    db.session.rollback()
    return found


def discard(draft_id: str, administrator_id: int) -> None:
    """Delete a draft with its file; raises NotFound."""

    def work(session: Session) -> None:
        _delete(session, [owned(session, draft_id, administrator_id, lock=True).id])

    transaction(work)


def owned(session: Session, draft_id: str, administrator_id: int, *, lock: bool = False) -> BroadcastDraft:
    """Return the row of a draft, locked on request; raises NotFound."""
    row = session.get(BroadcastDraft, draft_id, populate_existing=True, with_for_update=lock)
    if row is None or row.administrator_id != administrator_id or row.created_at <= clock.now() - LIFE:
        raise NotFound("no such draft")
    return row


def forget(session: Session, draft_id: str, *, recipients: bool = True) -> None:
    """Delete a draft and what was uploaded, and with `recipients` those that are ready; the caller commits."""
    change(session, delete(DraftPart).where(DraftPart.draft_id == draft_id))
    change(session, delete(BroadcastDraft).where(BroadcastDraft.id == draft_id))
    if recipients:
        packed.drop(session, draft_id)


def delete_before(session: Session, before: datetime) -> int:
    """Delete drafts that were begun before a time, and return how many; the caller commits."""
    ids = session.scalars(select(BroadcastDraft.id).where(BroadcastDraft.created_at <= before)).all()
    _delete(session, ids)
    return len(ids)


def describe(draft: Draft, file_name: str, head: Sequence[str], columns: Mapping[str, int | None]) -> bytes:
    """Return what a draft's row says once it has a file."""
    return _sealed(draft.id, draft.content, file_name, head, columns)


def _of(
    session: Session, administrator_id: int, *, until: datetime | None = None
) -> Sequence[BroadcastDraft]:
    rows = select(BroadcastDraft).where(BroadcastDraft.administrator_id == administrator_id)
    return session.scalars(rows if until is None else rows.where(BroadcastDraft.created_at <= until)).all()


def _delete(session: Session, ids: Sequence[str]) -> None:
    for draft_id in ids:
        forget(session, draft_id)


def _sealed(
    draft_id: str,
    content: Content,
    file_name: str | None,
    head: Sequence[str],
    columns: Mapping[str, int | None],
) -> bytes:
    said = {
        "texts": content.texts,
        "needed": sorted(content.needed),
        "file": file_name,
        "head": list(head),
        "columns": dict(columns),
    }
    return packed.seal(part(Keyring), said, draft_id)


def view(row: BroadcastDraft) -> Draft:
    """Return what a row says."""
    said: dict[str, Any] = packed.unseal(part(Keyring), row.sealed, row.id)
    content = Content(
        Channel(row.channel),
        row.locale,
        row.template,
        row.template_version,
        needed=frozenset(said["needed"]),
        **said["texts"],
    )
    return Draft(
        id=row.id,
        administrator_id=row.administrator_id,
        name=row.name,
        content=content,
        file_name=said["file"],
        head=said["head"],
        columns=said["columns"],
        rows=row.rows,
        faults={Fault(kind): count for kind, count in row.faults.items()},
        created_at=row.created_at,
    )
