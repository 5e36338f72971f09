"""Worker and beat processes that were seen alive."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class SeenProcess(db.Model):
    """One worker or beat process, written every few seconds while it is alive."""

    __tablename__ = "seen_process"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    lanes: Mapped[str] = mapped_column(String(120), default="")
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    ahead_ms: Mapped[int | None] = mapped_column(BigInteger)
    """By how many milliseconds its clock is ahead of the database's; NULL where there is no other clock to ask."""
    pepper_ids: Mapped[str] = mapped_column(String(255), default="", server_default="")
    """Ids of the keys in its CODE_PEPPER, separated by commas; sealed rows hold the same ids."""
