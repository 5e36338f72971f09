"""Hooks: add, list, change, rotate, remove."""

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain import hooks as rules
from domain.actions import Action
from domain.codes import new_id
from domain.destinations import mask
from domain.errors import Conflict, FieldProblem, InvalidDestination, InvalidInput, NotFound
from domain.hooks import HookType
from domain.keyring import Keyring, Unreadable
from exts import db
from models import Hook, clock
from services import profiles, typed
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.hooks.hook_views import HookView, view
from services.process.parts import part
from services.storage.exact import exactly
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
OVERLAP = timedelta(hours=24)
"""How long the old secret still works after a rotation."""


def add(
    type: str,
    name: str,
    *,
    channel: str | None = None,
    destinations: Iterable[str] = (),
    secret: str | None = None,
    by: Actor = COMMAND_LINE,
) -> tuple[HookView, str]:
    """Make a hook; return its view and its secret, which is not shown again. Raises InvalidInput.

    `secret`: one that the server made, for servers that don't take ours.
    """
    wanted = rules.check(type, name, channel)
    to = _check_destinations(wanted.type, destinations)
    text = rules.check_secret(wanted.type, secret) if secret else rules.new_secret(wanted.type)
    hook_id = new_id()

    def work(session: Session) -> HookView:
        row = Hook(
            id=hook_id,
            type=wanted.type.value,
            name=wanted.name,
            channel=wanted.channel,
            destinations=to,
            secret=_seal(hook_id, text),
            is_on=True,
            created_at=clock.now(),
        )
        session.add(row)
        session.flush()
        made = {"type": row.type, "channel": row.channel, "destinations": [mask(one) for one in to or ()]}
        trail.note(session, by, Action.HOOK_ADDED, row.name, subject_id=row.id, after=made)
        return view(row)

    return transaction(work), text


def list_all(*, removed: bool = False) -> list[HookView]:
    """Return every hook, newest first; removed ones only where asked for."""
    newest = select(Hook).order_by(Hook.created_at.desc(), Hook.id)
    if not removed:
        newest = newest.where(Hook.removed_at.is_(None))
    return [view(row) for row in db.session.scalars(newest.execution_options(populate_existing=True))]


def get(hook_id: str) -> HookView:
    """Return a hook that is not removed; raises NotFound."""
    row = db.session.get(Hook, hook_id, populate_existing=True)
    if row is None or row.removed_at is not None:
        raise NotFound("no such hook")
    return view(row)


def find(name_or_id: str) -> HookView:
    """Return the hook with this id or name; raises NotFound, and Conflict for several of a name."""
    named = exactly(Hook.name, name_or_id.strip())
    wanted = select(Hook).where(and_(or_(Hook.id == name_or_id, named), Hook.removed_at.is_(None)))
    rows = db.session.scalars(wanted).all()
    if not rows:
        raise NotFound("no such hook")
    if len(rows) > 1:
        raise Conflict(
            f"several hooks have this name, give the id of one: {', '.join(row.id for row in rows)}"
        )
    return view(rows[0])


def secrets_of(hook_id: str) -> tuple[HookView, tuple[str, ...]] | None:
    """Return a hook that takes posts with its secrets that work, newest first; None where there is none."""
    row = db.session.get(Hook, hook_id, populate_existing=True)
    found = view(row) if row is not None else None
    if row is None or found is None or not found.takes_posts:
        return None
    sealed = [row.secret, *([row.old_secret] if found.old_until and row.old_secret else ())]
    opened = tuple(text for one in sealed if (text := _open(row.id, one)))
    db.session.rollback()
    return found, opened


def configure(hook_id: str, settings: Mapping[str, Any], *, by: Actor = COMMAND_LINE) -> HookView:
    """Replace what a hook has of its own; raises NotFound and InvalidInput."""
    return _change(hook_id, {"settings": rules.check_settings(settings) or None}, by)


def switch(hook_id: str, *, is_on: bool, by: Actor = COMMAND_LINE) -> HookView:
    """Switch a hook on or off; one that is off answers as if it did not exist. Raises NotFound."""
    return _change(hook_id, {"is_on": is_on}, by)


def _change(hook_id: str, wanted: Mapping[str, Any], by: Actor) -> HookView:
    def work(session: Session) -> HookView:
        row = _living(session, hook_id)
        before = {name: getattr(row, name) for name in wanted if getattr(row, name) != wanted[name]}
        after = {name: wanted[name] for name in before}
        for name, value in after.items():
            setattr(row, name, value)
        if before:
            trail.note(
                session, by, Action.HOOK_EDITED, row.name, subject_id=row.id, before=before, after=after
            )
        return view(row)

    changed = transaction(work)
    profiles.forget(f"hook:{hook_id}")
    return changed


def rotate(hook_id: str, *, secret: str | None = None, by: Actor = COMMAND_LINE) -> tuple[HookView, str]:
    """Give a hook a new secret and return it; the old one works for 24 hours more.

    `secret`: one that the server made. Raises NotFound and InvalidInput.
    """

    def work(session: Session) -> tuple[HookView, str]:
        row = _living(session, hook_id)
        kind = HookType(row.type)
        text = rules.check_secret(kind, secret) if secret is not None else rules.new_secret(kind)
        row.old_secret, row.old_until = row.secret, clock.now() + OVERLAP
        row.secret = _seal(row.id, text)
        trail.note(session, by, Action.HOOK_ROTATED, row.name, subject_id=row.id, after={"overlap": "24h"})
        return view(row), text

    rotated = transaction(work)
    log.info("hook %s has a new secret, the old one works for 24 h more", hook_id)
    return rotated


def remove(hook_id: str, *, by: Actor = COMMAND_LINE) -> HookView:
    """Remove a hook for good and erase its secrets; what it sent stays. Raises NotFound."""

    def work(session: Session) -> HookView:
        row = _living(session, hook_id)
        row.removed_at, row.secret, row.old_secret, row.old_until = clock.now(), b"", None, None
        trail.note(session, by, Action.HOOK_REMOVED, row.name, subject_id=row.id)
        return view(row)

    return transaction(work)


def _living(session: Session, hook_id: str) -> Hook:
    row = session.get(Hook, hook_id, with_for_update=True, populate_existing=True)
    if row is None or row.removed_at is not None:
        raise NotFound("no such hook")
    return row


def _check_destinations(type: HookType, texts: Iterable[str]) -> list[str] | None:
    given = [text for text in texts if text.strip()]
    if type is not HookType.ALERTMANAGER:
        if given:
            raise InvalidInput(FieldProblem("to", "is for alerts: other posts name their destination"))
        return None
    if not 1 <= len(given) <= rules.MOST_DESTINATIONS:
        raise InvalidInput(FieldProblem("to", f"must be 1 to {rules.MOST_DESTINATIONS} destinations"))
    try:
        parsed = [typed.destination_of_any_channel(text) for text in given]
    except InvalidDestination as error:
        raise InvalidInput(*error.problems) from None
    return list(dict.fromkeys(one.to for one in parsed))


def _seal(hook_id: str, secret: str) -> bytes:
    return part(Keyring).seal(secret.encode(), row=f"hook:{hook_id}")


def _open(hook_id: str, sealed: bytes) -> str | None:
    try:
        return part(Keyring).open(sealed, row=f"hook:{hook_id}").decode()
    except Unreadable:
        log.error("the secret of hook %s can't be read: its key is no longer in CODE_PEPPER", hook_id)
        return None
