"""Ways to prove the second step of a sign-in that need no message: authenticator apps and passkeys."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import Json, UtcTime


class Authenticator(db.Model):
    """An administrator's authenticator app, and the one that is being set up to replace it."""

    __tablename__ = "authenticator"

    administrator_id: Mapped[int] = mapped_column(
        ForeignKey("administrator.id"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret; None until a first code was entered."""
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The newest step whose code was used: no code of this step or an older one is accepted."""
    added_at: Mapped[datetime | None] = mapped_column(UtcTime)
    pending: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A new secret that waits for its first code."""
    pending_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Passkey(db.Model):
    """A public key whose private key is on somebody's device (WebAuthn Level 3)."""

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    administrator_id: Mapped[int] = mapped_column(ForeignKey("administrator.id"), index=True)
    credential_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the credential's id, which is too long for an index."""
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """Raised by the device at each use; many always say 0."""
    transports: Mapped[list[str]] = mapped_column(Json)
    """How a browser reaches the device, such as `usb` or `internal`."""
    name: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UtcTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class PasskeyChallenge(db.Model):
    """What a device has to sign, once: the newest challenge of a console session or of a sign-in step."""

    __tablename__ = "passkey_challenge"
    __table_args__ = (Index("ix_passkey_challenge_made_at", "made_at"),)

    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary(64))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
