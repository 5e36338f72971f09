"""Make what a gateway is given of what lies sealed in a row."""

import json
from collections.abc import Mapping
from typing import Any

from channels.gateway import Outgoing
from domain.keyring import Keyring
from domain.statuses import Channel
from services import texts
from services.claims import Claimed


def compose(claimed: Claimed, keyring: Keyring) -> Outgoing:
    """Return a message in its own language; raises Unreadable, ValueError, KeyError or jinja2.TemplateError."""
    params: dict[str, Any] = json.loads(keyring.open(claimed.sealed, row=claimed.id))
    channel = Channel(claimed.channel)
    text = _text(claimed, channel, params)
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
    )


def _text(claimed: Claimed, channel: Channel, params: Mapping[str, Any]) -> texts.Text:
    if claimed.template is None:
        return texts.Text(params["text"], params.get("subject"), params.get("html"))
    return texts.render(claimed.template, channel, claimed.locale, dict(params))
