"""Add, change and remove gateways while everything runs."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from channels.fields import Field as Field
from channels.fields import Form, form_of, forms
from channels.making import NAME, Maker
from domain.actions import Action
from domain.codes import new_id
from domain.errors import FieldProblem, InvalidInput, NameTaken, NotFound
from domain.keyring import Keyring, Unreadable
from domain.statuses import Channel
from exts import db
from models import GatewaySwitch, StoredGateway, clock
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.process.parts import part
from services.roster import entered, rows
from services.roster.entered import Entry
from services.roster.roster import Roster
from services.storage.transactions import transaction

log = logging.getLogger(__name__)


def channels_of(kind: str) -> tuple[Channel, ...]:
    """Return what a type or preset carries; nothing where there is none of this name."""
    form = form_of(kind)
    return form.channels if form else ()


def form_for(kind: str, channel: str) -> Form:
    """Return the fields of a type or preset for one channel; raises NotFound."""
    form = form_of(kind)
    if form is None or channel not in form.channels:
        raise NotFound("there is no such type of gateway")
    return form.of(Channel(channel))


def forms_of(channel: Channel) -> list[Form]:
    """Return the forms of all types and presets that carry a channel, in the order of their names."""
    return sorted(
        (form.of(channel) for form in forms() if channel in form.channels), key=lambda one: one.kind
    )


def add(
    form: Form, name: str, typed: Mapping[str, str], *, is_on: bool = True, by: Actor = COMMAND_LINE
) -> None:
    """Add a gateway. `is_on`: False lets it be tested before it gets messages.

    Raises InvalidInput with the fields at fault, NameTaken among it.
    """
    _ensure_free(name)
    channel = form.channels[0]
    table = _named(form, name, entered.table_of(form, typed, {}))
    entered.ensure_usable(part(Maker), form, table)

    def work(session: Session) -> None:
        now = clock.now()
        row = StoredGateway(name=name, kind=form.kind, channel=channel.value, created_at=now)
        session.execute(
            delete(GatewaySwitch).where(GatewaySwitch.name == name)
        )  # of an earlier one of this name
        if not is_on:
            session.add(GatewaySwitch(name=name, is_off=True, changed_by=by.id, changed_at=now))
        _put(session, row, table, by)
        _, told = entered.differences(form, {}, table)
        about = {"type": form.kind, "channel": channel.value, "state": "on" if is_on else "off"}
        trail.note(
            session, by, Action.GATEWAY_ADDED, name, subject_id=name, after={**about, "settings": told}
        )

    try:
        transaction(work)
    except IntegrityError:
        raise NameTaken("another gateway has this name") from None
    part(Roster).look()
    log.info("gateway %s is added", name)


def change(name: str, typed: Mapping[str, str], *, by: Actor = COMMAND_LINE) -> None:
    """Replace the settings of a gateway; an empty secret stays as it is. Raises NotFound and InvalidInput."""
    form = stored_form(name)

    def work(session: Session) -> None:
        row = _row(session, name)
        before = _opened(row)
        table = _named(form, name, entered.table_of(form, typed, before))
        entered.ensure_usable(part(Maker), form, table)
        told = entered.differences(form, before, table)
        if any(told):
            _put(session, row, table, by)
            trail.note(
                session,
                by,
                Action.GATEWAY_EDITED,
                name,
                subject_id=name,
                before={"settings": told[0]},
                after={"settings": told[1]},
            )

    transaction(work)
    part(Roster).look()
    log.info("the settings of gateway %s are changed", name)


def remove(name: str, *, by: Actor = COMMAND_LINE) -> None:
    """Remove a gateway with its settings, switch and weight; messages that it was to try again go to others.

    Raises NotFound, also for a gateway of gateways.toml.
    """

    def work(session: Session) -> None:
        row = _row(session, name)
        session.delete(row)
        if not part(Roster).is_shadowed(name):
            session.execute(delete(GatewaySwitch).where(GatewaySwitch.name == name))
        trail.note(session, by, Action.GATEWAY_REMOVED, name, subject_id=name)

    transaction(work)
    part(Roster).look()
    log.warning("gateway %s is removed", name)


def stored_form(name: str) -> Form:
    """Return the fields of a stored gateway; raises NotFound."""
    row = _stored(name)
    return form_for(row.kind, row.channel)


def entry_of(name: str) -> Entry:
    """Return what its form may show of a gateway; empty where its settings can't be opened. Raises NotFound."""
    row = _stored(name)
    return entered.shown(form_for(row.kind, row.channel), _opened(row))


def _stored(name: str) -> StoredGateway:
    row = db.session.get(StoredGateway, name, populate_existing=True)
    if row is None or row.name != name:
        raise NotFound(f"no gateway called {name} was added here")
    return row


def _row(session: Session, name: str) -> StoredGateway:
    row = session.get(StoredGateway, name, with_for_update=True, populate_existing=True)
    if row is None or row.name != name:
        raise NotFound(f"no gateway called {name} was added here")
    return row


def _opened(row: StoredGateway) -> Mapping[str, Any]:
    try:
        return rows.unseal(part(Keyring), row.name, row.sealed)
    except Unreadable:
        return {}  # whoever changes it enters everything anew


def _put(session: Session, row: StoredGateway, table: Mapping[str, Any], by: Actor) -> None:
    row.sealed = rows.seal(part(Keyring), row.name, table)
    row.version = new_id()
    row.changed_by, row.changed_at = by.id, clock.now()
    session.add(row)
    session.flush()


def _named(form: Form, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    kind = {"preset": form.kind} if form.is_preset else {"type": form.kind}
    return {"name": name, "channel": form.channels[0].value, **kind, **table}


def _ensure_free(name: str) -> None:
    if not NAME.fullmatch(name):
        raise InvalidInput(FieldProblem("name", "must be 1 to 64 of a-z 0-9 _ -"))
    part(Roster).look()
    if part(Roster).gateways.named(name) is not None:
        raise NameTaken("another gateway has this name")
