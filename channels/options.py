"""One table of gateways.toml, read key by key, so that every mistake names its file, gateway and key."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from domain.errors import ConfigurationError
from domain.statuses import Channel


class Options:
    """The settings of one gateway; a key that nothing has read by the end is reported as unknown.

    Errors name the key and never the value, which may be a secret.
    """

    def __init__(
        self,
        table: Mapping[str, Any],
        where: str,
        *,
        name: str = "",
        http_connections: int = 100,
        ehlo_name: str = "",
        bounce_address: str = "",
        reply_to: str = "",
        public_url: str = "",
        credentials: Mapping[str, str] = MappingProxyType({}),
    ):
        self.name = name
        self.channel = Channel.SMS
        self.weight = 100
        self.countries: frozenset[str] = frozenset()
        self.http_connections = http_connections
        self.ehlo_name = ehlo_name
        self.bounce_address = bounce_address
        self.reply_to = reply_to
        self.public_url = public_url
        self.credentials = credentials
        """The keys that a preset asks for."""
        self._table = table
        self._where = where
        self._read: set[str] = set()

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string, empty only where the default is. Raises ConfigurationError where it is missing."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self.error(key, "must be a text")
        if not value and default is None:
            raise self.error(key, "must not be empty")
        return value

    def integer(self, key: str, default: int, *, least: int, most: int | None = None) -> int:
        """Return a whole number between `least` and `most`."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(key, "must be a whole number")
        if value < least or (most is not None and value > most):
            raise self.error(key, f"must be at least {least}" + (f" and at most {most}" if most else ""))
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def texts(self, key: str) -> list[str]:
        """Return a list of strings, empty where the key is missing."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(key, "must be a list of texts")
        return value

    def word(self, key: str) -> str:
        """Return a text, a number, true or false as a text, so that 0 equals "0" and true equals "true"."""
        return self._word(key, self._take(key, None))

    def words(self, key: str) -> list[str]:
        """Return such words, given as one or as a list; empty where the key is missing."""
        value = self._take(key, [])
        return [self._word(key, one) for one in (value if isinstance(value, list) else [value])]

    def texts_or_one(self, key: str) -> list[str]:
        """Return a list of strings, also where only one is given."""
        value = self._take(key, [])
        return [value] if isinstance(value, str) else self.texts(key)

    def anything(self, key: str) -> Any:
        """Return the value as it is, None where the key is missing."""
        return self._take(key, None, required=False)

    def table(self, key: str) -> "Options | None":
        """Return an inner table, None where the key is missing."""
        value = self._take(key, None, required=False)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(key, "must be a table")
        return Options(value, self.place(key), name=self.name)

    def place(self, key: str) -> str:
        """Return how errors name a key."""
        return f"{self._where}: {key}"

    def has(self, key: str) -> bool:
        """Tell whether the key is there."""
        return key in self._table

    @property
    def keys(self) -> list[str]:
        """All keys that are there."""
        return list(self._table)

    def finish(self) -> None:
        """Raise ConfigurationError for a key that nothing has read."""
        unknown = sorted(set(self._table) - self._read)
        if unknown:
            raise self.error(unknown[0], "is not a known key")

    def error(self, key: str, problem: str) -> ConfigurationError:
        """Return the error to raise about one key."""
        return ConfigurationError(f"{self.place(key)}: {problem}")

    def _word(self, key: str, value: Any) -> str:
        if not isinstance(value, str | int):
            raise self.error(key, "must be a text, a number, true or false")
        return value if isinstance(value, str) else json.dumps(value)

    def _take(self, key: str, default: Any, *, required: bool = True) -> Any:
        self._read.add(key)
        if key in self._table:
            return self._table[key]
        if required and default is None:
            raise self.error(key, "is missing")
        return default
