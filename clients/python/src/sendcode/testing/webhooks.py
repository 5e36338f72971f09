"""The fake's webhooks: endpoints are kept, and nothing is posted."""

import base64
import secrets
import uuid
from typing import Any

from sendcode.testing.clock import Clock, times
from sendcode.testing.problems import Problem, invalid

CHANGEABLE = ("url", "events", "description", "enabled")


class Webhooks:
    """Endpoints by id, with their deliveries."""

    def __init__(self, clock: Clock) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self._clock = clock
        self._deliveries: dict[str, list[dict[str, Any]]] = {}

    def add(
        self, url: str, events: list[str] | None = None, description: str | None = None
    ) -> dict[str, Any]:
        """Make an endpoint, and show its secret."""
        if not url.startswith(("http://", "https://")):
            raise invalid("url", "must be a URL")
        record: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "url": url,
            "events": events or None,
            "description": description,
            "enabled": True,
            "disabled_reason": None,
            "disabled_at": None,
            "failing_since": None,
            "created_at": self._clock.now(),
        }
        self.records[record["id"]] = record
        self._deliveries[record["id"]] = []
        return {**times(record), "secret": _secret()}

    def list(self) -> dict[str, Any]:
        """Return all, newest first."""
        return {"webhooks": [times(one) for one in reversed(self.records.values())]}

    def get(self, webhook_id: str) -> dict[str, Any]:
        """Return one."""
        return times(self._find(webhook_id))

    def edit(self, webhook_id: str, **changes: Any) -> dict[str, Any]:
        """Change what is given."""
        record = self._find(webhook_id)
        record.update({name: changes[name] for name in CHANGEABLE if name in changes})
        record["events"] = record["events"] or None
        off = not record["enabled"]
        record.update(
            disabled_reason="asked" if off else None, disabled_at=self._clock.now() if off else None
        )
        return times(record)

    def remove(self, webhook_id: str) -> None:
        """Forget one."""
        self._find(webhook_id)
        del self.records[webhook_id]

    def rotate(self, webhook_id: str) -> dict[str, Any]:
        """Show a new secret."""
        return {**times(self._find(webhook_id)), "secret": _secret()}

    def test(self, webhook_id: str) -> dict[str, Any]:
        """Note a delivery that was taken at once."""
        if not self._find(webhook_id)["enabled"]:
            raise Problem(409, "conflict")
        now = self._clock.now()
        delivery = {
            "id": uuid.uuid4().hex,
            "event_id": uuid.uuid4().hex,
            "type": "webhook.test",
            "status": "delivered",
            "tries": 1,
            "answer_status": 200,
            "answer": "",
            "error": None,
            "took_ms": 1,
            "tried_at": now,
            "next_try_at": None,
            "created_at": now,
            "settled_at": now,
        }
        self._deliveries[webhook_id].append(delivery)
        return times(delivery)

    def deliveries(
        self, webhook_id: str, status: str = "", limit: str = "50", cursor: str = "0"
    ) -> dict[str, Any]:
        """Return one page, newest first."""
        self._find(webhook_id)
        found = [
            times(one) for one in reversed(self._deliveries[webhook_id]) if status in ("", one["status"])
        ]
        start, end = int(cursor), int(cursor) + int(limit)
        return {"deliveries": found[start:end], "next_cursor": str(end) if end < len(found) else None}

    def replay(self, webhook_id: str, delivery: str | None = None, **_: Any) -> dict[str, int]:
        """Count what would be posted again."""
        self._find(webhook_id)
        found = [one for one in self._deliveries[webhook_id] if delivery in (None, one["id"])]
        return {"replayed": len(found)}

    def _find(self, webhook_id: str) -> dict[str, Any]:
        if webhook_id not in self.records:
            raise Problem(404, "not_found")
        return self.records[webhook_id]


def _secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
