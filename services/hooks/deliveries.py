"""Send what an identity server handed over: in the lane of codes, sealed and limited like a code of ours.

Its codes make no verification: the server checks them itself and never tells the outcome, so a row that waits for one
would spoil the conversion in the statistics, and with it the judgement of the pumping guard.
"""

import ipaddress
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from domain import codes
from domain.characters import has_control_characters
from domain.destinations import Destination, mask
from domain.errors import FieldProblem, InvalidDestination, InvalidInput
from domain.hooks import Wording, is_web_address, type_of_post
from domain.keyring import Keyring
from domain.profiles import Profile
from domain.purposes import check_locale
from domain.statuses import Channel, Lane, Priority
from domain.template_keys import CODE, CODE_LINK
from models import Hook, clock
from services import profiles, typed
from services.hooks import repeats
from services.hooks.exchange import Delivery
from services.hooks.hook_views import HookView
from services.languages import locales
from services.limits import send_limits
from services.outbox import fitting, outbox
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.storage.transactions import change, transaction
from services.templating import code_segments, published
from services.templating.given import code_params
from services.templating.texts import Text
from services.test_numbers import fixed_codes

log = logging.getLogger(__name__)
REPEATED_WITHIN = timedelta(seconds=60)
"""How long the same code to the same destination is one delivery, where the server gives it no id."""
KNOWN_ID_FOR = timedelta(days=1)
NOTE_USE_EVERY = timedelta(minutes=1)
SHORTEST_LIFE, LONGEST_LIFE = timedelta(minutes=1), timedelta(days=7)
DIGITS = re.compile(r"[1-9][0-9]{5,14}")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A delivery with its message."""

    key: str
    known_for: timedelta
    message: NewMessage = field(repr=False)
    destination: Destination = field(repr=False)
    client_ip: str | None = None


def send(hook: HookView, deliveries: Sequence[Delivery]) -> int:
    """Queue what was handed over, all of it or nothing; return how many are new and no repeats.

    Waits for no gateway and no broker. Raises InvalidInput, InvalidDestination, CountryNotAllowed and LimitExceeded.
    """
    now = clock.now()
    ready = [_prepare(hook, delivery, number, now) for number, delivery in enumerate(deliveries)]

    def work(session: Session) -> list[NewMessage]:
        fresh = []
        for one in ready:
            if not repeats.is_new(session, one.key, now, now + one.known_for):
                continue
            send_limits.take(
                session,
                one.destination,
                now,
                owner=replace(hook.owner, is_test=one.message.is_test),
                client_ip=one.client_ip,
                segments=one.message.segments,
                has_cooldown=False,  # the server keeps its own
            )
            fresh.append(one.message)
        outbox.put(session, part(Keyring), fresh, now)
        note_use(session, hook.id, now)
        return fresh

    sent = transaction(work)
    for message in sent:
        log.info(
            "hook %s: message %s to %s is queued",
            hook.id,
            message.id,
            mask(message.destination.to),
            extra={"message_id": message.id},
        )
    ring(sent)
    if len(sent) < len(ready):
        log.info("hook %s: %s of %s were repeats", hook.id, len(ready) - len(sent), len(ready))
    return len(sent)


def ring(sent: Sequence[NewMessage]) -> None:
    """Wake the workers of the lanes of these messages; they are committed by now."""
    for lane in {Lane(message.lane) for message in sent}:
        part(Bell).ring(lane)


def note_use(session: Session, hook_id: str, now: datetime) -> None:
    """Record at most once a minute that a hook is in use; the caller commits."""
    stale = or_(Hook.last_used_at.is_(None), Hook.last_used_at <= now - NOTE_USE_EVERY)
    change(session, update(Hook).where(Hook.id == hook_id, stale).values(last_used_at=now))


def destination_of(channel: Channel, text: str) -> Destination:
    """Return the destination that a server means: blanks are cut, and bare digits are a number without its plus sign.

    Raises InvalidDestination.
    """
    bare = re.sub(r"\s+", "", text)
    if channel is Channel.SMS and DIGITS.fullmatch(bare):
        bare = f"+{bare}"
    return typed.destination(channel, bare)


def _prepare(hook: HookView, delivery: Delivery, number: int, now: datetime) -> _Ready:
    if hook.channel is not None and delivery.channel is not hook.channel:
        raise InvalidInput(FieldProblem("channel", f"must be {hook.channel}: the hook sends nothing else"))
    if not delivery.to.strip():
        raise InvalidDestination("is missing")
    destination = destination_of(delivery.channel, delivery.to)
    send_limits.ensure_country(destination)
    if delivery.id:
        key = repeats.key_of(hook.id, "id", delivery.id, str(number))
    else:
        said = delivery.code or delivery.text or ""
        key = repeats.key_of(hook.id, destination.channel, destination.canonical, delivery.type, said)
    message = fixed_codes.marked(_message(hook, delivery, destination, now))
    known_for = KNOWN_ID_FOR if delivery.id else REPEATED_WITHIN
    return _Ready(key, known_for, message, destination, _address(delivery.client_ip))


def _message(hook: HookView, delivery: Delivery, destination: Destination, now: datetime) -> NewMessage:
    profile = profiles.of(hook.owner)
    life = delivery.life or timedelta(seconds=profile.code_ttl_seconds)
    life = min(max(life, SHORTEST_LIFE), LONGEST_LIFE)
    profile = replace(profile, code_ttl_seconds=int(life.total_seconds()))
    deadline = timedelta(seconds=current_app.config["SEND_DEADLINE_SECONDS"] or profile.code_ttl_seconds)
    base = NewMessage(
        owner=hook.owner.id,
        destination=destination,
        template=None,
        locale=locales.nearest_locale(_locale(delivery, profile), current_app.config["DEFAULT_LOCALE"]),
        params={},
        priority=Priority.CODE,
        deadline_at=now + min(deadline, life),
    )
    if _is_in_our_words(hook, delivery):
        return _in_our_words(base, delivery, profile, life)
    return _in_their_words(base, delivery, profile)


def _is_in_our_words(hook: HookView, delivery: Delivery) -> bool:
    """Tell whether our own text is sent; a text of theirs is what is left where there is no bare code."""
    if delivery.text is None or not delivery.code:
        return delivery.text is None
    if hook.settings.get("text") == Wording.THEIRS:
        return False
    try:
        codes.check_own(delivery.code)
    except InvalidInput:
        return False
    return True


def _in_our_words(base: NewMessage, delivery: Delivery, profile: Profile, life: timedelta) -> NewMessage:
    code = codes.check_own(delivery.code or "")
    channel = base.destination.channel
    params = code_params(code, life, profile.service_name, profile.sender)
    template = CODE
    if delivery.link and channel is Channel.EMAIL:
        if not is_web_address(delivery.link):
            raise InvalidInput(FieldProblem("link", "is not a web address"))
        template, params = CODE_LINK, {**params, "link": delivery.link}
    purpose = type_of_post(delivery.type) if template == CODE else ""
    text = published.choose_own(template, channel, _locale(delivery, profile), purpose)
    return replace(
        base,
        template=template,
        template_version=text.version_id,
        locale=text.locale,
        params=params,
        segments=code_segments.of_code(text, profile, len(code)) if channel is Channel.SMS else 1,
    )


def _in_their_words(base: NewMessage, delivery: Delivery, profile: Profile) -> NewMessage:
    text = (delivery.text or "").replace("\r\n", "\n").strip()
    if not text or has_control_characters(re.sub(r"[\n\r\t]", "", text)):
        raise InvalidInput(FieldProblem("text", "is blank or has characters that can't be sent"))
    if base.destination.channel is Channel.SMS:
        said = Text(text)
    else:
        subject = " ".join((delivery.subject or profile.service_name).split())
        said = Text(text, subject, delivery.html or None)
    segments = fitting.fit_text(base.destination.channel, said)
    params = {name: value for name, value in said._asdict().items() if value is not None}
    return replace(base, params=params, segments=segments)


def _locale(delivery: Delivery, profile: Profile) -> str | None:
    """Return the language that the server told, as far as it is one, else the hook's own."""
    try:
        told = (delivery.locale or "").replace("_", "-").partition(" ")[0]
        return check_locale(told) if told else profile.locale
    except InvalidInput:
        return profile.locale


def _address(text: str | None) -> str | None:
    """Return the end user's address; one that is not public is a proxy's, and says nothing about the user."""
    try:
        return text if text and ipaddress.ip_address(text).is_global else None
    except ValueError:
        return None
