"""Counts of what the fake holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sendcode.testing.clock import text


def counted(
    now: datetime, days: int, messages: Mapping[str, Any], verifications: Mapping[str, Any]
) -> dict[str, Any]:
    """Return statistics with one group a channel, all of today."""
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    groups = [
        {
            "day": now.date().isoformat(),
            "channel": channel,
            "gateway": "fake",
            **_tally(_of(messages, channel), _of(verifications, channel)),
        }
        for channel in ("email", "sms")
        if _of(messages, channel)
    ]
    total = _tally(list(messages.values()), list(verifications.values()))
    return {"since": text(since), "until": text(now), "total": total, "groups": groups}


def _of(records: Mapping[str, Any], channel: str) -> list[Any]:
    return [one for one in records.values() if one["channel"] == channel]


def _tally(messages: Iterable[Any], verifications: list[Any]) -> dict[str, Any]:
    approved = sum(one["status"] == "approved" for one in verifications)
    issued = len(verifications)
    codes = {"issued": issued, "approved": approved, "conversion": approved / issued if issued else None}
    return {"messages": dict(Counter(one["status"] for one in messages)), "verifications": codes}
