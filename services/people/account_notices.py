"""Mails that tell administrators about changes to their account."""

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
    **params: str,
) -> NewMessage:
    """Return a mail in a person's language, with the time in the person's zone."""
    text = published.choose_own(template, Channel.EMAIL, locale)
    return NewMessage(
        owner=owner,
        destination=typed.kept(Channel.EMAIL, email),
        template=template,
        template_version=text.version_id,
        locale=text.locale,
        params={
            "when": locales.moment(now, zone, text.locale),
            "service": current_app.config["SERVICE_NAME"],
            **params,
        },
        priority=Priority.SINGLE,
        deadline_at=now + DEADLINE,
    )
