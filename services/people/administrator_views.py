"""The view of an administrator for pages and commands."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.roles import Role
from domain.statuses import Channel
from models import Administrator


@dataclass(frozen=True, slots=True)
class AdministratorView:
    """An administrator without the password hash."""

    id: int
    email: str = field(repr=False)
    canonical: str = field(repr=False)
    phone: str | None = field(repr=False)
    role: Role
    must_change_password: bool
    locale: str | None
    zone: str | None
    second_factor: Channel | None
    created_at: datetime
    disabled_at: datetime | None


def view(administrator: Administrator) -> AdministratorView:
    """Return what may leave the services."""
    return AdministratorView(
        id=administrator.id,
        email=administrator.email,
        canonical=administrator.canonical,
        phone=administrator.phone,
        role=Role(administrator.role),
        must_change_password=administrator.must_change_password,
        locale=administrator.locale,
        zone=administrator.zone,
        second_factor=Channel(administrator.second_factor) if administrator.second_factor else None,
        created_at=administrator.created_at,
        disabled_at=administrator.disabled_at,
    )
