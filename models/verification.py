"""A verification: one challenge to prove that somebody reads what arrives at a destination."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from domain.statuses import VerificationStatus
from exts import db
from models.types import Json, UtcTime


class Verification(db.Model):
    """The status is derived from what happened to it, so it can't go stale."""

    __tablename__ = "verification"
    __table_args__ = (
        Index("ix_verification_lookup", "owner", "canonical", "purpose", "created_at"),
        Index("ix_verification_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    """The only caller that may see and check it: `key:<API key id>` or `session:<console session id>`."""
    channel: Mapped[str] = mapped_column(String(8))
    to: Mapped[str] = mapped_column(String(320))
    canonical: Mapped[str] = mapped_column(String(320))
    purpose: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(35))
    details: Mapped[dict[str, Any]] = mapped_column("metadata", Json)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    pepper_id: Mapped[str] = mapped_column(String(8))
    sealed_code: Mapped[bytes | None] = mapped_column(LargeBinary(255))
    """Kept so that the same code can be resent; erased when the verification ends."""
    code_length: Mapped[int | None]
    """Characters; None in rows of before, whose codes are as long as CODE_LENGTH says."""
    has_letters: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether capital letters may be in the code: only in a caller's own."""
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int]
    attempt_times: Mapped[str | None] = mapped_column(String(200))
    """When the first attempts came: milliseconds after `created_at`, each with a comma behind it.

    They are written in the statement that counts the attempt, so a check costs no statement more.
    """
    message_id: Mapped[str] = mapped_column(String(32))
    """The newest message that carries the code."""
    has_fallback: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it has rows of `VerificationStep`, which are looked for only then."""
    client_ip: Mapped[str | None] = mapped_column(String(45))
    """The end user's address, where the caller told it."""
    is_test: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    resend_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    canceled_at: Mapped[datetime | None] = mapped_column(UtcTime)

    def status(self, now: datetime) -> VerificationStatus:
        """Return its status at `now`."""
        if self.used_at is not None:
            return VerificationStatus.APPROVED
        if self.canceled_at is not None:
            return VerificationStatus.CANCELED
        if self.expires_at <= now:
            return VerificationStatus.EXPIRED
        if self.attempts >= self.max_attempts > 0:
            return VerificationStatus.LOCKED
        return VerificationStatus.PENDING

    @property
    def attempted_at(self) -> list[datetime]:
        """The times of its first attempts; none in rows of before."""
        passed = (self.attempt_times or "").split(",")[:-1]
        return [self.created_at + timedelta(milliseconds=int(one)) for one in passed]

    @property
    def attempts_left(self) -> int | None:
        """How many guesses are left; None where they are not limited."""
        return max(0, self.max_attempts - self.attempts) if self.max_attempts else None
