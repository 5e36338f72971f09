"""Send a sample code through one pinned gateway, to see whether it works."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.gateway import Gateway
from channels.registry import Gateways
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
from services.limits import counters, send_limits
from services.limits.rate_windows import RateWindows
from services.outbox import outbox
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import transaction
from services.templating import code_segments, published
from services.templating.given import code_params

log = logging.getLogger(__name__)
OWNER = Owner("gateway-test")
DEADLINE = timedelta(seconds=60)
REPORTED_WITHIN = timedelta(minutes=5)
"""How long the page of a gateway looks for the delivery report of a test."""
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
    def may_be_reported(self) -> bool:
        """Tell whether a delivery report may still come soon."""
        sent = self.status is MessageStatus.SENT and self.settled_at is not None
        return sent and datetime.now(UTC) - self.created_at < REPORTED_WITHIN

    @property
    def is_under_way(self) -> bool:
        """Tell whether the result is still open."""
        return self.status.result is None


def own_destination(session: ConsoleSession, channel: Channel) -> str | None:
    """Return where a test usually goes: the administrator's own address or phone, None while no phone is bound."""
    return session.administrator.email if channel is Channel.EMAIL else session.administrator.phone


def reaching(session: ConsoleSession) -> Gateway | None:
    """Return the gateway by which a test reaches the administrator, e-mail first; None without one."""
    mail_first = sorted(part(Gateways), key=lambda one: one.channel is not Channel.EMAIL)
    return next((one for one in mail_first if own_destination(session, one.channel)), None)


def send(session: ConsoleSession, name: str, to: str, *, by: Actor) -> None:
    """Queue a sample code to any destination, even while the gateway is switched off.

    It uses the text of real codes, because some providers accept only approved texts; its code is all zeros. To others
    than the administrator it counts as a send to this destination, but without the cool-down. Raises NotFound, Conflict
    where the name is too long for it, InvalidDestination and LimitExceeded.
    """
    gateway = named(name)
    if len(name) > pinning.LONGEST_NAME:
        raise Conflict("the name of the gateway is too long for a test")
    destination = typed.destination(gateway.channel, to)
    send_limits.ensure_country(destination)
    part(RateWindows).hit("gateway_tests_per_10_minutes", str(by.id), MOST_PER_10_MINUTES, 600)
    message = _message(session, destination, name)
    is_own = destination.to == own_destination(session, gateway.channel)

    def work(database: Session) -> None:
        now = datetime.now(UTC)
        if not is_own:
            _count(database, destination, now)
        if gateway.channel is Channel.SMS:
            send_limits.take_budget([destination.country] * message.segments, OWNER, reader=database)
        outbox.put(database, part(Keyring), [message], now)
        told = {"destination": mask(destination.to)}
        trail.note(database, by, Action.GATEWAY_TESTED, name, subject_id=name, after=told)

    transaction(work)
    part(Bell).ring(message.lane)
    log.info("test %s through gateway %s is queued", message.id, name)


def _count(database: Session, destination: Destination, now: datetime) -> None:
    windows = counters.send_windows(current_app.config, has_cooldown=False)
    counted = counters.look(database, counters.sends_key(destination, OWNER), windows)
    counters.ensure_room(counted, now)
    counters.count(database, counted, now)


def _message(session: ConsoleSession, destination: Destination, gateway: str) -> NewMessage:
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
        ask_first=pinning.pin(gateway),
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
