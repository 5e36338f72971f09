"""Keys of the programs that call the API, and the secrets that identify them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.statuses import SecretKind
from exts import db
from models.types import Json, UtcTime


class ApiKeySecret(db.Model):
    """A secret itself is shown once; the row keeps its SHA-256, enough for 256 random bits.

    One secret of a kind does not expire. Older ones expire after their overlap, and their rows stay to show their use.
    """

    __tablename__ = "api_key_secret"

    id: Mapped[int] = mapped_column(primary_key=True)
    api_key_id: Mapped[str] = mapped_column(ForeignKey("api_key.id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(8), default=SecretKind.API, server_default=SecretKind.API.value)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary(255))
    """A Twilio token as well, encrypted for this row's hash: call-backs are signed with it."""
    hint: Mapped[str] = mapped_column(String(16))
    """The first characters, so that people can tell secrets apart."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcTime)


def _secrets_of(kind: SecretKind) -> Any:
    """Return the secrets of one kind, the newest first."""
    return relationship(
        ApiKeySecret,
        primaryjoin=lambda: and_(ApiKeySecret.api_key_id == ApiKey.id, ApiKeySecret.kind == kind.value),
        lazy="selectin",
        order_by=ApiKeySecret.id.desc(),
        overlaps="secrets,twilio_tokens",
    )


class ApiKey(db.Model):
    """One program; it keeps its messages, limits and idempotency while its secrets change."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    scopes: Mapped[list[str]] = mapped_column(Json)
    networks: Mapped[list[str] | None] = mapped_column(Json)
    """The networks it may be used from; None for any."""
    settings: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What it has of its own, by the names of `domain.profiles.Profile`; None for nothing."""
    is_test: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)

    secrets: Mapped[list[ApiKeySecret]] = _secrets_of(SecretKind.API)
    twilio_tokens: Mapped[list[ApiKeySecret]] = _secrets_of(SecretKind.TWILIO)
