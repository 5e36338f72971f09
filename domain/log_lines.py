"""One line of a log as a JSON object (jsonlines.org), for collectors such as Loki, Elasticsearch and CloudWatch."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum

from domain.faults import place

EXTRAS = ("request_id", "message_id", "trace_id", "span_id")
"""What a record may bring beside its text. No other attribute: Celery's records have the arguments of tasks."""
MOST_CAUSES = 5
REQUEST_MARK = " [request {}]"
"""How the text of a record ends that a request wrote; a JSON line has the id in a field of its own instead."""
message_being_sent: ContextVar[str | None] = ContextVar("message_being_sent", default=None)
"""The id of the message that this thread hands to a gateway, for all lines written meanwhile."""


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


class JsonLines(logging.Formatter):
    """Writes `time` (RFC 3339, UTC), `level`, `logger`, `message`, and those of `EXTRAS` and `exception` there are.

    Of an exception only its type, its way and its causes: its text may hold a code or a destination.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().removesuffix(
                REQUEST_MARK.format(getattr(record, "request_id", ""))
            ),
        }
        if (message_id := message_being_sent.get()) is not None:
            line["message_id"] = message_id
        line |= {name: str(found) for name in EXTRAS if (found := getattr(record, name, None))}
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line["exception"] = _way(error)
        return json.dumps(line, ensure_ascii=False)


def _way(error: BaseException) -> str:
    """Return where an error and its causes were raised, the last one first."""
    told: list[str] = []
    cause = error
    while len(told) < MOST_CAUSES:
        told.append(place(cause))
        following = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        if following is None:
            break
        cause = following
    return ", caused by ".join(told)
