"""The fake's messages: sent as soon as they are made, or waiting for `send_at`."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from sendcode.reading import moment
from sendcode.testing.clock import Clock, times
from sendcode.testing.problems import Problem, invalid


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person got. `code` is None for a notice, `text` for a code or a template."""

    message_id: str
    channel: str
    to: str
    code: str | None = field(default=None, repr=False)
    subject: str | None = None
    text: str | None = None
    template: str | None = None
    params: dict[str, Any] = field(default_factory=dict)


class Messages:
    """Messages by id."""

    def __init__(self, clock: Clock, sent: list[Sent]) -> None:
        self.clock = clock
        self.records: dict[str, dict[str, Any]] = {}
        self._sent = sent
        self._contents: dict[str, dict[str, Any]] = {}

    def send(self, **body: Any) -> dict[str, Any]:
        """Make a message; one with `send_at` waits."""
        if not (body.get("template") or body.get("text")):
            raise invalid("text", "is required without a template")
        now, later = self.clock.now(), body.get("send_at")
        record = {
            "id": uuid.uuid4().hex,
            "channel": body["channel"],
            "to": destination(body["channel"], body["to"]),
            "template": body.get("template"),
            "status": "queued" if later else "sent",
            "result": None if later else 0,
            "gateway": None if later else "fake",
            "gateway_reference": None,
            "tries": 0 if later else 1,
            "error": None,
            "send_at": moment(later) if later else None,
            "created_at": now,
            "sent_at": None if later else now,
            "settled_at": None if later else now,
        }
        self.records[record["id"]] = record
        self._contents[record["id"]] = body
        if not later:
            self._note(record, body)
        return times(record)

    def carry(self, channel: str, to: str, code: str) -> dict[str, Any]:
        """Send a code, and return its message."""
        record = self.send(channel=channel, to=to, text=" ")
        noted = self._sent.pop()
        self._sent.append(Sent(noted.message_id, noted.channel, noted.to, code))
        return record

    def get(self, message_id: str) -> dict[str, Any]:
        """Return one message."""
        return times(self._find(message_id))

    def list(
        self,
        status: str = "",
        channel: str = "",
        to: str = "",
        limit: str = "50",
        cursor: str = "0",
    ) -> dict[str, Any]:
        """Return one page, newest first."""
        wanted = {"status": status, "channel": channel, "to": to}
        found = [
            times(one)
            for one in reversed(self.records.values())
            if all(not value or one[name] == value for name, value in wanted.items())
        ]
        start, end = int(cursor), int(cursor) + int(limit)
        return {"messages": found[start:end], "next_cursor": str(end) if end < len(found) else None}

    def cancel(self, message_id: str) -> dict[str, Any]:
        """Take back what still waits."""
        record = self._find(message_id)
        if record["status"] not in ("queued", "canceled"):
            raise Problem(409, "conflict")
        record.update(status="canceled", result=-1, settled_at=self.clock.now())
        return times(record)

    def resend(self, message_id: str) -> dict[str, Any]:
        """Send a settled one again."""
        if self._find(message_id)["status"] == "queued":
            raise Problem(409, "conflict")
        return self.send(**{**self._contents[message_id], "send_at": None})

    def _note(self, record: dict[str, Any], body: dict[str, Any]) -> None:
        more = {name: body.get(name) for name in ("subject", "text", "template")}
        self._sent.append(
            Sent(record["id"], record["channel"], record["to"], **more, params=body.get("params") or {})
        )

    def _find(self, message_id: str) -> dict[str, Any]:
        if message_id not in self.records:
            raise Problem(404, "not_found")
        return self.records[message_id]


def destination(channel: str, to: str) -> str:
    """Return a destination as answers show it; what is plainly none is refused."""
    if channel == "email":
        name, at, host = to.strip().rpartition("@")
        if not (name and at and "." in host):
            raise invalid("to", "is not one e-mail address", "invalid_destination")
        return f"{name}@{host.lower()}"
    digits = "".join(one for one in to if one.isdigit())
    if len(digits) < 7:
        raise invalid("to", "is not one phone number", "invalid_destination")
    return "+" + digits
