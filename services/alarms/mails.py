"""Mails to owners and operators: what is wrong, and that it is over; in their language, with times in their zone."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from babel.dates import format_timedelta
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.alarms import Kind
from domain.faults import place
from domain.keyring import Keyring
from domain.roles import Role
from domain.statuses import MessageStatus
from models import Administrator, Message
from models.indexes import has_come
from services.alarms import conditions, wording
from services.alarms.conditions import Alarm, Closures, IsOpen
from services.alarms.incidents import Over
from services.gateways.gateway_health import GatewayHealth
from services.languages import locales
from services.outbox import outbox
from services.outbox.administrator_mails import notice
from services.process.parts import part
from services.storage.transactions import change

log = logging.getLogger(__name__)
OWNER = "alarm"
BEGUN, OVER, PREFIX_CLOSED = "alarm", "alarm_over", "prefix_closed"
"""The templates."""
MOST_AT_ONCE = 100
TOLD = (Role.OWNER, Role.OPERATOR)
messages = Message.__table__
SHORTEST = timedelta(minutes=1)
PAGES = {
    Kind.NO_CLOCK: "/cms/schedules",
    Kind.SWITCHED_OFF: "/cms/gateways",
    Kind.ALL_FAIL: "/cms/gateways",
    Kind.GATEWAY_DOWN: "/cms/gateways",
    Kind.BUDGET_USED: "/cms/settings/pumping",
    Kind.BUDGET_NEARLY_USED: "/cms/settings/pumping",
    Kind.PREFIXES_CLOSED: "/cms/settings/pumping",
}
"""Where the console helps; without a page it is the overview."""
Person = Row[str, str | None, str | None]
Params = Mapping[str, str | datetime]
Write = Callable[[Person, str], Params]
"""Returns a mail's parameters for a person, in a language."""


class AlarmMails:
    """Puts the mails into the outbox; `has_put` tells that it has, until it is set to False."""

    def __init__(self, is_open: IsOpen):
        self._is_open = is_open
        self.has_put = False

    def begun(self, connection: Connection, alarm: Alarm, began_at: datetime, now: datetime) -> None:
        """Tell people of what is wrong."""
        if isinstance(alarm.about, Closures):
            self._put(connection, PREFIX_CLOSED, partial(_closed, alarm.about), now)
        else:
            self._put(connection, BEGUN, partial(_begun, alarm, began_at), now)

    def over(self, connection: Connection, over: Over, now: datetime) -> None:
        """Tell people that it is over."""
        self._put(connection, OVER, partial(_over, over), now)

    def is_known(self, kind: Kind) -> bool:
        """Tell whether it can be known what is wrong: which gateways fail only while Redis can be asked, if it is."""
        return kind not in (Kind.GATEWAY_DOWN, Kind.ALL_FAIL) or not part(GatewayHealth).is_blind()

    def is_well(self, kind: Kind, subject: str) -> bool:
        """Tell whether what is no longer wrong is well."""
        return conditions.is_well(kind, subject, self._is_open)

    def _put(self, connection: Connection, template: str, write: Write, now: datetime) -> None:
        told = (Administrator.disabled_at.is_(None), Administrator.role.in_(TOLD))
        wanted = select(Administrator.email, Administrator.locale, Administrator.zone).where(*told)
        try:
            mails = [
                notice(
                    template,
                    one.email,
                    now,
                    owner=OWNER,
                    locale=one.locale,
                    zone=one.zone,
                    **_in_its_language(one, write),
                )
                for one in connection.execute(wanted.order_by(Administrator.id))
            ]
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - it is known whether people can be told or not
            log.error("the mails about an alarm can't be written: %s", place(error))
            return
        outbox.put(connection, part(Keyring), mails, now)
        self.has_put = True


def waiting(connection: Connection, now: datetime) -> list[str]:
    """Return the ids of mails that are due, whichever process has put them."""
    due = select(messages.c.id).where(messages.c.owner == OWNER, has_come(messages.c.due_at, now))
    return list(connection.scalars(due.order_by(messages.c.created_at).limit(MOST_AT_ONCE)))


def withdraw(session: Session, canonical: str, now: datetime) -> None:
    """Cancel what waits for somebody who is no longer to be told; the caller commits.

    What a worker is sending at this moment is not tried again.
    """
    to_them = update(messages).where(messages.c.owner == OWNER, messages.c.canonical == canonical)
    waits, is_sent = (messages.c.status == one.value for one in (MessageStatus.QUEUED, MessageStatus.SENDING))
    change(session, to_them.where(waits).values(**outbox.stop_values(now)))
    change(session, to_them.where(is_sent).values(deadline_at=now))


def _in_its_language(person: Person, write: Write) -> Params:
    spoken = locales.nearest_locale(person.locale, current_app.config["DEFAULT_LOCALE"])
    with force_locale(spoken):
        return write(person, spoken)


def _begun(alarm: Alarm, began_at: datetime, person: Person, spoken: str) -> Params:
    told = wording.text(alarm, lambda at: locales.moment(at, person.zone, spoken))
    return {
        "title": wording.title(alarm),
        "text": told,
        "since": began_at,
        "link": _link(alarm.kind, alarm.subject),
    }


def _over(over: Over, person: Person, spoken: str) -> Params:
    length = max(over.seen_at - over.began_at, SHORTEST)
    locale = locales.of_dates(spoken)
    return {
        "title": wording.over(over.kind, over.subject),
        "since": over.began_at,
        "until": over.seen_at,
        "length": format_timedelta(length, granularity="minute", threshold=2, locale=locale),
        "link": _link(over.kind, over.subject),
    }


def _closed(closures: Closures, person: Person, spoken: str) -> Params:
    return {
        "prefix": closures.prefix,
        "country": closures.country or "",
        "sends": str(closures.sends),
        "approved": str(closures.approved),
        "until": closures.until,
        "link": _link(Kind.PREFIXES_CLOSED, ""),
    }


def _link(kind: Kind, subject: str) -> str:
    url = current_app.config["PUBLIC_URL"]
    page = PAGES.get(kind, "/cms")
    if kind is Kind.GATEWAY_DOWN:
        page += f"/{quote(subject)}"
    return f"{url}{page}" if url else ""
