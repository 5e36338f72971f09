"""One try of one delivery: write it, post it, judge the answer. Knows no database."""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime

from channels.http import pinned
from channels.http.pinned import NotPosted, Pools, Resolve, Rules
from channels.http.posting import Answer
from domain import web_addresses
from domain.characters import one_line
from domain.errors import InvalidInput
from domain.event_tries import GONE, SLOW_DOWN, next_try_at
from domain.faults import place
from domain.keyring import Keyring, Unreadable
from domain.statuses import DeliveryStatus
from models import clock
from models.webhook import ANSWER_CHARACTERS
from services.events.callbacks import STATUS
from services.events.telling import WEBHOOK
from services.webhooks import status_form
from services.webhooks.claims import OFF, Ended
from services.webhooks.kinds import Due, Maker, standard

log = logging.getLogger(__name__)
ERROR_LENGTH = 255
MAKERS: dict[str, Maker] = {WEBHOOK: standard, STATUS: status_form.write}
"""By the `kind` of a delivery."""


class Poster:
    """Posts deliveries; raises nothing."""

    def __init__(
        self,
        keyring: Keyring,
        rules: Rules,
        *,
        resolver: Resolve | None = None,
        jitter: Callable[[], float] = random.random,
    ):
        self._keyring, self._rules = keyring, rules
        self._resolver, self._jitter = resolver, jitter
        self._pools = Pools()

    def post(self, due: Due) -> Ended:
        """Return how the try ended."""
        now = clock.now()
        if not due.url:
            return Ended(due, DeliveryStatus.FAILED, now, error=OFF, is_tried=False)
        began = time.monotonic()
        try:
            answer = self._answer(due, now)
        except (NotPosted, InvalidInput) as error:
            return self._failed(due, clock.now(), _took(began), error=str(error))
        except (KeyError, Unreadable):
            return Ended(due, DeliveryStatus.FAILED, now, error="it can't be signed", is_tried=False)
        except Exception as error:  # noqa: BLE001 - the lane must survive every error
            log.error("an event could not be posted: %s", place(error))
            return self._failed(due, clock.now(), _took(began), error=type(error).__name__)
        return self._judged(due, answer, clock.now(), _took(began))

    def _answer(self, due: Due, now: datetime) -> Answer:
        outgoing = MAKERS[due.kind](due, self._keyring, now)
        to = web_addresses.parse(outgoing.url)
        return pinned.post(to, outgoing.body, outgoing.headers, self._rules, self._resolver, self._pools)

    def _judged(self, due: Due, answer: Answer, now: datetime, took_ms: int) -> Ended:
        if answer.accepted:
            text = _first_part(answer)
            status = DeliveryStatus.DELIVERED
            return Ended(due, status, now, answer_status=answer.status, answer=text, took_ms=took_ms)
        return self._failed(due, now, took_ms, answer=answer)

    def _failed(
        self, due: Due, now: datetime, took_ms: int, *, answer: Answer | None = None, error: str | None = None
    ) -> Ended:
        is_gone = answer is not None and answer.status == GONE
        wait = answer.retry_after if answer is not None and answer.status in SLOW_DOWN else None
        again = next_try_at(due.tries, now=now, jitter=self._jitter(), retry_after=wait)
        due_at = None if is_gone else again
        return Ended(
            due,
            DeliveryStatus.WAITING if due_at else DeliveryStatus.FAILED,
            now,
            due_at,
            answer_status=answer.status if answer else None,
            answer=_first_part(answer) if answer else None,
            error=one_line(error, ERROR_LENGTH) if error else None,
            took_ms=took_ms,
            turns_off="gone" if is_gone else None,
        )


def _took(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _first_part(answer: Answer) -> str | None:
    text = (answer.body or b"")[: 4 * ANSWER_CHARACTERS].decode("utf-8", "replace")
    return one_line(text, ANSWER_CHARACTERS).strip() or None
