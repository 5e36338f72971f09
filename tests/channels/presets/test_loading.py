"""What becomes of a user's table with a preset."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from channels import presets
from channels.email.mail_settings import MailSettings
from channels.http.http_gateway import HttpGateway
from channels.making import Maker
from channels.registry import load_gateways
from domain.errors import ConfigurationError
from tests.channels.conftest import sms

TABLE = {"name": "elks", "preset": "46elks", "username": "u", "password": "s3cret", "from": "Shop"}


def load(tmp_path: Path, table: Mapping[str, str], environ: Mapping[str, str] | None = None, more: str = ""):
    path = tmp_path / "gateways.toml"
    lines = [f'{key} = "{value}"' for key, value in table.items()]
    path.write_text("\n".join(["[[gateway]]", *lines, more]))
    return load_gateways(path, environ or {}, Maker(MailSettings(""), public_url="https://code.example.com"))


def test_a_preset_needs_its_keys_only(tmp_path: Path):
    (gateway,) = load(tmp_path, {**TABLE, "password": "${PASSWORD}"}, {"PASSWORD": "s3cret"})
    assert (gateway.name, gateway.type, gateway.channel) == ("elks", "http", "sms")


def test_a_users_value_replaces_the_presets_and_tables_are_merged():
    given: Mapping[str, Any] = {
        **TABLE,
        "url": "https://x.org/",
        "body": {"flashsms": "yes", "dontlog": "no"},
    }
    table, credentials = presets.expanded(given)
    preset = presets.preset("46elks").gateway
    assert table["url"] == "https://x.org/"
    assert table["body"] == {**preset["body"], "flashsms": "yes", "dontlog": "no"}
    assert table["auth"] == preset["auth"]
    assert credentials == {"username": "u", "password": "s3cret", "from": "Shop"}
    assert "password" not in table
    assert preset["body"]["dontlog"] == "message"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"preset": "46elk"},
            "gateway 'elks': preset: there is none called '46elk'; `flask gateways presets` lists",
        ),
        ({"preset": "../presets/46elks"}, "preset: there is none called"),
        ({"preset": ""}, "preset: there is none called"),
        (
            {"password": None},
            "gateway 'elks': password: is missing; the preset 46elks needs it: the API password",
        ),
        ({"password": ""}, "password: must not be empty"),
        ({"pasword": "x"}, "gateway 'elks': pasword: is not a known key"),
        ({"channel": "email"}, "gateway 'elks': sender: is missing"),
        ({"channel": "fax"}, "gateway 'elks': channel: must be sms or email"),
        ({"type": "twilio"}, "gateway 'elks': type: a preset is of the type http"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, change: Mapping[str, Any], told: str):
    table = {key: value for key, value in {**TABLE, **change}.items() if value is not None}
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, table)
    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["https://xyz.api.infobip.com", "xyz.api.infobip.com/", "xyz.api.infobip.com/sms?a=b"]
)
def test_a_host_is_given_without_scheme_and_path(tmp_path: Path, host: str):
    table = {"name": "bip", "preset": "infobip", "base_url": host, "api_key": "s3cret", "from": "Shop"}
    with pytest.raises(ConfigurationError, match=r"gateway 'bip': url: a key .* must be a host name"):
        load(tmp_path, table)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("http://127.0.0.1:13013", "/cgi-bin/sendsms"),
        ("http://127.0.0.1:13013/", "/cgi-bin/sendsms"),
        ("https://sms.example.com/kannel", "/kannel/cgi-bin/sendsms"),
    ],
)
def test_an_address_may_have_a_path(tmp_path: Path, address: str, target: str):
    table = {"name": "own", "preset": "kannel", "address": address, "username": "shop", "password": "s3cret"}
    (gateway,) = load(tmp_path, table)
    assert isinstance(gateway, HttpGateway)
    assert gateway._template.fill(sms()).target.partition("?")[0] == target


@pytest.mark.parametrize("address", ["127.0.0.1:13013", "http://127.0.0.1/{to}", "http://127.0.0.1/{"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str):
    table = {"name": "own", "preset": "kannel", "address": address, "username": "shop", "password": "s3cret"}
    with pytest.raises(ConfigurationError, match="gateway 'own': url: "):
        load(tmp_path, table)


def test_keys_are_texts(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="username: must be a text"):
        load(tmp_path, {key: value for key, value in TABLE.items() if key != "username"}, more="username = 5")


@pytest.mark.parametrize("value", ["{to}", "{keys.password}", 'a"b', "a&b=c%", "{", "é\u2028"])
def test_a_value_of_a_key_is_never_read_as_a_placeholder(value: str):
    table, credentials = presets.expanded({**TABLE, "from": value})
    assert credentials["from"] == value
    assert table["body"]["from"] == "{sender|keys.from}"


@pytest.mark.parametrize("preset", list(presets.all_presets()), ids=lambda preset: preset.name)
def test_a_preset_is_written_as_documented(preset: presets.Preset):
    path = presets.FOLDER / f"{preset.name}.toml"
    assert path.read_text(encoding="utf-8").startswith("# Written from ")
    assert preset.gateway["url"].startswith(("https://", "{keys.address}"))
    assert preset.about.endswith(")")
    assert all(key.about and "\n" not in key.about for key in preset.keys)
    own = {
        *preset.gateway,
        "name",
        "channel",
        "type",
        "preset",
        "weight",
        "countries",
        "rate",
        "receipt_token",
        "sender",
    }
    assert not own & {key.name for key in preset.keys}
    text = str(preset.gateway)
    assert all(f"keys.{key.name}" in text for key in preset.keys)
