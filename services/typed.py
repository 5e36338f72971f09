"""Destinations as people and programs type them, read with this installation's settings and gateways."""

from flask import current_app

from domain import destinations
from domain.destinations import Destination, Numbers
from domain.statuses import Channel
from services.roster.roster import current


def destination(channel: Channel, text: str) -> Destination:
    """Return the destination that a text means; raises InvalidDestination where it is none, or could be two."""
    settings = current_app.config
    return destinations.parse(
        channel,
        text,
        region=settings["DEFAULT_REGION"],
        numbers=Numbers(settings["SMS_NUMBERS"]),
        takes_smtputf8=not text.isascii() and current().take_smtputf8,
    )


def destination_of_any_channel(text: str) -> Destination:
    """Return the same for a text that may be an e-mail address or a phone number."""
    return destination(destinations.channel_of(text), text)


def sought(text: str, channel: Channel | None = None) -> Destination:
    """Return the destination of something to look up, which may have been accepted under other settings."""
    return kept(channel or destinations.channel_of(text), text)


def kept(channel: str, to: str) -> Destination:
    """Return a destination that was accepted before, from its row; a stricter setting since then does not refuse it."""
    return destinations.parse(
        Channel(channel),
        to,
        region=current_app.config["DEFAULT_REGION"],
        numbers=Numbers.POSSIBLE,
        takes_smtputf8=True,
    )
