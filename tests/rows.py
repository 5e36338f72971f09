"""Rows whose values don't matter, for tests of counting and purging; nothing checks or sends them."""

from datetime import datetime
from typing import Any

from models import Verification


def code(id: str, message_id: str, at: datetime, **values: Any) -> Verification:
    """Return a verification that was made at `at` and expires at once; `values` are others of its columns."""
    usual = {
        "owner": "key:a",
        "channel": "sms",
        "to": "x",
        "canonical": "x",
        "purpose": "login",
        "locale": "en",
        "details": {},
        "code_hash": b"",
        "pepper_id": "",
        "max_attempts": 5,
        "created_at": at,
        "expires_at": at,
        "resend_at": at,
    }
    return Verification(id=id, message_id=message_id, **{**usual, **values})
