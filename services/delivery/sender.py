"""One try of one message: open it, ask one gateway after the other, judge the answers. Needs no database."""

import logging
import math
import time
from collections.abc import Callable
from datetime import datetime

from jinja2 import TemplateError

from channels.gateway import Gateway, Outgoing
from domain import tracing
from domain.characters import one_line
from domain.destinations import mask
from domain.faults import place
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayBusy,
    GatewayError,
    NotNow,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.keyring import Keyring, Unreadable
from domain.log_lines import message_being_sent
from domain.statuses import MessageStatus
from domain.tracing import Try
from models.clock import now
from services.delivery import endings, judging
from services.delivery.claims import Claimed
from services.delivery.composing import compose
from services.delivery.settling import Asked, Settled
from services.gateways.routing import Router
from services.templating.text_versions import TextVersions

log = logging.getLogger(__name__)
NOBODY: frozenset[str] = frozenset()
FAILOVER_SECONDS = 4.0
"""A try may fail over to another gateway, or wait for its turn, up to this age; with one send: below the lease."""


class Sender:
    """Safe to use from many threads at once."""

    def __init__(
        self,
        router: Router,
        keyring: Keyring,
        *,
        public_url: str = "",
        most_tries: int = 0,
        versions: TextVersions | None = None,
        clock: Callable[[], datetime] | None = None,
    ):
        self._router = router
        self._keyring = keyring
        self._public_url = public_url
        self._most_tries = most_tries
        self._versions = versions
        self._clock = clock or now

    def send(self, claimed: Claimed, lease_until: float = math.inf) -> Settled:
        """Return how the try ended; raises nothing. `lease_until`: when the lease ends, by `time.monotonic()`."""
        mark = message_being_sent.set(claimed.id)
        try:
            return (self._send_and_tell if tracing.current().is_on else self._send)(claimed, lease_until)
        finally:
            message_being_sent.reset(mark)

    def _send_and_tell(self, claimed: Claimed, lease_until: float) -> Settled:
        one = Try(claimed.id, claimed.channel, claimed.tries, claimed.traceparent)
        with tracing.current().sending(one) as ended:
            settled = self._send(claimed, lease_until)
            ended(settled.status.value, settled.gateway)
        return settled

    def _send(self, claimed: Claimed, lease_until: float) -> Settled:
        left = (claimed.deadline_at - self._clock()).total_seconds()
        valid_until = min(lease_until, time.monotonic() + left)
        try:
            outgoing = compose(claimed, self._keyring, self._public_url, self._versions, valid_until)
        except (Unreadable, TemplateError, ValueError, KeyError) as error:
            log.error("message %s can't be read: %s", claimed.id, type(error).__name__)
            return judging.failed(claimed, None, f"unreadable: {type(error).__name__}", self._clock())
        except GatewayError as error:
            log.warning("message %s is not sent: %s", claimed.id, error.reason)
            return judging.failed(claimed, None, error.reason, self._clock())
        if claimed.is_test:
            return endings.end(claimed, self._clock())
        return self._ask_gateways(claimed, outgoing)

    def _ask_gateways(self, claimed: Claimed, outgoing: Outgoing) -> Settled:
        """Ask one gateway after the other until one takes the message or refuses it for good."""
        give_up_at = time.monotonic() + FAILOVER_SECONDS
        refused = NOBODY
        gateway: Gateway | None = None
        error: GatewayError | None = None
        answers: tuple[Asked, ...] = ()
        while (since := time.monotonic()) < give_up_at:
            asked = self._router.choose(
                outgoing.channel,
                claimed.country,
                ask_first=claimed.ask_first,
                refused=refused,
                may_probe=claimed.tries == 1,
            )
            if asked is None:
                break
            gateway = asked
            try:
                self._router.wait_for_turn(gateway, give_up_at - since)
                since = time.monotonic()
                reference = self._hand_over(gateway, outgoing)
                return self._sent(claimed, gateway, reference, _milliseconds(since), answers)
            except GatewayError as refusal:
                error = refusal
                answers += self._noted(gateway, refusal, since)
            if not _may_another_take_it(error):
                break
            log.info("message %s: %s refused (%s)", claimed.id, gateway.name, error.reason)
            refused |= {gateway.name}
        if gateway is None or error is None:
            nobody = self._router.why_nobody(outgoing.channel, claimed.country)
            return self._judge(claimed, None, nobody, self._noted(None, nobody))
        return self._judge(claimed, gateway.name, error, answers)

    def _judge(
        self, claimed: Claimed, gateway: str | None, error: GatewayError, answers: tuple[Asked, ...]
    ) -> Settled:
        if not isinstance(error, GatewayBusy):
            log.warning("message %s, try %s by %s: %s", claimed.id, claimed.tries, gateway, error.reason)
        held = self._router.held_seconds(gateway) if gateway and isinstance(error, RateLimited) else 0.0
        return judging.judge(
            claimed, gateway, error, answers, self._clock(), held_seconds=held, most_tries=self._most_tries
        )

    def _noted(
        self, gateway: Gateway | None, error: GatewayError, since: float | None = None
    ) -> tuple[Asked, ...]:
        """Return what a gateway said, for the row of a try; one that had no free connection was not asked."""
        if isinstance(error, GatewayBusy):
            return ()
        took_ms = None if since is None else _milliseconds(since)
        name, reason = gateway.name if gateway else None, one_line(error.reason, judging.ERROR_LENGTH)
        return (Asked(name, error.code, reason, took_ms, self._clock()),)

    def _hand_over(self, gateway: Gateway, outgoing: Outgoing) -> str | None:
        outgoing.ensure_valid()
        try:
            with tracing.current().asking(gateway.name, outgoing.channel.value):
                reference = gateway.send(outgoing)
        except RateLimited as error:
            self._router.limited(gateway, error.retry_after)
            raise
        except GatewayAtFault:
            self._router.failed(gateway)
            raise
        except NotNow:
            self._router.worked(gateway)
            raise
        except (GatewayBusy, WrongGateway):
            raise
        except TemporaryGatewayError:
            self._router.failed(gateway)
            raise
        except GatewayError:
            self._router.worked(gateway)
            raise
        except Exception as error:  # noqa: BLE001 - a faulty adapter must not lose a message
            log.error("gateway %s broke on message %s: %s", gateway.name, outgoing.id, place(error))
            self._router.failed(gateway)
            raise UnknownResult("the gateway broke") from None
        self._router.worked(gateway)
        return reference

    def _sent(
        self,
        claimed: Claimed,
        gateway: Gateway,
        reference: str | None,
        took_ms: int,
        answers: tuple[Asked, ...],
    ) -> Settled:
        if log.isEnabledFor(logging.INFO):
            log.info("message %s to %s sent by %s", claimed.id, mask(claimed.to), gateway.name)
        return Settled(
            claimed,
            MessageStatus.SENT,
            self._clock(),
            gateway=gateway.name,
            gateway_reference=one_line(reference, judging.ERROR_LENGTH) if reference else None,
            took_ms=took_ms,
            asked=answers,
        )


def _milliseconds(since: float) -> int:
    return round((time.monotonic() - since) * 1000)


def _may_another_take_it(error: GatewayError) -> bool:
    """Tell whether another gateway may be asked: the message certainly was not taken, and is not at fault."""
    return isinstance(error, TemporaryGatewayError) and not isinstance(error, UnknownResult)
