"""Idempotency-Key for every POST: claim the key before the work, store the answer after it."""

import logging
from datetime import UTC, datetime

from flask import Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from api.bodies import raw
from services import idempotency
from services.idempotency import Answer

log = logging.getLogger(__name__)
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("Content-Type", "Location")


def begin() -> Response | None:
    """Return the stored answer if this call is a repeat; else claim its key, if it has one."""
    if HEADER not in request.headers or request.method != "POST":
        return None
    key = _text(request.headers[HEADER])
    same = idempotency.fingerprint(request.method, request.path, raw(request))
    claimed = idempotency.claim(f"key:{g.caller.id}", key, same, datetime.now(UTC))
    if isinstance(claimed, Answer):
        return Response(claimed.body, claimed.status, {**claimed.headers, REPLAYED: "true"})
    g.claim = claimed
    return None


def _text(value: str) -> str:
    """Decode a header as UTF-8, because WSGI passes it as Latin-1 and its length is limited in characters."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def finish(response: Response) -> Response:
    """Store the answer, or release the claim where the caller must be able to retry with the same key.

    The work is already committed, so the answer is returned even if it can't be stored.
    """
    claim = g.pop("claim", None)
    if claim is None:
        return response
    try:
        if response.status_code in (401, 429) or response.status_code >= 500:
            idempotency.release(claim)
        else:
            headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
            idempotency.keep(claim, Answer(response.status_code, headers, response.get_data(as_text=True)))
    except SQLAlchemyError as error:
        log.warning("the answer to an Idempotency-Key could not be stored: %s", type(error).__name__)
    return response
