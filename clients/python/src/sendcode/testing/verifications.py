"""The fake's verifications: the states of the service, six random digits."""

import secrets
import uuid
from datetime import timedelta
from typing import Any

from sendcode.testing.clock import text, times
from sendcode.testing.messages import Messages, destination
from sendcode.testing.problems import Problem, invalid


class Verifications:
    """Verifications by id."""

    cooldown_seconds = 60
    attempts = 5
    ttl_seconds = 300

    def __init__(self, messages: Messages, codes: dict[str, str]) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self._messages = messages
        self._codes = codes

    def issue(
        self,
        channel: str,
        to: str,
        purpose: str = "default",
        metadata: dict[str, str] | None = None,
        code: str | None = None,
        fallback: list[dict[str, Any]] | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Make a code and send it, unless the last one to this destination is too young."""
        canonical = destination(channel, to)
        for other in self.records.values():
            if other["to"] == canonical:
                self._cool_down(other)
        now = self._messages.clock.now()
        made = code or "".join(secrets.choice("0123456789") for _ in range(6))
        record: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "channel": channel,
            "to": canonical,
            "purpose": purpose,
            "status": "pending",
            "attempts_left": self.attempts,
            "created_at": now,
            "expires_at": now + timedelta(seconds=self.ttl_seconds),
            "resend_at": now + timedelta(seconds=self.cooldown_seconds),
            "message": self._carry(channel, canonical, made),
            "metadata": metadata or {},
        }
        if fallback:
            record["steps"] = [_first_step(record), *(_next_step(one, record) for one in fallback)]
        self.records[record["id"]] = record
        self._codes[record["id"]] = made
        return times(record)

    def get(self, verification_id: str) -> dict[str, Any]:
        """Return one verification."""
        return times(self._find(verification_id))

    def check(self, verification_id: str, code: str) -> dict[str, Any]:
        """Compare a guess; a wrong one costs an attempt."""
        typed = code.translate({ord(one): None for one in " -"}).upper()
        if not (
            typed.isascii() and typed.isalnum() and len(typed) == len(self._codes.get(verification_id, typed))
        ):
            raise invalid("code", "is not a code", "malformed_code")
        record = self._find(verification_id)
        if record["status"] == "locked":
            raise Problem(
                429, "verification_locked", retry_after=self.ttl_seconds, extra={"limit": "code_attempts"}
            )
        valid = record["status"] == "pending" and secrets.compare_digest(typed, self._codes[verification_id])
        if record["status"] == "pending":
            record["attempts_left"] -= 1
            if valid:
                record["status"] = "approved"
            elif record["attempts_left"] == 0:
                record["status"] = "locked"
        shown = {name: record[name] for name in ("id", "status", "attempts_left")}
        return {**shown, "valid": valid}

    def check_newest(
        self, to: str, code: str, purpose: str = "default", channel: str | None = None
    ) -> dict[str, Any]:
        """Compare a guess with the newest pending one."""
        channel = channel or ("email" if "@" in to else "sms")
        wanted = (destination(channel, to), purpose, channel)
        for key in reversed(self.records):
            record = self._find(key)
            if (record["to"], record["purpose"], record["channel"]) == wanted and record["status"] in (
                "pending",
                "locked",
            ):
                return self.check(key, code)
        raise Problem(404, "not_found")

    def resend(self, verification_id: str) -> dict[str, Any]:
        """Send the same code again."""
        record = self._find(verification_id)
        if record["status"] != "pending":
            raise Problem(409, "conflict")
        self._cool_down(record)
        record["message"] = self._carry(record["channel"], record["to"], self._codes[verification_id])
        record["resend_at"] = self._messages.clock.now() + timedelta(seconds=self.cooldown_seconds)
        return times(record)

    def next_channel(self, verification_id: str) -> dict[str, Any]:
        """Take the next step; the fake takes none by itself, however late it is."""
        record = self._find(verification_id)
        if record["status"] != "pending":
            raise Problem(409, "conflict")
        step = next((one for one in record.get("steps", ()) if one["message"] is None), None)
        if step is None:
            raise Problem(409, "no_next_channel")
        message = self._carry(step["channel"], step["to"], self._codes[verification_id])
        step.update(message=message, status=message["status"], at=text(self._messages.clock.now()))
        record["message"] = message
        return times(record)

    def cancel(self, verification_id: str) -> dict[str, Any]:
        """End a pending one."""
        record = self._find(verification_id)
        if record["status"] not in ("pending", "canceled"):
            raise Problem(409, "conflict")
        record["status"] = "canceled"
        return times(record)

    def _carry(self, channel: str, to: str, code: str) -> dict[str, str]:
        message = self._messages.carry(channel, to, code)
        return {"id": message["id"], "status": message["status"]}

    def _cool_down(self, record: dict[str, Any]) -> None:
        left = (record["resend_at"] - self._messages.clock.now()).total_seconds()
        if left > 0:
            raise Problem(
                429, "limit_exceeded", retry_after=int(left) + 1, extra={"limit": "resend_cooldown"}
            )

    def _find(self, verification_id: str) -> dict[str, Any]:
        record = self.records.get(verification_id)
        if record is None:
            raise Problem(404, "not_found")
        if record["status"] == "pending" and self._messages.clock.now() >= record["expires_at"]:
            record["status"] = "expired"
        return record


def _first_step(record: dict[str, Any]) -> dict[str, Any]:
    message = record["message"]
    return _step(record, record["to"], message["status"], at=text(record["created_at"]), message=message)


def _next_step(given: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    to = destination(given["channel"], given["to"]) if given.get("to") else record["to"]
    return _step(given, to, "waiting", after_seconds=given.get("after_seconds") or 60)


def _step(way: dict[str, Any], to: str, status: str, **known: Any) -> dict[str, Any]:
    unknown = {"after_seconds": None, "at": None, "message": None, "reason": None}
    return {"channel": way["channel"], "to": to, "status": status, **unknown, **known}
