"""One gateway out of its settings: a table of gateways.toml, or what was entered in the console."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from channels import presets
from channels.email import smtp
from channels.email.mail_settings import MailSettings
from channels.gateway import Gateway
from channels.http import http_gateway
from channels.options import Options
from channels.sms import aliyun, ronglian, sns, tencent, twilio, vonage
from domain.errors import ConfigurationError
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
"""What `type` may be, with its usual channel. A new provider is a new file and a line here."""

FOR_EVERY_CHANNEL = {"http"}

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
COUNTRY = re.compile(r"[A-Z]{2}")
RATE = re.compile(r"([0-9]{1,9}) ?/ ?(second|minute|hour)")
SECONDS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes gateways; holds what the installation gives to all of them."""

    mail: MailSettings
    http_connections: int = 100
    public_url: str = ""

    def make(self, table: Mapping[str, Any], where: str) -> Gateway:
        """Make the gateway that a table describes; it connects on its first send only.

        Raises ConfigurationError: `where`, then the key, and never a value.
        """
        credentials: Mapping[str, str] = {}
        if "preset" in table:
            try:
                table, credentials = presets.expanded(table)
            except ConfigurationError as error:
                raise ConfigurationError(f"{where}: {error}") from None
        return _make(self._options(table, where, credentials), where)

    def _options(self, table: Mapping[str, Any], where: str, credentials: Mapping[str, str]) -> Options:
        return Options(
            table,
            where,
            credentials=credentials,
            http_connections=self.http_connections,
            ehlo_name=self.mail.ehlo_name,
            bounce_address=self.mail.bounce_address,
            reply_to=self.mail.reply_to,
            public_url=self.public_url,
        )


def _make(options: Options, where: str) -> Gateway:
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
    usual, create = TYPES[kind]
    possible = [*Channel] if kind in FOR_EVERY_CHANNEL else [usual]
    if channel not in possible:
        raise options.error("channel", f"must be {' or '.join(possible)} for the type {kind}")
    options.channel = Channel(channel)
    if options.channel is Channel.EMAIL and options.has("countries"):
        raise options.error("countries", "is for sms only")
    return create
