"""The rows of gateways that were added in the console: sealed, opened, and sealed anew with a newer key."""

import json
import logging
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from domain.keyring import Keyring, Unreadable
from models import StoredGateway
from services.storage.transactions import Writer

log = logging.getLogger(__name__)
gateways = StoredGateway.__table__
Table = Mapping[str, Any]
"""The settings of one gateway, as gateways.toml would have them."""

VERSIONS = select(gateways.c.name, gateways.c.version)
"""What each process reads every second: two short columns of a table of a few rows."""


def seal(keyring: Keyring, name: str, table: Table) -> bytes:
    """Return the settings of a gateway as they are stored."""
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False)
    return keyring.seal(text.encode(), row=_place(name))


def unseal(keyring: Keyring, name: str, sealed: bytes) -> dict[str, Any]:
    """Return the settings of a gateway; raises Unreadable where their key is no longer in CODE_PEPPER."""
    table: dict[str, Any] = json.loads(keyring.open(sealed, row=_place(name)))
    return table


def read(reader: Writer, names: Collection[str]) -> dict[str, tuple[str, bytes]]:
    """Return the version and the sealed settings of some gateways, without those that were removed meanwhile."""
    wanted = select(gateways.c.name, gateways.c.version, gateways.c.sealed)
    rows = reader.execute(wanted.where(gateways.c.name.in_(names)))
    return {row.name: (row.version, row.sealed) for row in rows}


class NewestKey:
    """Seals all settings with the newest key when a worker starts, so that an older key can be removed."""

    def __init__(self, engine: Engine, keyring: Keyring):
        self._engine, self._keyring = engine, keyring
        self._is_done = False

    def __call__(self) -> None:
        """Look once for settings that an older key sealed; again where the database fails."""
        if self._is_done:
            return
        try:
            with self._engine.connect() as connection:
                found = connection.execute(select(gateways.c.name, gateways.c.sealed)).all()
            for row in found:
                if not row.sealed.startswith(self._keyring.newest.encode()):
                    self._seal_anew(row.name, row.sealed)
            self._is_done = True
        except SQLAlchemyError as error:
            log.error("the settings of gateways can't be sealed anew: %s", type(error).__name__)

    def _seal_anew(self, name: str, sealed: bytes) -> None:
        try:
            newly = seal(self._keyring, name, unseal(self._keyring, name, sealed))
        except Unreadable:
            return  # the roster says so
        is_same = (gateways.c.name == name, gateways.c.sealed == sealed)
        with self._engine.begin() as connection:
            connection.execute(update(gateways).where(*is_same).values(sealed=newly))
        log.info("the settings of gateway %s are sealed with the newest key", name)


def _place(name: str) -> str:
    return f"gateway:{name}"
