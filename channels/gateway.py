"""The interface of every gateway, and the message it is given."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.gateway_errors import TooLate
from domain.provider_templates import ProviderTemplate
from domain.statuses import Channel


def no_token() -> None:
    """Name nothing: most messages have no envelope sender."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to send; its `id` is our reference and stays the same on every try."""

    id: str
    channel: Channel
    to: str = field(repr=False)
    text: str = field(repr=False)
    subject: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    template: str | None = None
    locale: str | None = None
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    provider_templates: Mapping[str, ProviderTemplate] = field(default_factory=dict, repr=False)
    """Approved texts that are sent in place of this one, by the gateway's name."""
    unsubscribe_url: str | None = field(default=None, repr=False)
    """Where one click ends bulk messages to this destination; None for all other messages."""
    is_bulk: bool = False
    bounce_token: Callable[[], str | None] = field(default=no_token, repr=False, compare=False)
    """Makes what names a mail in its envelope sender; called only where the gateway has an address for bounces."""
    sender: str | None = None
    """The name it comes from, where its key has one of its own."""
    valid_until: float = math.inf
    """By `time.monotonic()`: after this moment it has expired, or is another worker's, and must not be handed over."""

    def ensure_valid(self) -> None:
        """Raise TooLate where it must not be handed over any more: a look just before it costs less than a copy."""
        if time.monotonic() >= self.valid_until:
            raise TooLate("its deadline or lease ended before it was handed over")


class Gateway(Protocol):
    """Our adapter to one provider. Safe to use from many threads or greenlets at once."""

    name: str
    channel: Channel
    weight: int
    countries: frozenset[str]
    capacity: int | None
    """Most sends it can have in flight at once; None where it sets no limit."""
    type: str
    """Its `type` in gateways.toml: `http`, `smtp` or the provider's name."""
    rate: int
    """Rate limit: most sends in `rate_seconds`, shared by all workers; 0 = no limit."""
    rate_seconds: int
    smtputf8: bool
    """Whether it takes mail addresses that are not ASCII before the @ (RFC 6531)."""

    def send(self, outgoing: Outgoing) -> str | None:
        """Hand over one message within `SEND_SECONDS`; return the provider's reference if it gave one.

        What may take long before the hand-over (a name server, a sign-in) is followed by `outgoing.ensure_valid()`.

        Raises TemporaryGatewayError where a later try may succeed, GatewayError where none will.
        """

    def probe(self, seconds: float) -> str:
        """Connect as for a send, but send nothing; return what was reached.

        Raises TemporaryGatewayError; its reason contains no secret.
        """

    def close(self) -> None:
        """Close the kept connections."""


SEND_SECONDS = 15.0
"""Longest one `send` may take in all: below the lease of 20 s, so that no other worker repeats it."""
