"""Send a version of a template to the administrator who edits it, through the outbox like any message."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import Destination, mask
from domain.errors import InvalidDestination
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import Channel, Priority
from domain.template_keys import TextKey
from services.audit import trail
from services.audit.trail import Actor
from services.limits import counters, send_limits
from services.outbox import fitting, outbox
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import transaction
from services.templating import text_samples
from services.templating.template_views import VersionView
from services.typed import kept

log = logging.getLogger(__name__)
DEADLINE = timedelta(minutes=10)
COOL_DOWN = "resend_cooldown"


def own_destination(session: ConsoleSession, channel: Channel) -> str | None:
    """Return where a test goes: the account's own e-mail address or phone, None where it has none."""
    return session.administrator.email if channel is Channel.EMAIL else session.administrator.phone


def send(
    session: ConsoleSession, key: TextKey, version: VersionView, typed: Mapping[str, str], *, by: Actor
) -> str:
    """Send a version with sample values to the administrator's own address; return the address, masked.

    It counts as a send to this destination, but without the cool-down, because an author tries a text several times.
    Raises InvalidDestination where the account has none, CountryNotAllowed and LimitExceeded.
    """
    to = own_destination(session, key.channel)
    if to is None:
        raise InvalidDestination("the account has no phone")
    destination = kept(key.channel, to)
    send_limits.ensure_country(destination)
    owner, now = _owner(session), datetime.now(UTC)
    message = _message(session, key, version, typed, destination, now)

    def work(database: Session) -> None:
        windows = [one for one in counters.send_windows(current_app.config) if one.name != COOL_DOWN]
        counted = counters.look(database, counters.sends_key(destination, owner), windows)
        counters.ensure_room(counted, now)
        if key.channel is Channel.SMS:
            billed = [destination.country] * message.segments
            send_limits.take_budget(billed, owner, reader=database)
        counters.count(database, counted, now)
        outbox.put(database, part(Keyring), [message], now)
        told = {"version": version.number, "destination": mask(to)}
        trail.note(database, by, Action.TEMPLATE_TESTED, str(key), after=told)

    transaction(work)
    part(Bell).ring(message.lane)
    log.info("test of version %s of %s to %s is queued", version.number, key, mask(to))
    return mask(to)


def _owner(session: ConsoleSession) -> Owner:
    return Owner(f"session:{session.id}")


def _message(
    session: ConsoleSession,
    key: TextKey,
    version: VersionView,
    typed: Mapping[str, str],
    destination: Destination,
    now: datetime,
) -> NewMessage:
    text = version.source.version()
    names = text.variables | ({"code"} if key.name == "code" else set())
    params = {
        "service": current_app.config["SERVICE_NAME"],
        **text_samples.values(key, names, typed, text.links),
    }
    return NewMessage(
        owner=_owner(session).id,
        destination=destination,
        template=key.name,
        template_version=version.id,
        locale=key.locale,
        params=params,
        segments=fitting.fit_text(key.channel, text.render({"unsubscribe_url": "", **params})),
        priority=Priority.SINGLE,
        deadline_at=now + DEADLINE,
    )
