"""Health on the wire."""

from typing import Any

from marshmallow import fields

from api.schemas.fields import Answer
from domain.version import VERSION


class Alive(Answer):
    """The process answers."""

    status = fields.String(required=True)
    version = fields.String(required=True, metadata={"description": "The release that answers."})


class Check(Answer):
    """The result of one check."""

    ok = fields.Boolean(required=True)
    detail = fields.String(required=True)


class Ready(Answer):
    """All checks that must pass for codes to arrive in time."""

    database = fields.Nested(Check, required=True)
    oldest_due_message = fields.Nested(Check, required=True)
    worker = fields.Nested(Check, required=True)
    clock = fields.Nested(Check, required=True)
    broker = fields.Nested(Check, required=True)


ALIVE_EXAMPLE = {"status": "ok", "version": VERSION}
READY_EXAMPLE: dict[str, Any] = {
    "database": {"ok": True, "detail": "answers"},
    "oldest_due_message": {"ok": True, "detail": "nothing waits"},
    "worker": {"ok": True, "detail": "seen 3 s ago"},
    "clock": {"ok": True, "detail": "agrees with the database's"},
    "broker": {"ok": True, "detail": "answers"},
}
