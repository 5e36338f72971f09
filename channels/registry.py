"""The gateways of this installation: read from gateways.toml, chosen by channel, country and weight."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import SystemRandom
from types import MappingProxyType
from typing import Any

from channels.email import smtp
from channels.gateway import Gateway
from channels.making import Maker
from domain.errors import ConfigurationError
from domain.setting_files import read_text, secret
from domain.statuses import Channel

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
LIKE_VARIABLE = re.compile(r"\$\{[^{}]*\}")
DICE = SystemRandom()


class Gateways:
    """All gateways, in the order of the file; those in `off` are never chosen, `weights` override the file's."""

    def __init__(
        self,
        gateways: Iterable[Gateway],
        *,
        off: frozenset[str] = frozenset(),
        weights: Mapping[str, int] = MappingProxyType({}),
    ):
        self._gateways = tuple(gateways)
        self._off = off
        self._weights = weights
        self._able = lru_cache(1024)(self._find_able)  # runs for every message, with few distinct results

    def __iter__(self) -> Iterator[Gateway]:
        return iter(self._gateways)

    def choose(
        self, channel: Channel, country: str | None, exclude: frozenset[str] = frozenset()
    ) -> Gateway | None:
        """Pick one at random by weight among those that serve the country; one of weight 0 only as a last resort.

        `country` None (unknown, or mail) is served only by gateways without `countries`. `exclude`: gateway names.
        """
        able, weights = self._able(channel, country, exclude)
        if len(able) < 2:
            return able[0] if able else None
        return DICE.choices(able, cum_weights=weights)[0]

    def _find_able(
        self, channel: Channel, country: str | None, exclude: frozenset[str]
    ) -> tuple[list[Gateway], list[int]]:
        """Return the gateways to pick from, and their cumulative weights."""
        able = [
            gateway
            for gateway in self._gateways
            if gateway.channel == channel
            and gateway.name not in exclude
            and not self.is_off(gateway.name)
            and (not gateway.countries or country in gateway.countries)
        ]
        weighted = [gateway for gateway in able if self.weight(gateway) > 0]
        if not weighted:
            return able, list(range(1, len(able) + 1))
        return weighted, list(accumulate(map(self.weight, weighted)))

    def is_off(self, name: str) -> bool:
        """Tell whether a gateway is switched off."""
        return name in self._off

    def weight(self, gateway: Gateway) -> int:
        """Return the weight that applies to a gateway now."""
        return self._weights.get(gateway.name, gateway.weight)

    def named(self, name: str) -> Gateway | None:
        """Return the gateway of that name, switched off or not."""
        return next((gateway for gateway in self._gateways if gateway.name == name), None)

    @property
    def take_smtputf8(self) -> bool:
        """Tell whether a mail gateway takes addresses that are not ASCII before the @."""
        return any(gateway.smtputf8 for gateway in self._gateways if gateway.channel is Channel.EMAIL)

    def capacity(self, channel: Channel) -> int | None:
        """Return how many sends all gateways of a channel can have in flight; None where there is no limit."""
        bounds = [gateway.capacity for gateway in self._gateways if gateway.channel == channel]
        return None if None in bounds or not bounds else sum(bound or 0 for bound in bounds)

    def close(self) -> None:
        """Close all kept connections."""
        for gateway in self._gateways:
            gateway.close()


def load_gateways(path: str | Path | None, environ: Mapping[str, str], maker: Maker) -> Gateways:
    """Read the file if it exists; without a mail gateway in it, the mail settings make one called `smtp`.

    Raises ConfigurationError, which names the file, the gateway and the key.
    """
    gateways = _read(Path(path), environ, maker) if path and Path(path).exists() else []
    if maker.mail.server and not any(gateway.channel is Channel.EMAIL for gateway in gateways):
        try:
            gateways.append(smtp.SmtpGateway(maker.mail))
        except ConfigurationError as error:
            raise ConfigurationError(f"mail settings: {error}") from None
    names = [gateway.name for gateway in gateways]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path}: gateway {name!r}: name: is used twice")
    return Gateways(gateways)


def _read(path: Path, environ: Mapping[str, str], maker: Maker) -> list[Gateway]:
    try:
        document = tomllib.loads(read_text(path))
    except (OSError, tomllib.TOMLDecodeError) as error:
        # A TOML error names line and column, never the text of the line.
        raise ConfigurationError(f"{path}: can't be read: {error}") from None
    tables = document.pop("gateway", [])
    if document:
        raise ConfigurationError(f"{path}: {next(iter(document))}: is not a known key")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{path}: gateway: must be written as [[gateway]]")
    return [_made(path, number, table, environ, maker) for number, table in enumerate(tables, 1)]


def _made(
    path: Path, number: int, table: dict[str, Any], environ: Mapping[str, str], maker: Maker
) -> Gateway:
    name = table.get("name")
    where = f"{path}: gateway {name!r}" if isinstance(name, str) else f"{path}: gateway number {number}"
    return maker.make(
        {key: _expand(value, environ, f"{where}: {key}") for key, value in table.items()}, where
    )


def _expand(value: Any, environ: Mapping[str, str], where: str) -> Any:
    """Replace ${NAME} with environment variables, or with what NAME_FILE holds, in all texts of a value."""
    if isinstance(value, dict):
        return {key: _expand(inner, environ, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand(inner, environ, where) for inner in value]
    if not isinstance(value, str):
        return value

    def variable(found: re.Match[str]) -> str:
        text = secret(found[1], environ)
        if not text:
            raise ConfigurationError(f"{where}: the environment variable {found[1]} is not set")
        return text

    if LIKE_VARIABLE.search(VARIABLE.sub("", value)):
        raise ConfigurationError(f"{where}: ${{…}} must hold the name of an environment variable")
    return VARIABLE.sub(variable, value)
