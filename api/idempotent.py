"""Idempotency-Key for every POST: claim, work and answer are one commit."""

from datetime import UTC, datetime

from flask import Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from api import problems
from api.bodies import raw
from domain.errors import FirstInFlight, SendcodeError
from services import idempotency
from services.idempotency import Answer, Claim
from services.request_log.answers import fault

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("Content-Type", "Location")


def begin() -> Response | None:
    """Return the stored answer if this call is a repeat; else claim its key, if it has one."""
    if HEADER not in request.headers or request.method != "POST":
        return None
    key = _text(request.headers[HEADER])
    same = idempotency.fingerprint(request.method, request.full_path.rstrip("?"), raw(request))
    claimed = idempotency.claim(f"key:{g.caller.id}", key, same, datetime.now(UTC))
    if isinstance(claimed, Answer):
        return _replay(claimed)
    g.claim = claimed
    return None


def _text(value: str) -> str:
    """Decode a header as UTF-8, because WSGI passes it as Latin-1 and its length is limited in characters."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def finish(response: Response) -> Response:
    """Commit the work together with its answer; return the first answer where another request was faster.

    401 and 429 are not stored, so that the caller can retry with the same key, and a 5xx undoes the work.
    """
    claim: Claim | None = g.pop("claim", None)
    if claim is None:
        return response
    try:
        if response.status_code >= 500:
            idempotency.give_up(claim)
        elif response.status_code in (401, 429):
            idempotency.drop(claim)
        elif _was_faster(response):
            return _first_answer_to(claim) or response
        else:
            idempotency.keep(claim, _answer(response))
    except FirstInFlight:
        return _first_answer_to(claim) or response
    except SQLAlchemyError as error:
        idempotency.give_up(claim)
        return problems.answer(error)
    return response


def forget(_: BaseException | None) -> None:
    """Undo the work of a request that got no answer."""
    if claim := g.pop("claim", None):
        idempotency.give_up(claim)


def _was_faster(response: Response) -> bool:
    return response.status_code == 409 and response.get_json()["code"] == FirstInFlight.code


def _first_answer_to(claim: Claim) -> Response | None:
    try:
        answer = idempotency.answer_of(claim)
    except SendcodeError as error:
        return problems.answer(error)
    return None if answer is None else _replay(answer)


def _answer(response: Response) -> Answer:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, headers, response.get_data(as_text=True))


def _replay(answer: Answer) -> Response:
    replayed = Response(answer.body, answer.status, {**answer.headers, REPLAYED: "true"})
    return fault(replayed, replayed.get_json()["code"]) if answer.status >= 400 else replayed
