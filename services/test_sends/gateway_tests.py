"""Send a sample code to an administrator through one pinned gateway, to see whether it works."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from channels.gateway import Gateway
from domain import pinning
from domain.actions import Action
from domain.destinations import Destination, mask
from domain.errors import Conflict
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import Channel, MessageStatus, Priority
from exts import db
from models import Message
from services import profiles, typed
from services.audit import trail
from services.audit.trail import Actor
from services.codes.issuing import TEMPLATE, TEST_DIGIT
from services.gateways.gateway_switches import named
from services.limits import send_limits
from services.limits.rate_windows import RateWindows
from services.outbox import outbox
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import change, transaction
from services.templating import code_segments, published
from services.templating.given import code_params

log = logging.getLogger(__name__)
OWNER = Owner("gateway-test")
DEADLINE = timedelta(seconds=60)
MOST_PER_10_MINUTES = 10


@dataclass(frozen=True, slots=True)
class TestView:
    """The state of the newest test of a gateway."""

    id: str
    to: str
    """Masked."""
    status: MessageStatus
    error: str | None
    tries: int
    created_at: datetime
    settled_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Tell whether the result is still open."""
        return self.status.result is None


def own_destination(session: ConsoleSession, channel: Channel) -> str | None:
    """Return where a test goes: the administrator's own address or phone, None while no phone is bound."""
    return session.administrator.email if channel is Channel.EMAIL else session.administrator.phone


def send(session: ConsoleSession, name: str, *, by: Actor) -> None:
    """Queue a sample code to the administrator's own destination, even while the gateway is switched off.

    It uses the text of real codes, because some providers accept only approved texts; its code is all zeros. Raises
    NotFound, Conflict where the administrator has no destination, CountryNotAllowed and LimitExceeded.
    """
    gateway = named(name)
    to = own_destination(session, gateway.channel)
    if to is None or len(name) > pinning.LONGEST_NAME:
        raise Conflict("there is no destination for a test")
    destination = typed.kept(gateway.channel, to)
    send_limits.ensure_country(destination)
    part(RateWindows).hit("gateway_tests_per_10_minutes", str(by.id), MOST_PER_10_MINUTES, 600)
    message = _message(session, destination)
    if gateway.channel is Channel.SMS:
        send_limits.take_budget([destination.country] * message.segments, OWNER)

    def work(database: Session) -> None:
        now = datetime.now(UTC)
        outbox.put(database, part(Keyring), [message], now)
        pin = update(Message).where(Message.id == message.id).values(ask_first=pinning.pin(name))
        change(database, pin)
        told = {"destination": mask(to)}
        trail.note(database, by, Action.GATEWAY_TESTED, name, subject_id=name, after=told)

    transaction(work)
    part(Bell).ring(message.lane)
    log.info("test %s through gateway %s is queued", message.id, name)


def _message(session: ConsoleSession, destination: Destination) -> NewMessage:
    settings = current_app.config
    text = published.choose_own(TEMPLATE, destination.channel, session.administrator.locale)
    life = timedelta(seconds=settings["CODE_TTL_SECONDS"])
    return NewMessage(
        owner=OWNER.id,
        destination=destination,
        template=TEMPLATE,
        template_version=text.version_id,
        locale=text.locale,
        params=code_params(TEST_DIGIT * settings["CODE_LENGTH"], life, settings["SERVICE_NAME"]),
        segments=code_segments.of_code(text, profiles.of(OWNER)) if destination.channel is Channel.SMS else 1,
        priority=Priority.SINGLE,
        deadline_at=datetime.now(UTC) + DEADLINE,
    )


def newest(gateway: Gateway) -> TestView | None:
    """Return the newest test of a gateway, None where there was none or it was purged."""
    row = db.session.scalar(
        select(Message)
        .where(Message.owner == OWNER.id, Message.ask_first == pinning.pin(gateway.name))
        .order_by(Message.created_at.desc())
        .limit(1)
    )
    found = _view(row) if row else None
    db.session.rollback()
    return found


def _view(row: Message) -> TestView:
    return TestView(
        id=row.id,
        to=mask(row.to),
        status=MessageStatus(row.status),
        error=row.error,
        tries=row.tries,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
