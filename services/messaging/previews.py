"""What somebody would read, and what it would cost, before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app

from domain import segments, unsubscribe_links
from domain.owners import Owner
from domain.segments import Segments
from domain.statuses import Channel
from services import profiles
from services.messaging import messages
from services.messaging.messages import Request
from services.outbox import contents, fitting
from services.outbox.contents import Content
from services.templating.texts import Text


@dataclass(frozen=True, slots=True)
class Preview:
    """`segments` for an SMS."""

    said: Text
    segments: Segments | None


def of_content(content: Content, params: Mapping[str, str], owner: Owner) -> Preview:
    """Return what a recipient of a broadcast reads, with an address like that of their link to unsubscribe."""
    url = current_app.config["PUBLIC_URL"]
    sample = f"{url}{unsubscribe_links.PATH}…" if url else ""
    return _preview(
        content, {"unsubscribe_url": sample, "service": profiles.of(owner).service_name, **params}
    )


def of_message(request: Request, owner: Owner) -> Preview:
    """Return what the recipient of a single message reads; raises InvalidInput."""
    content = contents.check(
        request.channel,
        template=request.template,
        text=request.text,
        subject=request.subject,
        html=request.html,
        locale=request.locale,
    )
    params = messages.all_params(request.params, content, profiles.of(owner).service_name)
    fitting.fit(content, params)
    return _preview(content, params)


def needed(channel: Channel, template: str) -> list[str]:
    """Return the names of the values that a template needs; raises InvalidInput for an unknown one."""
    content = contents.check(channel, template=template, text=None, subject=None, html=None, locale=None)
    return sorted(content.needed)


def _preview(content: Content, params: Mapping[str, str]) -> Preview:
    said = fitting.said(content, params)
    return Preview(said, segments.count(said.text) if content.channel is Channel.SMS else None)
