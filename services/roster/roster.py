"""The gateways that this process knows, kept up to date: changes made elsewhere apply within two seconds.

A worker reads the versions of all rows every second, in the statement that reads the switches. Other processes look
when they need the gateways, at most once a second. Only what has changed is made anew; sends in flight go on with
the object that they have.
"""

import logging
import threading
import time
from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from channels.gateway import SEND_SECONDS, Gateway
from channels.making import Maker
from channels.registry import Gateways
from domain.errors import ConfigurationError
from domain.keyring import Keyring, Unreadable
from exts import db
from services.process import parts
from services.process.parts import part
from services.roster import rows
from services.storage.transactions import Writer

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 1.0
CLOSE_AFTER_SECONDS = 2 * SEND_SECONDS
"""By then no send is in flight any more through a gateway that was replaced."""


class Roster:
    """Adds stored gateways to those that the application started with; the latter win where both have a name."""

    def __init__(self, app: Flask):
        self._app = app
        self._lock = threading.Lock()
        self._versions: Mapping[str, str] = {}
        self._made: dict[str, Gateway] = {}
        self._retired: list[tuple[float, Gateway]] = []
        self._next_look = 0.0
        self.faults: Mapping[str, str] = MappingProxyType({})
        """Why a stored gateway can't be used, by its name; no value of a setting is part of it."""

    def follow(self, reader: Writer, versions: Mapping[str, str]) -> None:
        """Make what has changed; `versions`: of all stored gateways by name. Raises SQLAlchemyError."""
        self._close_retired()
        if versions == self._versions:
            return
        with self._lock:
            changed = {name for name, version in versions.items() if self._versions.get(name) != version}
            found = rows.read(reader, changed) if changed else {}
            kept = {name: version for name, version in self._versions.items() if name in versions}
            self._replace({*changed, *(self._versions.keys() - kept.keys())}, found)
            self._versions = {**kept, **{name: version for name, (version, _) in found.items()}}

    def look(self) -> None:
        """Follow the rows now; while the database fails, the known gateways stay."""
        self._next_look = time.monotonic() + LOOK_EVERY_SECONDS
        try:
            with db.engine.connect() as connection:
                self.follow(connection, {row.name: row.version for row in connection.execute(rows.VERSIONS)})
        except SQLAlchemyError as error:
            log.error("the gateways can't be read: %s", type(error).__name__)

    def look_if_due(self) -> None:
        """Follow the rows unless this was done within the last second."""
        if time.monotonic() >= self._next_look:
            self.look()

    def is_shadowed(self, name: str) -> bool:
        """Tell whether a stored gateway is not used because gateways.toml has another one of its name."""
        return name in {gateway.name for gateway in self.given()}

    @property
    def gateways(self) -> Gateways:
        """All of them."""
        return parts.of(self._app, Gateways)

    def given(self) -> list[Gateway]:
        """Return the gateways that the application started with."""
        ours = {id(gateway) for gateway in self._made.values()}
        return [gateway for gateway in self.gateways if id(gateway) not in ours]

    def _replace(self, names: set[str], found: Mapping[str, tuple[str, bytes]]) -> None:
        given, faults = self.given(), {**self.faults}
        for name in names:
            faults.pop(name, None)
            if name in self._made:
                self._retired.append((time.monotonic() + CLOSE_AFTER_SECONDS, self._made.pop(name)))
            if name in found:
                try:
                    self._made[name] = self._make(name, found[name][1])
                except (ConfigurationError, Unreadable) as error:
                    faults[name] = str(error)
                    log.error("gateway %s can't be used: %s", name, error)
        self.faults = MappingProxyType(faults)
        taken = {gateway.name for gateway in given}
        added = [gateway for name, gateway in sorted(self._made.items()) if name not in taken]
        parts.put(self._app, Gateways([*given, *added]))

    def _make(self, name: str, sealed: bytes) -> Gateway:
        table = rows.unseal(parts.of(self._app, Keyring), name, sealed)
        return parts.of(self._app, Maker).make(table, f"gateway {name!r}")

    def _close_retired(self) -> None:
        while self._retired and self._retired[0][0] <= time.monotonic():
            self._retired.pop(0)[1].close()


def current() -> Gateways:
    """Return all gateways, with what was changed elsewhere up to a second ago."""
    part(Roster).look_if_due()
    return part(Gateways)
