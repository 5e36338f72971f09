"""Choose the gateway for a message: by channel and country, then by weight among those that work."""

import random
import time

from channels.gateway import Gateway
from channels.registry import Gateways
from domain.errors import LimitExceeded
from domain.gateway_errors import GatewayBusy, GatewaysHeld, SwitchedOff, TemporaryGatewayError
from domain.pinning import pinned_to
from domain.retries import held_seconds
from domain.statuses import Channel
from services.gateways.gateway_health import GatewayHealth
from services.gateways.gateway_switches import Switches
from services.gateways.pauses import Pauses
from services.limits.rate_windows import RateWindows

LONGEST_TURN_SECONDS = 2.0


class Router:
    """Chooses gateways and records whether they work. Thread-safe."""

    def __init__(self, gateways: Gateways, health: GatewayHealth, windows: RateWindows):
        self._all = self._gateways = gateways
        self._switches = Switches()
        self._health = health
        self._windows = windows
        self._pauses = Pauses()
        self._held_since: dict[str, float] = {}

    def take_over(self, switches: Switches, gateways: Gateways | None = None) -> None:
        """Apply new switches, and gateways where they have changed; a choice in progress still uses the old ones."""
        gateways = gateways or self._all
        if switches != self._switches or gateways is not self._all:
            self._all, self._switches = gateways, switches
            self._gateways = Gateways(gateways, off=switches.off, weights=switches.weights)

    def choose(
        self,
        channel: Channel,
        country: str | None,
        *,
        ask_first: str | None,
        refused: frozenset[str],
        may_probe: bool = True,
    ) -> Gateway | None:
        """Return the gateway to ask next, None where all have refused, are switched off or are held back.

        `ask_first`: the gateway that may already have the message, because it knows the idempotency key and sends
        nothing twice; or the pinned one, which is asked even while it is switched off, because a person chose it. A
        gateway with an open breaker is skipped except for an occasional probe, and one that reported a rate limit is
        skipped until its pause is over. `may_probe`: False for a message that has failed before, which probes a failing
        gateway only if no other is left.
        """
        gateways = self._gateways
        if ask_first and (only := pinned_to(ask_first)):
            return None if only in refused else gateways.named(only)
        if ask_first and ask_first not in refused and self._is_ready(ask_first):
            known = gateways.named(ask_first)
            if known is not None and not gateways.is_off(ask_first):
                return known
        passed_over = refused
        while gateway := gateways.choose(channel, country, passed_over):
            if self._is_ready(gateway.name) or (may_probe and self._may_probe(gateway.name)):
                return gateway
            passed_over |= {gateway.name}
        if passed_over == refused or may_probe:
            return None
        return self._to_probe(channel, country, refused)

    def _to_probe(self, channel: Channel, country: str | None, refused: frozenset[str]) -> Gateway | None:
        """Return a gateway that is held back and due for a probe, None where there is none."""
        while gateway := self._gateways.choose(channel, country, refused):
            if self._may_probe(gateway.name):
                return gateway
            refused |= {gateway.name}
        return None

    def _is_ready(self, name: str) -> bool:
        if self._pauses.left(name):
            return False
        if self._health.is_open(name):
            self._held_since.setdefault(name, time.monotonic())
            return False
        if name in self._held_since:
            self._held_since.pop(name, None)
        return True

    def _may_probe(self, name: str) -> bool:
        return not self._pauses.left(name) and self._health.is_open(name) and self._health.take_probe(name)

    def why_nobody(self, channel: Channel, country: str | None) -> TemporaryGatewayError:
        """Return why no gateway could be asked: none is there, operators switched them off, or they are held back."""
        if self._all.choose(channel, country) is None:
            return TemporaryGatewayError("no gateway serves this destination")
        waits: list[float] = []
        passed_over: frozenset[str] = frozenset()
        while gateway := self._gateways.choose(channel, country, passed_over):
            waits.append(self.held_seconds(gateway.name))
            passed_over |= {gateway.name}
        if not waits:
            return SwitchedOff("the gateways are switched off")
        return GatewaysHeld(
            "the gateway is left alone for now: it failed, or takes no more", seconds=min(waits)
        )

    def held_seconds(self, name: str) -> float:
        """Return how long a message should wait for a gateway that is held back; a random share spreads them out."""
        left = self._pauses.left(name)
        if left:
            return left + random.uniform(0, left)  # noqa: S311 - spreads messages, guards nothing
        held_for = time.monotonic() - self._held_since.get(name, time.monotonic())
        return held_seconds(held_for) * random.uniform(0.5, 1)  # noqa: S311

    def wait_for_turn(self, gateway: Gateway, most_seconds: float = LONGEST_TURN_SECONDS) -> None:
        """Wait until the gateway's `rate` allows one more; raises GatewayBusy after 2 s, or at once if it takes longer.

        A rate a minute or hour is no reason to hold a thread: the message waits in the database.
        """
        if not gateway.rate:
            return
        patience = LONGEST_TURN_SECONDS if gateway.rate_seconds <= LONGEST_TURN_SECONDS else 0.0
        give_up_at = time.monotonic() + min(most_seconds, patience)
        while not self._has_turn(gateway):
            if time.monotonic() > give_up_at:
                raise GatewayBusy("the gateway's rate limit is reached")
            time.sleep(0.05)

    def _has_turn(self, gateway: Gateway) -> bool:
        try:
            self._windows.hit("gateway_rate", gateway.name, gateway.rate, gateway.rate_seconds)
        except LimitExceeded:
            return False
        return True

    def worked(self, gateway: Gateway) -> None:
        """Note that a gateway works: it took a message, or refused it for a reason in the message."""
        self._health.succeeded(gateway.name)
        self._pauses.worked(gateway.name)

    def limited(self, gateway: Gateway, retry_after: float | None) -> None:
        """Note that a gateway takes no more messages just now; `retry_after`: for how many seconds, if it said so."""
        self._pauses.limited(gateway.name, retry_after)

    def failed(self, gateway: Gateway) -> None:
        """Note that a gateway failed."""
        self._health.failed(gateway.name)
