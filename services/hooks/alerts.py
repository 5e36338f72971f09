"""Send alerts: one notice a group to each destination of the hook, when its state changes."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from flask import current_app
from sqlalchemy.orm import Session

from domain.destinations import Destination, mask
from domain.errors import CountryNotAllowed, InvalidDestination
from domain.hooks import alert_text
from domain.keyring import Keyring
from domain.statuses import Channel, Priority
from models import clock
from services import profiles, typed
from services.hooks import repeats
from services.hooks.deliveries import note_use, ring
from services.hooks.hook_views import HookView
from services.languages import locales
from services.limits import send_limits
from services.messaging import notices
from services.outbox import fitting, outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.storage.transactions import transaction
from services.templating.texts import Text
from services.test_numbers import fixed_codes

log = logging.getLogger(__name__)
KNOWN_FOR = timedelta(days=30)
"""How long the state of a group is remembered after its last post; senders repeat it every few hours."""
LONGEST_SMS, LONGEST_MAIL, LONGEST_SUBJECT = 480, 20_000, 200


@dataclass(frozen=True, slots=True)
class Group:
    """A group of alerts as it was posted."""

    key: str
    title: str = field(repr=False)
    lines: Sequence[str] = field(repr=False)
    state: Sequence[str] = ()
    """Everything whose change makes a new notice: the status, and each alert with its own."""


def send(hook: HookView, group: Group) -> int:
    """Queue a notice to each destination of the hook; return how many, 0 where this state was told already.

    Raises InvalidInput and LimitExceeded for the day's budget.
    """
    now = clock.now()
    messages = [fixed_codes.marked(_message(hook, one, group)) for one in _destinations(hook)]
    key = repeats.key_of(hook.id, "group", group.key)
    state = hashlib.sha256("\n".join(group.state).encode("utf-8", "replace")).hexdigest()

    def work(session: Session) -> list[NewMessage]:
        note_use(session, hook.id, now)
        if not repeats.is_new(session, key, now, now + KNOWN_FOR, state):
            return []
        if billed := fixed_codes.billed(messages):
            send_limits.take_budget(billed, hook.owner, reader=session)
        outbox.put(session, part(Keyring), messages, now)
        return messages

    sent = transaction(work)
    for message in sent:
        log.info("hook %s: notice %s to %s is queued", hook.id, message.id, mask(message.destination.to))
    ring(sent)
    return len(sent)


def _destinations(hook: HookView) -> list[Destination]:
    """Return where alerts may go now: a setting may have been changed since the hook was added."""
    found = []
    refused: InvalidDestination | None = None
    for to in hook.destinations:
        try:
            parsed = typed.destination_of_any_channel(to)
            send_limits.ensure_country(parsed)
            found.append(parsed)
        except InvalidDestination as error:
            refused = error
            log.warning("hook %s: no alert to %s: %s", hook.id, mask(to), error.code)
    if not found:
        raise refused or CountryNotAllowed("the hook has no destination")
    return found


def _message(hook: HookView, destination: Destination, group: Group) -> NewMessage:
    now = clock.now()
    title = " ".join(group.title.split())[:LONGEST_SUBJECT]
    if destination.channel is Channel.SMS:
        said = Text(alert_text([title, *group.lines], LONGEST_SMS))
    else:
        said = Text(alert_text(group.lines or [title], LONGEST_MAIL), title)
    params = {name: value for name, value in said._asdict().items() if value is not None}
    profile = profiles.of(hook.owner)
    return NewMessage(
        owner=hook.owner.id,
        destination=destination,
        template=None,
        locale=locales.nearest_locale(profile.locale, current_app.config["DEFAULT_LOCALE"]),
        params=params,
        priority=Priority.SINGLE,
        deadline_at=notices.span(None, now).deadline_at,
        keeps_content=True,
        segments=fitting.fit_text(destination.channel, said),
    )
