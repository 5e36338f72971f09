"""The gateways of this installation: read from gateways.toml, chosen by channel, country and weight."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import SystemRandom
from types import MappingProxyType
from typing import Any

from channels.email import smtp
from channels.email.mail_settings import MailSettings
from channels.gateway import Gateway
from channels.http import http_gateway
from channels.options import Options
from channels.sms import aliyun, ronglian, sns, tencent, twilio, vonage
from domain.errors import ConfigurationError
from domain.setting_files import read_text
from domain.statuses import Channel

TYPES: dict[str, tuple[Channel, Callable[[Options], Gateway]]] = {
    "http": (Channel.SMS, http_gateway.create),
    "smtp": (Channel.EMAIL, smtp.create),
    "ronglian": (Channel.SMS, ronglian.RonglianGateway),
    "aliyun": (Channel.SMS, aliyun.AliyunGateway),
    "tencent": (Channel.SMS, tencent.TencentGateway),
    "twilio": (Channel.SMS, twilio.TwilioGateway),
    "vonage": (Channel.SMS, vonage.VonageGateway),
    "sns": (Channel.SMS, sns.SnsGateway),
}
"""What `type` may be. A new provider is a new file and a line here."""

__all__ = ["Gateways", "MailSettings", "load_gateways"]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
COUNTRY = re.compile(r"[A-Z]{2}")
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
LIKE_VARIABLE = re.compile(r"\$\{[^{}]*\}")
RATE = re.compile(r"([0-9]{1,9}) ?/ ?(second|minute|hour)")
SECONDS = {"second": 1, "minute": 60, "hour": 3600}
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


def load_gateways(
    path: str | Path | None, environ: Mapping[str, str], mail: MailSettings, *, http_connections: int = 100
) -> Gateways:
    """Read the file if it exists; without a mail gateway in it, the mail settings make one called `smtp`.

    Raises ConfigurationError, which names the file, the gateway and the key.
    """
    general = {"http_connections": http_connections, "ehlo_name": mail.ehlo_name}
    gateways = _read(Path(path), environ, general) if path and Path(path).exists() else []
    if mail.server and not any(gateway.channel is Channel.EMAIL for gateway in gateways):
        try:
            gateways.append(smtp.SmtpGateway(mail))
        except ConfigurationError as error:
            raise ConfigurationError(f"mail settings: {error}") from None
    names = [gateway.name for gateway in gateways]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path}: gateway {name!r}: name: is used twice")
    return Gateways(gateways)


def _read(path: Path, environ: Mapping[str, str], general: Mapping[str, Any]) -> list[Gateway]:
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
    return [_make(path, number, table, environ, general) for number, table in enumerate(tables, 1)]


def _make(
    path: Path, number: int, table: dict[str, Any], environ: Mapping[str, str], general: Mapping[str, Any]
) -> Gateway:
    name = table.get("name")
    where = f"{path}: gateway {name!r}" if isinstance(name, str) else f"{path}: gateway number {number}"
    expanded = {key: _expand(value, environ, f"{where}: {key}") for key, value in table.items()}
    options = Options(expanded, where, **general)
    options.name = options.text("name")
    if not NAME.fullmatch(options.name):
        raise options.error("name", "must be 1 to 64 of a-z 0-9 _ -")
    create = _type(options)
    options.weight = options.integer("weight", 100, least=0)
    options.countries = frozenset(options.texts("countries"))
    if not all(COUNTRY.fullmatch(country) for country in options.countries):
        raise options.error("countries", "must hold ISO codes of two capital letters")
    rate, rate_seconds = _rate(options)
    try:
        gateway = create(options)
    except ConfigurationError as error:
        # The gateway's own checks name the key, but not the file and the gateway.
        raise ConfigurationError(str(error) if where in str(error) else f"{where}: {error}") from None
    options.finish()
    gateway.rate, gateway.rate_seconds = rate, rate_seconds
    gateway.type = options.text("type")
    return gateway


def _rate(options: Options) -> tuple[int, int]:
    """Read `rate`, a number of sends a second or `"3/minute"`; return the number, and in how many seconds."""
    given = options.anything("rate")
    if given is None or isinstance(given, int):
        return options.integer("rate", 0, least=0), 1
    found = RATE.fullmatch(given) if isinstance(given, str) else None
    if not found:
        raise options.error(
            "rate", 'must be a whole number of sends a second, or "3/second", "3/minute", "3/hour"'
        )
    return int(found[1]), SECONDS[found[2]]


def _type(options: Options) -> Callable[[Options], Gateway]:
    """Read `type` and `channel`, which must match; return the function that makes the gateway."""
    kind, channel = options.text("type"), options.text("channel")
    if kind not in TYPES:
        raise options.error("type", f"must be one of {', '.join(TYPES)}")
    options.channel, create = TYPES[kind]
    if channel != options.channel:
        raise options.error("channel", f"must be {options.channel} for the type {kind}")
    if options.channel is Channel.EMAIL and options.has("countries"):
        raise options.error("countries", "is for sms only")
    return create


def _expand(value: Any, environ: Mapping[str, str], where: str) -> Any:
    """Replace ${NAME} with environment variables in all texts of a value."""
    if isinstance(value, dict):
        return {key: _expand(inner, environ, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand(inner, environ, where) for inner in value]
    if not isinstance(value, str):
        return value

    def variable(found: re.Match[str]) -> str:
        if not environ.get(found[1]):
            raise ConfigurationError(f"{where}: the environment variable {found[1]} is not set")
        return environ[found[1]]

    if LIKE_VARIABLE.search(VARIABLE.sub("", value)):
        raise ConfigurationError(f"{where}: ${{…}} must hold the name of an environment variable")
    return VARIABLE.sub(variable, value)
