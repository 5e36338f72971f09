"""Where a program that speaks Twilio's interface wants to be told what becomes of an SMS."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db


class StatusCallback(db.Model):
    """A table of its own, so that no other message pays for it. The purge deletes these rows with their messages."""

    __tablename__ = "status_callback"

    message_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """No foreign key: the row of a message is the hot path."""
    sealed_url: Mapped[bytes] = mapped_column(LargeBinary(4096))
    """Encrypted for the message's id: such an address may have a password in it."""
