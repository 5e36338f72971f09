"""The fake's broadcasts: every message is sent at once, unless there is a `send_at`."""

import csv
import io
import uuid
from collections import Counter
from typing import Any

from sendcode.reading import moment
from sendcode.testing.clock import times
from sendcode.testing.messages import Messages, destination
from sendcode.testing.problems import Problem


class Broadcasts:
    """Broadcasts by id."""

    def __init__(self, messages: Messages) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self._messages = messages

    def start(self, recipients: list[dict[str, Any]], **content: Any) -> dict[str, Any]:
        """Make a message for each recipient who can get one."""
        made, rejected = [], []
        for index, one in enumerate(recipients):
            try:
                message = self._messages.send(**content, to=one["to"], params=one.get("params"))
                made.append(message["id"])
            except Problem as problem:
                rejected.append({"index": index, "code": problem.code, "detail": "the fake says so"})
        now = self._messages.clock.now()
        later = content.get("send_at")
        record: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "channel": content["channel"],
            "template": content.get("template"),
            "status": "scheduled" if later else "done",
            "accepted": len(made),
            "rejected": len(rejected),
            "messages": made,
            "send_at": moment(later) if later else now,
            "created_at": now,
        }
        self.records[record["id"]] = record
        return {"id": record["id"], "accepted": len(made), "rejected": rejected}

    def start_from_file(self, file: bytes, send: str = "all", **content: Any) -> dict[str, Any]:
        """Make a message for each row of a CSV file; the names of its columns are `to` and those of the template."""
        rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))
        bad: list[dict[str, Any]] = [
            {"row": number, "column": "to", "code": problem, "detail": "the fake says so"}
            for number, row in enumerate(rows, 2)
            if (problem := _problem(content["channel"], row["to"]))
        ]
        if bad and send == "all":
            raise Problem(422, "bad_rows", extra={"errors": bad})
        content.pop("name", None)
        made = self.start([{"to": row.pop("to"), "params": row} for row in rows], **content)
        return {**made, "rejected": [{"index": one["row"] - 2, **one} for one in bad]}

    def get(self, broadcast_id: str) -> dict[str, Any]:
        """Return one broadcast."""
        if broadcast_id not in self.records:
            raise Problem(404, "not_found")
        record = self.records[broadcast_id]
        counts = Counter(self._messages.records[one]["status"] for one in record["messages"])
        shown = {name: value for name, value in record.items() if name != "messages"}
        return {**times(shown), "counts": dict(counts)}

    def pause(self, broadcast_id: str) -> dict[str, Any]:
        """Stop for now."""
        return self._become(broadcast_id, "paused")

    def resume(self, broadcast_id: str) -> dict[str, Any]:
        """Go on."""
        return self._become(broadcast_id, "sending")

    def cancel(self, broadcast_id: str) -> dict[str, Any]:
        """Take back what still waits."""
        self._become(broadcast_id, "canceled")
        for one in self.records[broadcast_id]["messages"]:
            if self._messages.records[one]["status"] == "queued":
                self._messages.cancel(one)
        return self.get(broadcast_id)

    def _become(self, broadcast_id: str, status: str) -> dict[str, Any]:
        if self.get(broadcast_id)["status"] in ("done", "canceled"):
            raise Problem(409, "conflict")
        self.records[broadcast_id]["status"] = status
        return self.get(broadcast_id)


def _problem(channel: str, to: str) -> str | None:
    try:
        destination(channel, to)
    except Problem:
        return "invalid_number" if channel == "sms" else "invalid_address"
    return None
