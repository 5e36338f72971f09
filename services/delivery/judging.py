"""How a try ended that no gateway said yes to: failed, or queued again, and whether it counts as a try."""

from datetime import datetime, timedelta

from domain.characters import one_line
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayBusy,
    GatewayError,
    GatewaysHeld,
    RateLimited,
    SwitchedOff,
    TemporaryGatewayError,
    UnknownResult,
)
from domain.pinning import pinned_to
from domain.retries import FIRST_WAIT_SECONDS, LONGEST_HELD_CODE_SECONDS, next_try_at
from domain.statuses import MessageStatus
from services.delivery.claims import Claimed
from services.delivery.settling import Asked, Settled

ERROR_LENGTH = 255
BUSY_WAIT = timedelta(seconds=1)
OFF_WAIT = timedelta(seconds=5)
"""Messages for which people have switched off every gateway look again after this time, until their deadline."""
AT_FAULT_WAIT = timedelta(seconds=FIRST_WAIT_SECONDS)
"""After five refusals in 30 s the circuit breaker opens and holds them back longer."""


def judge(
    claimed: Claimed,
    gateway: str | None,
    error: GatewayError,
    answers: tuple[Asked, ...],
    now: datetime,
    *,
    held_seconds: float = 0.0,
    most_tries: int = 0,
) -> Settled:
    """Return what becomes of a message after `error`, the last of the `answers`.

    What says nothing about the message (a rate limit, a gateway's own fault, gateways held back) uses up no try.
    `held_seconds`: how long `gateway` is held back after a rate limit. `most_tries`: 0 is no limit.
    """
    wait = _wait_untried(claimed, error, held_seconds)
    if wait is not None:
        due_at = min(now + wait, claimed.deadline_at)
        return _again(claimed, now, due_at, gateway, error, answers, tried=False)
    if isinstance(error, TemporaryGatewayError):
        deadline_at, retry_after = claimed.deadline_at, error.retry_after
        next_at = next_try_at(
            claimed.tries, now=now, deadline_at=deadline_at, retry_after=retry_after, most_tries=most_tries
        )
        if next_at is not None:
            return _again(claimed, now, next_at, gateway, error, answers, tried=True)
    return failed(claimed, gateway, error.reason, now, answers)


def failed(
    claimed: Claimed, gateway: str | None, reason: str, now: datetime, answers: tuple[Asked, ...] = ()
) -> Settled:
    """Return that a message will never be sent."""
    error = one_line(reason, ERROR_LENGTH)
    return Settled(claimed, MessageStatus.FAILED, now, gateway=gateway, error=error, asked=answers)


def _wait_untried(claimed: Claimed, error: GatewayError, held_seconds: float) -> timedelta | None:
    """Return how long to wait after what says nothing about the message; None where it was a real try."""
    if isinstance(error, RateLimited):
        return _held(claimed, held_seconds)
    if isinstance(error, GatewaysHeld):
        return _held(claimed, error.seconds)
    if isinstance(error, GatewayAtFault):
        return AT_FAULT_WAIT
    if isinstance(error, SwitchedOff):
        return OFF_WAIT
    return BUSY_WAIT if isinstance(error, GatewayBusy) else None


def _held(claimed: Claimed, seconds: float) -> timedelta:
    """A person waits for what is no bulk: it looks more often whether its gateway is back."""
    return timedelta(seconds=seconds if claimed.is_bulk else min(seconds, LONGEST_HELD_CODE_SECONDS))


def _again(
    claimed: Claimed,
    now: datetime,
    due_at: datetime,
    gateway: str | None,
    error: GatewayError,
    answers: tuple[Asked, ...],
    *,
    tried: bool,
) -> Settled:
    return Settled(
        claimed,
        MessageStatus.QUEUED,
        now,
        due_at,
        gateway,
        error=one_line(error.reason, ERROR_LENGTH),
        tried=tried,
        ask_first=_ask_first(claimed, gateway, error),
        asked=answers,
    )


def _ask_first(claimed: Claimed, gateway: str | None, error: GatewayError) -> str | None:
    if pinned_to(claimed.ask_first):
        return claimed.ask_first
    return gateway if isinstance(error, UnknownResult) else None
