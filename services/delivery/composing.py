"""Turn the sealed content of a row into the message for a gateway."""

import json
import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from channels.gateway import Outgoing, no_token
from domain import bounce_addresses
from domain.destinations import canonical
from domain.gateway_errors import GatewayError
from domain.keyring import Keyring
from domain.statuses import Channel
from domain.unsubscribe_links import link
from services.delivery.claims import Claimed
from services.outbox import contents
from services.templating import texts
from services.templating.given import LONGEST_SMS, SENDER
from services.templating.mails.pages import BARE, Frame, branded
from services.templating.text_versions import TextVersions
from services.templating.version import Version

UNSUBSCRIBE_URL = "unsubscribe_url"
"""A parameter of every template: the link in bulk messages; empty in all others, and where there is no link."""


class Written(Protocol):
    """What a row says of its text."""

    @property
    def template(self) -> str | None:
        """None where the text is the caller's own."""

    @property
    def locale(self) -> str:
        """The language of the template."""

    @property
    def broadcast_id(self) -> str | None:
        """The row for which `shared` is sealed."""

    @property
    def shared(self) -> bytes | None:
        """The sealed texts of the broadcast, where it has texts of its own."""


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
    frame = Frame(versions.brand, claimed.locale, public_url) if versions else BARE
    text = text_of(claimed, channel, {UNSUBSCRIBE_URL: "", **params}, keyring, version, frame)
    if channel is Channel.SMS and not 0 < len(text.text.strip()) <= LONGEST_SMS:
        raise GatewayError("the text is too long for an SMS" if text.text.strip() else "the text is blank")
    token = partial(bounce_addresses.token, keyring, claimed.id)
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
        is_bulk=claimed.is_bulk,
        bounce_token=token if channel is Channel.EMAIL else no_token,
        sender=sender,
        valid_until=valid_until,
    )


def text_of(
    written: Written,
    channel: Channel,
    params: Mapping[str, Any],
    keyring: Keyring,
    version: Version | None,
    frame: Frame = BARE,
) -> texts.Text:
    """Return a message's text with its parameters filled in; raises jinja2.TemplateError, KeyError and Unreadable."""
    if version is not None:
        return version.render(params, frame)
    if written.shared is not None and written.broadcast_id is not None:
        shared = json.loads(keyring.open(written.shared, row=written.broadcast_id))
        return texts.Text(**contents.fill_texts(shared, params))
    if written.template is None:
        return texts.Text(params["text"], params.get("subject"), params.get("html"))
    text = texts.render(written.template, channel, written.locale, dict(params))
    return text._replace(html=branded(text.html, str(params["service"]), frame)) if text.html else text
