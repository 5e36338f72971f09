"""Choose the gateway for a message: by channel and country, then by weight among those that work."""

import time

from channels.gateway import Gateway
from channels.registry import Gateways
from domain.errors import GatewayBusy, LimitExceeded, SwitchedOff, TemporaryGatewayError
from domain.pinning import pinned_to
from domain.statuses import Channel
from services.gateways.gateway_health import GatewayHealth
from services.gateways.gateway_switches import Switches
from services.limits.rate_windows import RateWindows

LONGEST_TURN_SECONDS = 2.0


class Router:
    """Chooses gateways and records whether they work. Thread-safe."""

    def __init__(self, gateways: Gateways, health: GatewayHealth, windows: RateWindows):
        self._all = self._gateways = gateways
        self._switches = Switches()
        self._health = health
        self._windows = windows

    def take_over(self, switches: Switches) -> None:
        """Apply new switches; a choice in progress still uses the old ones."""
        if switches != self._switches:
            self._gateways = Gateways(self._all, off=switches.off, weights=switches.weights)
            self._switches = switches

    def choose(
        self,
        channel: Channel,
        country: str | None,
        *,
        ask_first: str | None,
        refused: frozenset[str],
        may_probe: bool = True,
    ) -> Gateway | None:
        """Return the gateway to ask next, None where all have refused or are switched off.

        `ask_first`: the gateway that may already have the message, because it knows the idempotency key and sends
        nothing twice; or the pinned one, which is asked even while it is switched off, because a person chose it. A
        gateway with an open breaker is skipped while another is left, except for an occasional probe. `may_probe`:
        False for a message that has failed before, so that it is not used to probe a failing gateway over and over.
        """
        gateways = self._gateways
        if ask_first and (only := pinned_to(ask_first)):
            return None if only in refused else gateways.named(only)
        if ask_first and ask_first not in refused and not self._health.is_open(ask_first):
            known = gateways.named(ask_first)
            if known is not None and not gateways.is_off(ask_first):
                return known
        passed_over = refused
        while gateway := gateways.choose(channel, country, passed_over):
            name = gateway.name
            if not self._health.is_open(name) or (may_probe and self._health.take_probe(name)):
                return gateway
            passed_over |= {name}
        return gateways.choose(channel, country, refused)

    def why_nobody(self, channel: Channel, country: str | None) -> TemporaryGatewayError:
        """Return why no gateway could be asked: none serves the destination, or operators switched them all off."""
        if self._all.choose(channel, country) is not None:
            return SwitchedOff("the gateways are switched off")
        return TemporaryGatewayError("no gateway serves this destination")

    def wait_for_turn(self, gateway: Gateway) -> None:
        """Wait until the gateway's rate limit in sends per second allows one more; raises GatewayBusy after 2 s."""
        if not gateway.rate:
            return
        give_up_at = time.monotonic() + LONGEST_TURN_SECONDS
        while not self._has_turn(gateway):
            if time.monotonic() > give_up_at:
                raise GatewayBusy("the gateway's rate limit in sends per second is reached")
            time.sleep(0.05)

    def _has_turn(self, gateway: Gateway) -> bool:
        try:
            self._windows.hit("gateway_sends_per_second", gateway.name, gateway.rate, 1)
        except LimitExceeded:
            return False
        return True

    def worked(self, gateway: Gateway) -> None:
        """Note that a gateway works: it took a message, or refused it for a reason in the message."""
        self._health.succeeded(gateway.name)

    def failed(self, gateway: Gateway) -> None:
        """Note that a gateway failed."""
        self._health.failed(gateway.name)
