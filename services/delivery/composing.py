"""Turn the sealed content of a row into the message for a gateway."""

import json
import math
from collections.abc import Mapping
from typing import Any

from channels.gateway import Outgoing
from domain.destinations import canonical
from domain.errors import GatewayError
from domain.keyring import Keyring
from domain.statuses import Channel
from domain.unsubscribe_links import link
from services.delivery.claims import Claimed
from services.outbox import contents
from services.templating import texts
from services.templating.given import LONGEST_SMS, SENDER
from services.templating.text_versions import TextVersions, Version

UNSUBSCRIBE_URL = "unsubscribe_url"
"""A parameter of every template: the link in bulk messages; empty in all others, and where there is no link."""


def compose(
    claimed: Claimed,
    keyring: Keyring,
    public_url: str = "",
    versions: TextVersions | None = None,
    valid_until: float = math.inf,
) -> Outgoing:
    """Return a message in its own language; raises Unreadable, ValueError, KeyError or jinja2.TemplateError.

    Raises GatewayError where it is an SMS that no gateway should be asked to send: a blank or an endless one.
    """
    version = versions[claimed.template_version] if versions and claimed.template_version else None
    params: dict[str, Any] = json.loads(keyring.open(claimed.sealed, row=claimed.id).decode())
    sender = params.pop(SENDER, None)
    channel = Channel(claimed.channel)
    unsubscribe_url = None
    if claimed.is_bulk:
        unsubscribe_url = link(keyring, public_url, channel, canonical(claimed.to))
        params[UNSUBSCRIBE_URL] = unsubscribe_url or ""
    text = _text(claimed, channel, {UNSUBSCRIBE_URL: "", **params}, keyring, version)
    if channel is Channel.SMS and not 0 < len(text.text.strip()) <= LONGEST_SMS:
        raise GatewayError("the text is too long for an SMS" if text.text.strip() else "the text is blank")
    return Outgoing(
        id=claimed.id,
        channel=channel,
        to=claimed.to,
        text=text.text,
        subject=text.subject,
        html=text.html,
        template=claimed.template,
        locale=claimed.locale,
        params={name: str(value) for name, value in params.items()},
        provider_templates=version.providers if version else {},
        unsubscribe_url=unsubscribe_url,
        sender=sender,
        valid_until=valid_until,
    )


def _text(
    claimed: Claimed, channel: Channel, params: Mapping[str, Any], keyring: Keyring, version: Version | None
) -> texts.Text:
    if version is not None:
        return version.render(params)
    if claimed.shared is not None and claimed.broadcast_id is not None:
        shared = json.loads(keyring.open(claimed.shared, row=claimed.broadcast_id))
        return texts.Text(**contents.fill_texts(shared, params))
    if claimed.template is None:
        return texts.Text(params["text"], params.get("subject"), params.get("html"))
    return texts.render(claimed.template, channel, claimed.locale, dict(params))
