"""What may leave the services of an API key: never a secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models import ApiKey, ApiKeySecret


@dataclass(frozen=True, slots=True)
class SecretView:
    """One secret of a key; without `expires_at` it is the current one."""

    id: int
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @property
    def is_living(self) -> bool:
        """Tell whether the API still takes it."""
        return self.expires_at is None or self.expires_at > datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key without its secret text. The newest secret comes first."""

    id: str
    name: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    settings: Mapping[str, Any]
    """What it has of its own, by the names of `domain.profiles.Profile`."""
    is_test: bool
    created_at: datetime
    revoked_at: datetime | None
    secrets: tuple[SecretView, ...]
    twilio_tokens: tuple[SecretView, ...] = ()

    @property
    def hint(self) -> str:
        """The first characters of the current secret."""
        return self.secrets[0].hint

    @property
    def last_used_at(self) -> datetime | None:
        """When any of its secrets was used last."""
        every = (*self.secrets, *self.twilio_tokens)
        return max((one.last_used_at for one in every if one.last_used_at), default=None)

    @property
    def overlapping(self) -> tuple[SecretView, ...]:
        """The older secrets that still work."""
        return tuple(one for one in self.secrets if one.expires_at and one.is_living and not self.revoked_at)


def view(row: ApiKey) -> KeyView:
    """Return what may leave the services."""
    return KeyView(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes),
        networks=tuple(row.networks or ()),
        settings=row.settings or {},
        is_test=row.is_test,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        secrets=_secrets(row.secrets),
        twilio_tokens=_secrets(row.twilio_tokens),
    )


def _secrets(rows: Iterable[ApiKeySecret]) -> tuple[SecretView, ...]:
    return tuple(
        SecretView(one.id, one.hint, one.created_at, one.expires_at, one.last_used_at) for one in rows
    )
