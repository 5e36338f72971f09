"""Providers' interfaces as files: what a gateway of type `http` takes from one of them.

A file has `about`, one line for people; `channel`; `[keys]`, what the user must give, each explained; and `[gateway]`,
the keys of gateways.toml that the preset sets. docs/http-gateways.md explains how to write one.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationError
from domain.statuses import Channel

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Key:
    """One key that the user gives; `default` None means that it must be given."""

    name: str
    about: str
    default: str | None = None


SENDER = Key("sender", "the sender of the mails, such as Example <no-reply@example.com>")
RECEIPT_TOKEN = Key("receipt_token", "for delivery reports: 16 to 128 of A-Z a-z 0-9 _ -, made up by you")


@dataclass(frozen=True, slots=True)
class Preset:
    """One file; `gateway` holds the keys of gateways.toml."""

    name: str
    about: str
    channel: str
    keys: tuple[Key, ...]
    gateway: Mapping[str, Any] = field(repr=False)

    @property
    def asks_for(self) -> tuple[Key, ...]:
        """All keys that the user gives: besides its own, the sender of mails and the proof of unsigned reports."""
        receipts = self.gateway.get("receipts", {})
        is_unsigned = bool(receipts) and not {"signature", "header", "basic"} & set(receipts)
        more = (SENDER,) if self.channel == Channel.EMAIL else ()
        return self.keys + more + ((RECEIPT_TOKEN,) if is_unsigned else ())


def all_presets() -> Iterator[Preset]:
    """Yield every preset in the order of their names."""
    for path in sorted(FOLDER.glob("*.toml")):
        yield preset(path.stem)


@cache
def preset(name: str) -> Preset:
    """Return a preset. Raises ConfigurationError where there is none of this name."""
    path = FOLDER / f"{name}.toml"
    if path.parent != FOLDER or path not in FOLDER.glob("*.toml"):
        raise ConfigurationError(
            f"preset: there is none called {name!r}; `flask gateways presets` lists them"
        )
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    keys = tuple(_key(key, value) for key, value in document.get("keys", {}).items())
    return Preset(name, document["about"], document.get("channel", "sms"), keys, document["gateway"])


def expanded(table: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a user's table completed from its preset, and the keys that the preset asks for.

    A value of the user's replaces the preset's; tables are merged key by key. Raises ConfigurationError.
    """
    name = table.get("preset")
    if not isinstance(name, str):
        raise ConfigurationError("preset: must be a text")
    used = preset(name)
    if table.get("type", "http") != "http":
        raise ConfigurationError("type: a preset is of the type http")
    credentials = {key.name: _given(used, key, table) for key in used.keys}
    own = {key: value for key, value in table.items() if key not in credentials and key != "preset"}
    return _merged({"type": "http", "channel": used.channel, **used.gateway}, own), credentials


def _key(name: str, value: Any) -> Key:
    if isinstance(value, str):
        return Key(name, value)
    return Key(name, value["about"], value["default"])


def _given(used: Preset, key: Key, table: Mapping[str, Any]) -> str:
    value = table.get(key.name, key.default)
    if value is None:
        raise ConfigurationError(f"{key.name}: is missing; the preset {used.name} needs it: {key.about}")
    if not isinstance(value, str):
        raise ConfigurationError(f"{key.name}: must be a text")
    if not value and key.default is None:
        raise ConfigurationError(f"{key.name}: must not be empty")
    return value


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _merged(below[key], above[key]) for key in below if _are_tables(below, above, key)}
    return {**below, **above, **both}


def _are_tables(below: Mapping[str, Any], above: Mapping[str, Any], key: str) -> bool:
    return isinstance(below[key], dict) and isinstance(above.get(key), dict)
