"""The forms of gateways fit their types: what can be entered is what the type reads, and keys are secret."""

import base64
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.email.mail_settings import MailSettings
from channels.fields import INTERFACE, Field, Form, Kind, form_of, forms
from channels.making import TYPES, Maker
from channels.presets import all_presets
from domain.errors import ConfigurationError
from domain.statuses import Channel

EXAMPLE = Path(__file__).resolve().parents[2] / "gateways.example.toml"
ELSEWHERE = {"name", "channel", "type", "preset", "weight", "templates"}
"""Keys that a form asks for otherwise, or that another page sets."""
SAMPLES = {
    "url": "https://sms.example.com/send",
    "address": "https://sms.example.com",
    "status_callback": "https://code.example.com/receipts/x",
    "sender": "no-reply@example.org",
    "reply_to": "help@example.org",
    "bounce_address": "bounces@example.org",
    "ehlo_name": "mail.example.org",
    "region": "eu-central-1",
    "receipt_token": "a-token-of-sixteen-or-more",
    "from": "Example",
    "interface": None,
    "ca_file": None,
    "public_key": base64.b64encode(bytes(32)).decode(),
    "webhook_public_key": base64.b64encode(
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
}
APART = {"smtp": ["use_ssl"], "vonage": ["api_secret"], "http": ["receipt_token"]}
"""Fields that exclude another one, or need what is entered as TOML."""
EVERY = [form.of(channel) for form in forms() for channel in form.channels]


def value_of(field: Field) -> object:
    kinds = {Kind.NUMBER: 8, Kind.RATE: "3/minute", Kind.FLAG: True, Kind.COUNTRIES: ["DE"]}
    return kinds.get(field.kind, SAMPLES.get(field.name, "sample"))


def table_of(form: Form, *, everything: bool) -> dict[str, object]:
    kind = {"preset": form.kind} if form.is_preset else {"type": form.kind}
    chosen = [field for field in form.fields if everything or field.is_required]
    fields = [field for field in chosen if field.name not in APART.get(form.kind, ())]
    values = {field.name: value_of(field) for field in fields}
    known = {name: value for name, value in values.items() if value is not None}
    return {"name": "x", "channel": form.channels[0].value, **kind, **known}


@pytest.mark.parametrize("form", EVERY, ids=lambda form: f"{form.kind}-{form.channels[0]}")
def test_every_field_is_read_by_its_type(form: Form) -> None:
    Maker(MailSettings("")).make(table_of(form, everything=True), "here").close()


@pytest.mark.parametrize("form", EVERY, ids=lambda form: f"{form.kind}-{form.channels[0]}")
def test_what_is_required_is_enough(form: Form) -> None:
    more = {"api_secret": "s"} if form.kind == "vonage" else {}
    Maker(MailSettings("")).make(table_of(form, everything=False) | more, "here").close()


@pytest.mark.parametrize("form", EVERY, ids=lambda form: f"{form.kind}-{form.channels[0]}")
def test_each_required_field_is_needed(form: Form) -> None:
    for field in form.fields:
        if field.is_required:
            table = table_of(form, everything=True)
            table.pop(field.name)
            with pytest.raises(ConfigurationError, match=field.name):
                Maker(MailSettings("")).make(table, "here")


def test_every_type_and_preset_has_a_form() -> None:
    assert {form.kind for form in forms()} == {*TYPES, *(preset.name for preset in all_presets())}
    assert form_of("carrier-pigeon") is None


def test_every_key_of_the_example_can_be_entered() -> None:
    found: dict[str, set[str]] = {}
    for part in re.split(
        r"^(?:# )?\[\[gateway\]\]$", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )[1:]:
        keys = re.findall(r"^(?:# ){0,2}([a-z_]+) = ", part, re.MULTILINE)
        kind = re.search(r'^(?:# )?(?:type|preset) = "([a-z0-9]+)"', part, re.MULTILINE)
        assert kind
        found.setdefault(kind[1], set()).update(keys)
    for kind, keys in found.items():
        form = form_of(kind)
        assert form is not None
        assert keys <= {field.name for field in form.fields} | ELSEWHERE | set(INTERFACE), kind


def test_whatever_may_be_a_key_is_secret() -> None:
    telling = re.compile(r"key|secret|token|password|pass$")
    harmless = {"access_key_id", "token_id", "public_key", "webhook_public_key"}
    for form in forms():
        for field in form.fields:
            if telling.search(field.name) and field.name not in harmless and field.name != "secret_id":
                assert field.kind is Kind.SECRET, f"{form.kind}: {field.name}"


def test_an_address_with_credentials_is_not_shown() -> None:
    url = Field("url")
    assert url.hides("https://user:hush@sms.example.com")
    assert url.hides("https://sms.example.com/send?key=hush")
    assert not url.hides("https://sms.example.com/send")
    assert not Field("from").hides("what?")


def test_countries_are_for_sms_only() -> None:
    http = form_of("http")
    assert http is not None
    by_channel = {channel: {field.name for field in http.of(channel).fields} for channel in Channel}
    assert by_channel[Channel.SMS] ^ by_channel[Channel.EMAIL] == {"countries", "sender", "reply_to"}
