"""What programs call: each request of the last days, and how many there were in each hour."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime

LONGEST_PATH = 120


class ApiRequest(db.Model):
    """One request with a valid key: nothing of its body, its query or the ids in its path, so no destination."""

    __tablename__ = "api_request"
    __table_args__ = (
        Index("ix_api_request_api_key_id", "api_key_id", "at"),
        Index("ix_api_request_at", "at"),
        Index("ix_api_request_request_id", "request_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Begins with the time, so that new rows go to one end of the index."""
    api_key_id: Mapped[str] = mapped_column(String(32))
    method: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(LONGEST_PATH))
    """As the OpenAPI document has it: `/api/v1/messages/{message_id}`."""
    status: Mapped[int]
    code: Mapped[str | None] = mapped_column(String(64))
    """The `code` of the problem, or Twilio's number; NULL for an answer that is no error."""
    took_ms: Mapped[int]
    request_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcTime)


class ApiHour(db.Model):
    """The requests of a key in one hour, also those for which there was no room in the log."""

    __tablename__ = "api_hour"
    __table_args__ = (Index("ix_api_hour_hour", "hour"),)

    api_key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    calls: Mapped[int]
    errors: Mapped[int]
    """Answers from 400 on."""
    unlogged: Mapped[int]
    """Without a row of `ApiRequest`: too many at once, or the database took none."""
