"""Switch gateways off and on and set their weights at run time: rows that workers read every second."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, false, null, select, union_all
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from channels.gateway import Gateway
from channels.registry import Gateways
from domain.actions import Action
from domain.errors import FieldProblem, InvalidInput, LastGateway, NotFound
from exts import db
from models.gateway_switch import GatewaySwitch
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.gateways.gateway_health import GatewayHealth
from services.process.parts import part
from services.roster import rows
from services.roster.roster import Roster, current
from services.storage.transactions import LostRace, Writer, transaction

log = logging.getLogger(__name__)
HEAVIEST = 1000
switches = GatewaySwitch.__table__


@dataclass(frozen=True, slots=True)
class Switches:
    """What operators have set while everything runs."""

    off: frozenset[str] = frozenset()
    weights: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the gateways that were added in the console."""


def read(reader: Writer) -> Switches:
    """Return the current switches, weights and versions; one statement, because workers run it every second."""
    found = reader.execute(_EVERYTHING).all()
    return Switches(
        off=frozenset(row.name for row in found if row.is_off),
        weights={row.name: row.weight for row in found if row.weight is not None},
        versions={row.name: row.version for row in found if row.version is not None},
    )


_EVERYTHING = union_all(
    select(switches.c.name, switches.c.is_off, switches.c.weight, null().label("version")),
    select(rows.gateways.c.name, false(), null(), rows.gateways.c.version),
)


def hand_to(take_over: Callable[[Switches, Gateways], None], engine: Engine, roster: Roster) -> None:
    """Pass the current switches and gateways to `take_over`; while the database fails, the last known ones stay."""
    try:
        with engine.connect() as connection:
            set_now = read(connection)
            roster.follow(connection, set_now.versions)
        take_over(set_now, roster.gateways)
    except SQLAlchemyError as error:
        log.error("the gateways' switches can't be read: %s", type(error).__name__)


def named(name: str) -> Gateway:
    """Return a gateway; raises NotFound."""
    found = current().named(name)
    if found is None:
        raise NotFound("no such gateway")
    return found


def is_last(name: str) -> bool:
    """Tell whether switching a gateway off would leave some messages without a gateway; raises NotFound."""
    return _leaves_nobody(named(name), read(db.session()))


def _leaves_nobody(gateway: Gateway, set_now: Switches) -> bool:
    """Tell whether some messages of this gateway would have no other working gateway."""
    others = (
        other
        for other in part(Roster).gateways
        if other.channel == gateway.channel
        and other.name not in {gateway.name, *set_now.off}
        and not part(GatewayHealth).tells_of_all(other.name)
    )
    return not _covers(gateway, others)


def _covers(gateway: Gateway, others: Iterable[Gateway]) -> bool:
    served: set[str] = set()
    for other in others:
        if not other.countries:
            return True
        served |= other.countries
    return bool(gateway.countries) and gateway.countries <= served


def switch_off(name: str, *, is_meant: bool = False, by: Actor = COMMAND_LINE) -> None:
    """Give a gateway no new messages; hand-overs in progress are not stopped.

    Raises NotFound, and LastGateway where no other gateway takes its messages and `is_meant` does not confirm that.
    """
    gateway = named(name)

    def work(session: Session) -> bool:
        row = _row(session, name)
        if row.is_off:
            return False
        if not is_meant and _leaves_nobody(gateway, read(session)):
            raise LastGateway("no other gateway takes its messages: they would wait, and then expire")
        row.is_off = True
        _note(session, row, by, Action.GATEWAY_SWITCHED_OFF, {"state": "on"}, {"state": "off"})
        return True

    if transaction(work):
        log.warning("gateway %s is switched off", name)


def switch_on(name: str, *, by: Actor = COMMAND_LINE) -> None:
    """Let a gateway take messages again; raises NotFound."""
    named(name)

    def work(session: Session) -> bool:
        row = _row(session, name)
        if not row.is_off:
            return False
        row.is_off = False
        _note(session, row, by, Action.GATEWAY_SWITCHED_ON, {"state": "off"}, {"state": "on"})
        return True

    if transaction(work):
        log.info("gateway %s is switched on", name)


def set_weight(name: str, weight: int | None, *, by: Actor = COMMAND_LINE) -> None:
    """Set how often a gateway is chosen among others; None restores the weight of its settings.

    Raises NotFound, and InvalidInput where it is not between 0 and 1000.
    """
    gateway = named(name)
    if weight is not None and not 0 <= weight <= HEAVIEST:
        raise InvalidInput(FieldProblem("weight", f"must be between 0 and {HEAVIEST}"))

    def work(session: Session) -> None:
        row = _row(session, name)
        if row.weight == weight:
            return
        before, row.weight = row.weight, weight
        told = [gateway.weight if value is None else value for value in (before, weight)]
        _note(session, row, by, Action.GATEWAY_WEIGHT_SET, {"weight": told[0]}, {"weight": told[1]})

    transaction(work)


def _row(session: Session, name: str) -> GatewaySwitch:
    """Return the row of a gateway, or a new one where nothing has been set."""
    found = session.get(GatewaySwitch, name, with_for_update=True, populate_existing=True)
    found = found if found is not None and found.name == name else None
    return found or GatewaySwitch(name=name, is_off=False, weight=None)


def _note(
    session: Session,
    row: GatewaySwitch,
    by: Actor,
    action: Action,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> None:
    row.changed_by, row.changed_at = by.id, datetime.now(UTC)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise LostRace from None  # another transaction inserted the row first
    trail.note(session, by, action, row.name, subject_id=row.name, before=before, after=after)
