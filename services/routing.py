"""Which gateway gets a message: by channel and country, then by weight among those that work."""

import time

from channels.gateway import Gateway
from channels.registry import Gateways
from domain.errors import GatewayBusy, LimitExceeded
from domain.statuses import Channel
from services.gateway_health import GatewayHealth
from services.rate_windows import RateWindows

LONGEST_TURN_SECONDS = 2.0


class Router:
    """Chooses gateways and learns from what they do. Safe to use from many threads at once."""

    def __init__(self, gateways: Gateways, health: GatewayHealth, windows: RateWindows):
        self._gateways = gateways
        self._health = health
        self._windows = windows

    def choose(
        self,
        channel: Channel,
        country: str | None,
        *,
        ask_first: str | None,
        refused: frozenset[str],
        may_probe: bool = True,
    ) -> Gateway | None:
        """Return the gateway to ask next, None where all have refused.

        `ask_first`: the one that may already have the message; it knows the key and repeats nothing. A gateway whose
        breaker is open is passed over while another is left, but for one probe now and then. `may_probe`: False for a
        message that has failed before, for it must not be the one that tries a sick gateway again and again.
        """
        if ask_first and ask_first not in refused and not self._health.is_open(ask_first):
            known = self._gateways.named(ask_first)
            if known is not None:
                return known
        passed_over = refused
        while gateway := self._gateways.choose(channel, country, passed_over):
            name = gateway.name
            if not self._health.is_open(name) or (may_probe and self._health.take_probe(name)):
                return gateway
            passed_over |= {name}
        return self._gateways.choose(channel, country, refused)

    def wait_for_turn(self, gateway: Gateway) -> None:
        """Wait until the gateway's ceiling in sends per second allows one more; raises GatewayBusy after 2 s."""
        if not gateway.rate:
            return
        give_up_at = time.monotonic() + LONGEST_TURN_SECONDS
        while not self._has_turn(gateway):
            if time.monotonic() > give_up_at:
                raise GatewayBusy("the gateway's sends per second are used up")
            time.sleep(0.05)

    def _has_turn(self, gateway: Gateway) -> bool:
        try:
            self._windows.hit("gateway_sends_per_second", gateway.name, gateway.rate, 1)
        except LimitExceeded:
            return False
        return True

    def worked(self, gateway: Gateway) -> None:
        """Note that a gateway took a message, or refused it as a working one does."""
        self._health.succeeded(gateway.name)

    def failed(self, gateway: Gateway) -> None:
        """Note that a gateway did not do its work."""
        self._health.failed(gateway.name)
