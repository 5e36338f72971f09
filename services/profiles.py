"""How the codes and notices of an owner are made: as its API key or hook says, else as the installation does."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from sqlalchemy import select

from domain import profiles
from domain.owners import Owner
from domain.profiles import NAMES, Profile
from exts import db
from models import ApiKey, Hook

REMEMBER_SECONDS = 1.5
"""How much later, at most, another process sees a change."""
MOST_REMEMBERED = 10_000
_TABLES: Mapping[str, type[ApiKey] | type[Hook]] = {"key": ApiKey, "hook": Hook}
"""Where the settings of an owner are, by its kind; the other kinds have none."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """The cache of one application: profile and end of its life by owner."""

    known: dict[str, tuple[Profile, float]] = field(default_factory=dict)


def of(owner: Owner) -> Profile:
    """Return the profile of an owner, at most 1.5 s old."""
    kind, _, own_id = owner.id.partition(":")
    table = _TABLES.get(kind)
    if table is None:
        return profiles.of_installation(current_app.config)
    known = _memory().get(owner.id)
    if known is not None and time.monotonic() < known[1]:
        return known[0]
    session = db.session()
    was_open = session.in_transaction()
    own = session.execute(select(table.settings).where(table.id == own_id)).scalar_one_or_none()
    if not was_open:
        session.rollback()  # the next write must not build on this read
    return remember(owner.id, own)


def remember(owner_id: str, own: Mapping[str, Any] | None) -> Profile:
    """Keep what was just read of an owner, and return its profile."""
    base = profiles.of_installation(current_app.config)
    profile = replace(base, **{name: own[name] for name in NAMES if name in own}) if own else base
    memory = _memory()
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[owner_id] = profile, time.monotonic() + REMEMBER_SECONDS
    return profile


def forget(owner_id: str) -> None:
    """Drop an owner from this process's cache, because it was changed."""
    _memory().pop(owner_id, None)


def _memory() -> dict[str, tuple[Profile, float]]:
    memory: _Memory = current_app.extensions.setdefault("sendcode_profiles", _Memory())
    return memory.known
