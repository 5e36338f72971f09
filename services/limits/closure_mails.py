"""Tell owners and operators by mail that the pumping guard has closed a prefix."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from domain.faults import place
from domain.keyring import Keyring
from domain.roles import Role
from models import Administrator, PrefixClosure
from services.outbox import outbox
from services.outbox.administrator_mails import notice
from services.outbox.outbox import NewMessage
from services.process.parts import part

log = logging.getLogger(__name__)
TEMPLATE = "prefix_closed"
OWNER = "guard"
QUIET = timedelta(hours=1)
"""A mail tells of the first of many closures: fraudsters go from prefix to prefix."""
PAGE = "/cms/settings/pumping"


class ClosureMails:
    """Called by the guard's thread, in the transaction that closes a prefix."""

    def __init__(self, app: Flask):
        self._app = app

    def __call__(
        self, connection: Connection, prefix: str, closure: Mapping[str, Any], now: datetime
    ) -> None:
        """Put a mail to each owner and operator into the outbox, unless another prefix was closed within an hour."""
        others = (PrefixClosure.prefix != prefix, PrefixClosure.closed_at > now - QUIET)
        if connection.execute(select(PrefixClosure.prefix).where(*others).limit(1)).first() is not None:
            return
        with self._app.app_context():
            try:
                mails = _mails(connection, prefix, closure, now)
            except SQLAlchemyError:
                raise
            except Exception as error:  # noqa: BLE001 - a prefix is closed whether people can be told or not
                log.error("the mails about a closed prefix can't be written: %s", place(error))
                return
            outbox.put(connection, part(Keyring), mails, now)


def _mails(
    connection: Connection, prefix: str, closure: Mapping[str, Any], now: datetime
) -> list[NewMessage]:
    url = current_app.config["PUBLIC_URL"]
    told = (Administrator.disabled_at.is_(None), Administrator.role.in_([Role.OWNER, Role.OPERATOR]))
    wanted = select(Administrator.email, Administrator.locale, Administrator.zone).where(*told)
    return [
        notice(
            TEMPLATE,
            person.email,
            now,
            owner=OWNER,
            locale=person.locale,
            zone=person.zone,
            prefix=prefix,
            country=closure["country"] or "",
            sends=str(closure["sends"]),
            approved=str(closure["approved"]),
            until=closure["until"],
            link=f"{url}{PAGE}" if url else "",
        )
        for person in connection.execute(wanted.order_by(Administrator.id))
    ]
