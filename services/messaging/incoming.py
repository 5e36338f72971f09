"""Messages that other projects queue as Celery tasks: written to the outbox at once, so that none waits in a broker."""

import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.characters import has_control_characters
from domain.destinations import Destination
from domain.errors import FieldProblem, InvalidInput, LimitExceeded
from domain.keyring import Keyring
from domain.limits import Window
from domain.owners import Owner
from domain.statuses import Channel, Lane, Priority
from models import Message
from services import profiles, typed
from services.codes.issuing import TEMPLATE
from services.languages import locales
from services.limits import counters, pumping_guard, send_limits
from services.limits.refusals import Refusals
from services.outbox import fitting, outbox
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.storage.transactions import transaction
from services.templating import code_segments, published
from services.templating.given import code_params
from services.templating.texts import Text
from services.test_numbers import fixed_codes

log = logging.getLogger(__name__)
OWNER = Owner("task")
NOTICE_DEADLINE = timedelta(hours=1)
ACCEPTED, REFUSED = 0, -1
CODE = re.compile(r"[A-Za-z0-9]{4,10}")


def accept_mail(task_id: str, subject: str, recipients: Sequence[str], body: str) -> int:
    """Put one mail per recipient into the outbox; return 0, or -1 where one of them is invalid and none is sent.

    The rows' ids derive from the task's id, so a task that the broker delivers twice is sent once.
    """
    try:
        if not isinstance(subject, str) or has_control_characters(subject) or not isinstance(body, str):
            raise InvalidInput(FieldProblem("subject", "must be one line of text"))
        recipients = [recipients] if isinstance(recipients, str) else recipients
        if not isinstance(recipients, list | tuple) or not recipients:
            raise InvalidInput(FieldProblem("recipients", "must be a list of addresses"))
        _ensure_fits(subject, body)
        parsed = [_parse(Channel.EMAIL, recipient) for recipient in recipients]
    except InvalidInput as error:
        log.warning("send_mail refused: %s", error)
        return REFUSED
    now = datetime.now(UTC)
    params = {"subject": subject, "text": body}
    return _put(
        [_message(task_id, n, one, None, params, Priority.SINGLE, now) for n, one in enumerate(parsed)], now
    )


def accept_sms_code(task_id: str, mobile: str, sms_code: str) -> int:
    """Put an SMS with the caller's own code into the outbox; return 0, or -1 where it is refused.

    A code is 4 to 10 ASCII letters and digits, so that nobody can put words or a link into our text. As an integer it
    may have lost leading zeros: give it as text.

    The caller keeps its own cool-down, so ours does not apply; the windows of the destination, its country and the
    day's budget do.
    """
    now = datetime.now(UTC)
    settings = current_app.config
    windows = [window for window in counters.send_windows(settings) if window.name != "resend_cooldown"]
    try:
        destination = _parse(Channel.SMS, mobile)
        code = str(sms_code) if isinstance(sms_code, str | int) else ""
        if isinstance(sms_code, bool) or not CODE.fullmatch(code):
            raise InvalidInput(FieldProblem("sms_code", "must be 4 to 10 letters and digits"))
        send_limits.ensure_country(destination)
        params = code_params(code, timedelta(seconds=settings["CODE_TTL_SECONDS"]), settings["SERVICE_NAME"])
        message = _message(task_id, 0, destination, TEMPLATE, params, Priority.CODE, now)
        return _put([message], now, windows)
    except (InvalidInput, LimitExceeded) as error:
        if isinstance(error, LimitExceeded):
            part(Refusals).note(error)
        log.warning("ccp_send_sms_code refused: %s", error)
        return REFUSED


def _ensure_fits(subject: str, body: str) -> None:
    if has_control_characters(re.sub(r"[\n\r\t]", "", body)):
        raise InvalidInput(FieldProblem("body", "has characters that can't be sent"))
    fitting.fit_text(Channel.EMAIL, Text(body, subject))


def _parse(channel: Channel, text: str) -> Destination:
    if not isinstance(text, str):
        raise InvalidInput(FieldProblem("to", "must be text"))
    return typed.destination(channel, text)


def _message(
    task_id: str,
    number: int,
    destination: Destination,
    template: str | None,
    params: Mapping[str, object],
    priority: Priority,
    now: datetime,
) -> NewMessage:
    settings = current_app.config
    text = published.choose_own(template, destination.channel, None) if template else None
    is_sms = destination.channel is Channel.SMS
    code_life = timedelta(seconds=settings["SEND_DEADLINE_SECONDS"] or settings["CODE_TTL_SECONDS"])
    return fixed_codes.marked(
        NewMessage(
            id=hashlib.sha256(f"{task_id}|{number}".encode()).hexdigest()[:32],
            owner=OWNER.id,
            destination=destination,
            template=template,
            template_version=text.version_id if text else None,
            locale=text.locale if text else locales.nearest_locale(None, settings["DEFAULT_LOCALE"]),
            params=params,
            segments=code_segments.of_code(text, profiles.of(OWNER)) if is_sms and text else 1,
            priority=priority,
            deadline_at=now + (code_life if priority is Priority.CODE else NOTICE_DEADLINE),
        )
    )


def _put(messages: list[NewMessage], now: datetime, windows: Sequence[Window] = ()) -> int:
    def work(session: Session) -> bool:
        if session.get(Message, messages[0].id):
            return False  # the broker delivered the task a second time
        for message in messages if windows else ():
            owner = Owner(message.owner, message.is_test)
            counted = counters.look(session, counters.sends_key(message.destination, owner), windows)
            counters.ensure_room(counted, now)
            pumping_guard.ensure_open(message.destination, now, reader=session)
            billed = [message.destination.country] * message.segments
            send_limits.take_budget(billed, owner, reader=session)
            counters.count(session, counted, now)
        outbox.put(session, part(Keyring), messages, now)
        return True

    try:
        if transaction(work):
            part(Bell).ring(Lane(messages[0].lane))
    except IntegrityError:
        log.info("a task was delivered twice at the same time and is sent once")
    return ACCEPTED
