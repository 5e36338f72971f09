"""A call with its retries, without a network and without a clock of its own: one code for blocking and async."""

import json
import logging
import random
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from sendcode.calls import Call
from sendcode.errors import Unavailable, code_of, refusal, seconds

log = logging.getLogger("sendcode")
T = TypeVar("T")
__version__ = "0.1.0"
AGAIN = (502, 503, 504)
"""The service, or a proxy before it, could not do it; a 5xx of the service has done nothing."""
IN_FLIGHT = "idempotency_in_flight"
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to call, as whom, and for how long. In seconds: `timeout` for one wait, `deadline` for all."""

    base_url: str
    key: str = field(repr=False)
    timeout: float = 5.0
    deadline: float = 10.0
    now: Callable[[], float] = field(default=time.monotonic, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Only its method and URL may be logged, without the query."""

    method: str
    url: str
    timeout: float
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """There was no answer: refused, cut off or too late. `reason` names the kind of error."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Sleep before the next step."""

    seconds: float


Outcome = Answer | Failure | None
Conversation = Generator[Request | Wait, Outcome, T]


def converse(call: Call[T], settings: Settings) -> Conversation[T]:
    """Yield what to send and how long to sleep until the call is answered, and return what it answers.

    A POST has the same Idempotency-Key at each try, so it is done once. Tried again: no answer, 502, 503, 504, and 409
    while an earlier try is in flight; after `Retry-After`, or 0.2 s, 0.4 s … 2 s. Raises Refused and Unavailable.
    """
    give_up_at = settings.now() + settings.deadline
    key = (call.idempotency_key or uuid.uuid4().hex) if call.method == "POST" else None
    for number in count():
        left = give_up_at - settings.now()
        outcome = yield _request(call, key, settings, min(settings.timeout, max(left, 0.001)))
        wait = _wait(outcome, number)
        log.debug("%s %s: %r", call.method, call.path, outcome)
        if wait is None:
            assert isinstance(outcome, Answer)
            return _read(call, outcome, key, number)
        if wait >= give_up_at - settings.now():
            raise _unavailable(outcome, key)
        yield Wait(wait)
    raise AssertionError("count() ends never")


def _request(call: Call[T], key: str | None, settings: Settings, timeout: float) -> Request:
    headers = {
        "Authorization": f"Bearer {settings.key}",
        "Accept": "application/json",
        "User-Agent": f"sendcode-python/{__version__}",
    }
    if key is not None:
        headers["Idempotency-Key"] = key
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(call.body).encode()
    elif call.file is not None:
        headers["Content-Type"] = "text/csv"
        content = call.file
    url = f"{settings.base_url}/api/v1{call.path}"
    return Request(call.method, url, timeout, call.query, headers, content)


def _wait(outcome: Outcome, number: int) -> float | None:
    """Return the seconds until the next try, None if the answer is final."""
    told = None
    if isinstance(outcome, Answer):
        in_flight = outcome.status == 409 and code_of(outcome.content) == IN_FLIGHT
        if outcome.status not in AGAIN and not in_flight:
            return None
        told = seconds(outcome.headers)
    longest = min(FIRST_WAIT_SECONDS * 2 ** min(number, 10), LONGEST_WAIT_SECONDS)
    spread = longest * random.uniform(0.75, 1.25)  # noqa: S311 - so that many clients don't come back at once
    return spread if told is None else told


def _read(call: Call[T], answer: Answer, key: str | None, number: int) -> T:
    if 200 <= answer.status < 300:
        try:
            return call.reader(answer.content)
        except (ValueError, KeyError, TypeError):
            raise Unavailable(
                "the answer is not what the API documents; is the base URL right?",
                status=answer.status,
                idempotency_key=key,
            ) from None
    if call.method == "DELETE" and answer.status == 404 and number > 0:
        return call.reader(b"")  # an earlier try removed it, and its answer was lost
    if answer.status >= 500 or answer.status < 400:
        raise _unavailable(answer, key)
    raise refusal(answer.status, answer.headers, answer.content)


def _unavailable(outcome: Outcome, key: str | None) -> Unavailable:
    if isinstance(outcome, Answer):
        said = code_of(outcome.content)
        reason = f"the service answers {outcome.status}" + (f" ({said})" if said else "")
        return Unavailable(reason, status=outcome.status, idempotency_key=key)
    assert outcome is not None
    return Unavailable(f"no answer: {outcome.reason}", idempotency_key=key)
