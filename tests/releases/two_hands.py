"""What one release leaves half done, and another finishes: `python two_hands.py make | finish`.

Runs with the code of the folder it is started in, whichever release that is: it uses the API, and few names besides.
`make` prints what `finish` reads. The database is SQLALCHEMY_DATABASE_URI.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from app import create_app
from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.statuses import Channel
from services.delivery import worker
from services.keys import api_keys
from services.process import parts

WAITS, SENT, LATER, LISTED = "+8613800138000", "+8613800138001", "+8613800138002", "+861390013900{}"
LIST = {
    "channel": "sms",
    "text": "We open at nine",
    "recipients": [{"to": LISTED.format(n)} for n in range(3)],
}
ONCE = {"Idempotency-Key": "once"}


class Release:
    """One release with an SMS gateway in memory; nothing is sent until `send`."""

    def __init__(self, key: str = ""):
        self.app: Flask = create_app(doors=("api",))
        self.sms = MemoryGateway("main", Channel.SMS)
        parts.put(self.app, Gateways([self.sms]))
        self.key = key or self._new_key()

    def _new_key(self) -> str:
        with self.app.app_context():
            return api_keys.create("shop")[1]

    def call(self, method: str, path: str, body: Any = None, *, status: int, **headers: str) -> Any:
        headers["Authorization"] = f"Bearer {self.key}"
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status} {answer.text}"
        return answer

    def send(self) -> None:
        """Send what is due."""
        with self.app.app_context():
            worker.drain_now()

    def code(self, to: str) -> str:
        """Return the code that was sent to `to`."""
        return next(one.params["code"] for one in self.sms.sent if one.to == to)


def make() -> dict[str, Any]:
    release = Release()
    sent = release.call("POST", "/verifications", {"channel": "sms", "to": SENT}, status=202).json["id"]
    release.send()
    release.call("POST", f"/verifications/{sent}/check", {"code": "0" * 6}, status=200)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    later = {"channel": "sms", "to": LATER, "text": "Your table is ready", "send_at": tomorrow}
    return {
        "key": release.key,
        "sent": sent,
        "code": release.code(SENT),
        "later": release.call("POST", "/messages", later, status=202).json["id"],
        "waits": release.call(
            "POST", "/verifications", {"channel": "sms", "to": WAITS}, status=202, **ONCE
        ).json["id"],
        "list": release.call("POST", "/broadcasts", LIST, status=202).json["id"],
    }


def finish(made: dict[str, Any]) -> None:
    release = Release(made["key"])
    again = release.call("POST", "/verifications", {"channel": "sms", "to": WAITS}, status=202, **ONCE)
    assert again.json["id"] == made["waits"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert release.call("GET", f"/verifications/{made['sent']}", status=200).json["attempts_left"] == 4
    release.send()
    for name, code in (("sent", made["code"]), ("waits", release.code(WAITS))):
        checked = release.call("POST", f"/verifications/{made[name]}/check", {"code": code}, status=200).json
        assert (checked["valid"], checked["status"]) == (True, "approved"), name
    assert release.call("GET", f"/broadcasts/{made['list']}", status=200).json["counts"]["sent"] == 3
    assert release.call("POST", f"/messages/{made['later']}/cancel", status=200).json["status"] == "canceled"
    statuses = [one["status"] for one in release.call("GET", "/messages", status=200).json["messages"]]
    assert sorted(statuses) == ["canceled", *["sent"] * 5], statuses


if __name__ == "__main__":
    if sys.argv[1] == "make":
        print(json.dumps(make()))
    else:
        finish(json.load(sys.stdin))
