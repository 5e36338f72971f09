"""What a person enters for a gateway of each type and preset: the fields of a form, and which of them are secret."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from channels.presets import Preset, all_presets, preset
from domain.statuses import Channel


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - no password
    NUMBER = "number"
    FLAG = "flag"
    RATE = "rate"
    COUNTRIES = "countries"
    TOML = "toml"
    """Further keys of gateways.toml, as TOML; secret as a whole, because headers and bodies hold keys."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of gateways.toml; `about` explains it in the words of a preset, empty where it needs none."""

    name: str
    kind: Kind = Kind.TEXT
    is_required: bool = False
    about: str = ""
    usual: str = ""
    """What applies where it is left empty."""
    is_first: bool = True
    """Whether a form shows it at once; the rest is folded."""

    def hides(self, value: object) -> bool:
        """Tell whether a value must not be shown: a secret, or an address that may contain one."""
        if self.kind in (Kind.SECRET, Kind.TOML):
            return True
        return self.name in ADDRESSES and isinstance(value, str) and bool({"?", "@"} & set(value))


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a type or a preset; `about`: the company in its own words, empty for a type."""

    kind: str
    channels: tuple[Channel, ...]
    fields: tuple[Field, ...]
    about: str = ""
    is_preset: bool = False

    def of(self, channel: Channel) -> "Form":
        """Return the form for one of its channels, without the fields of others."""
        of_mail = {"sender", "reply_to"} if self.kind == "http" else set()
        hidden = {"countries"} if channel is Channel.EMAIL else of_mail
        return replace(
            self, channels=(channel,), fields=tuple(one for one in self.fields if one.name not in hidden)
        )


ADDRESSES = {"url", "address", "base_url", "status_callback"}
PLAIN = {
    *("from", "sender", "signature", "username", "address", "base_url", "host", "region", "domain"),
    *("account_id", "auth_id", "token_id", "client_id", "application_id", "service_plan_id"),
    *("messaging_profile_id", "message_stream", "configuration_set", "template_id", "access_key_id"),
    *("public_key", "webhook_public_key", "webhook_username"),
}
"""Keys of presets that may be shown; any other key of a preset is a secret."""

INTERFACE = (
    *("method", "query", "headers", "auth", "body", "content_type", "coding", "sign"),
    *("success", "reference", "errors", "receipts"),
)
"""The keys of a provider's own interface, which are entered together as TOML."""

_RATE = Field("rate", Kind.RATE, is_first=False)
_SMS = (Field("countries", Kind.COUNTRIES), _RATE)
_RECEIPT_TOKEN = Field("receipt_token", Kind.SECRET)
_CA_FILE = Field("ca_file", is_first=False)
_REPLY_TO = Field("reply_to", is_first=False)


def _must(name: str, kind: Kind = Kind.TEXT) -> Field:
    return Field(name, kind, is_required=True)


def _company(*fields: Field, url: str = "") -> tuple[Field, ...]:
    return (*fields, *_SMS, Field("url", usual=url, is_first=False), _CA_FILE)


_TYPES: Mapping[str, tuple[Field, ...]] = {
    "http": (
        _must("url"),
        Field("secret", Kind.SECRET),
        _must("sender"),
        _REPLY_TO,
        *_SMS,
        Field("interface", Kind.TOML),
        _RECEIPT_TOKEN,
        _CA_FILE,
    ),
    "smtp": (
        _must("server"),
        Field("port", Kind.NUMBER),
        Field("use_tls", Kind.FLAG),
        Field("use_ssl", Kind.FLAG),
        Field("username"),
        Field("password", Kind.SECRET),
        _must("sender"),
        _REPLY_TO,
        Field("bounce_address", is_first=False),
        _RATE,
        Field("connections", Kind.NUMBER, usual="8", is_first=False),
        Field("timeout", Kind.NUMBER, usual="10", is_first=False),
        Field("smtputf8", Kind.FLAG, is_first=False),
        Field("ehlo_name", is_first=False),
        _CA_FILE,
    ),
    "twilio": _company(
        _must("account_sid"),
        _must("auth_token", Kind.SECRET),
        _must("from"),
        Field("status_callback"),
        url="https://api.twilio.com",
    ),
    "vonage": _company(
        _must("api_key", Kind.SECRET),
        Field("signature_secret", Kind.SECRET),
        Field("api_secret", Kind.SECRET),
        _must("from"),
        Field("status_callback"),
        url="https://rest.nexmo.com",
    ),
    "sns": _company(
        _must("region"),
        _must("access_key_id"),
        _must("secret_access_key", Kind.SECRET),
        Field("sender_id"),
    ),
    "aliyun": _company(
        _must("access_key_id"),
        _must("access_key_secret", Kind.SECRET),
        _must("sign_name"),
        Field("region", usual="cn-hangzhou"),
        _RECEIPT_TOKEN,
    ),
    "tencent": _company(
        _must("secret_id"),
        _must("secret_key", Kind.SECRET),
        _must("app_id"),
        Field("sign_name"),
        Field("region", usual="ap-guangzhou"),
        _RECEIPT_TOKEN,
    ),
    "ronglian": _company(
        _must("account_sid"),
        _must("auth_token", Kind.SECRET),
        _must("app_id"),
        _RECEIPT_TOKEN,
        url="https://app.cloopen.com:8883",
    ),
}
"""The approved texts of the last three are not here: they are entered with each text."""


def forms() -> list[Form]:
    """Return the form of every type and preset: types first, then presets by name."""
    return [_of_type(kind) for kind in _TYPES] + [_of_preset(one) for one in all_presets()]


def form_of(kind: str) -> Form | None:
    """Return the form of a type or a preset; None where there is none of this name."""
    if kind in _TYPES:
        return _of_type(kind)
    return _of_preset(preset(kind)) if kind in {one.name for one in all_presets()} else None


def _of_type(kind: str) -> Form:
    channels = {"http": tuple(Channel), "smtp": (Channel.EMAIL,)}.get(kind, (Channel.SMS,))
    return Form(kind, channels, _TYPES[kind])


def _of_preset(one: Preset) -> Form:
    channel = Channel(one.channel)
    asked = tuple(
        Field(
            key.name,
            Kind.TEXT if key.name in PLAIN else Kind.SECRET,
            is_required=key.default is None and key.name != "receipt_token",
            about=key.about,
            usual=key.default or "",
        )
        for key in one.asks_for
    )
    usual = _SMS if channel is Channel.SMS else (_REPLY_TO, _RATE)
    more = (*usual, Field("url", usual=_fixed(one.gateway.get("url")), is_first=False), _CA_FILE)
    return Form(one.name, (channel,), asked + more, about=one.about, is_preset=True)


def _fixed(url: object) -> str:
    """Return an address that contains no key of the user's, else an empty text."""
    return url if isinstance(url, str) and "{" not in url else ""
