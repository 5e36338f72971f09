"""Mails that tell administrators of something: in their language, with times in their zone."""

from datetime import datetime, timedelta

from flask import current_app

from domain.statuses import Channel, Priority
from services import typed
from services.languages import locales
from services.outbox.outbox import NewMessage
from services.templating import published

DEADLINE = timedelta(hours=24)


def notice(
    template: str,
    email: str,
    now: datetime,
    *,
    owner: str,
    locale: str | None,
    zone: str | None,
    **params: str | datetime,
) -> NewMessage:
    """Return a mail in a person's language; times among its parameters become texts in the person's zone."""
    text = published.choose_own(template, Channel.EMAIL, locale)
    given = {"when": now, "service": current_app.config["SERVICE_NAME"], **params}
    return NewMessage(
        owner=owner,
        destination=typed.kept(Channel.EMAIL, email),
        template=template,
        template_version=text.version_id,
        locale=text.locale,
        params={
            name: locales.moment(value, zone, text.locale) if isinstance(value, datetime) else value
            for name, value in given.items()
        },
        priority=Priority.SINGLE,
        deadline_at=now + DEADLINE,
    )
