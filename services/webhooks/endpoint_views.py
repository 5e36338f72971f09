"""An endpoint as its owner may see it, and what may be typed for one."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import current_app

from channels.http import pinned
from channels.http.pinned import NotPosted, NotPublic, Rules
from domain import web_addresses
from domain.characters import has_control_characters
from domain.errors import FieldProblem, InvalidInput
from domain.keyring import Keyring
from models.webhook import Webhook
from services.process.parts import part
from services.webhooks import signing

log = logging.getLogger(__name__)
LONGEST_DESCRIPTION = 250
GAVE_UP = ("gone", "failing")
"""Why an endpoint is switched off by its answers; the third reason is that somebody asked for it."""


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint without its secrets; no `events` means all."""

    id: str
    owner: str
    url: str = field(repr=False)
    description: str | None
    events: list[str] | None
    enabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_at: datetime

    @property
    def gave_up(self) -> bool:
        """Whether its own answers switched it off."""
        return self.disabled_reason in GAVE_UP

    @property
    def host(self) -> str:
        """The host of its URL: the rest may hold a key of the receiver's."""
        return host_of(self.url)


def view(row: Webhook) -> EndpointView:
    """Return what may leave the services."""
    kept, now = signing.opened(part(Keyring), row.id, row.sealed), datetime.now(UTC)
    old = [one.until for one in kept[1:] if one.until is not None and one.until > now]
    return EndpointView(
        id=row.id,
        owner=row.owner,
        url=row.url,
        description=row.description,
        events=list(row.types) if row.types else None,
        enabled=row.is_on,
        disabled_reason=row.off_reason,
        disabled_at=row.off_at,
        failing_since=row.failing_since,
        old_secret_until=max(old, default=None),
        created_at=row.created_at,
    )


def rules(settings: Any) -> Rules:
    """Return where this installation posts events to."""
    return Rules(allows_private=bool(settings["WEBHOOK_ALLOW_PRIVATE"]))


def check_url(url: str) -> str:
    """Return a URL in its canonical spelling; a name that has no address yet is judged at each try."""
    to = web_addresses.parse(url)
    try:
        pinned.addresses(to, rules(current_app.config))
    except NotPublic:
        problem = "must lead to a public address; WEBHOOK_ALLOW_PRIVATE allows others"
        raise InvalidInput(FieldProblem("url", problem)) from None
    except NotPosted:
        log.info("the name of a new endpoint has no address yet")
    return to.url


def check_description(text: str | None) -> str | None:
    """Return a description without the spaces around it, None for an empty one; raises InvalidInput."""
    given = (text or "").strip()
    if len(given) > LONGEST_DESCRIPTION or has_control_characters(given):
        raise InvalidInput(FieldProblem("description", f"must have at most {LONGEST_DESCRIPTION} characters"))
    return given or None


def host_of(url: str) -> str:
    """Return the host of a URL: the rest may hold a key of the receiver."""
    try:
        return web_addresses.parse(url).name
    except InvalidInput:
        return ""
