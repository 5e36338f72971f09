"""gateways.toml: its keys, the error for every mistake, and how a gateway is chosen."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from channels.email.mail_settings import MailSettings
from channels.email.smtp import SmtpGateway
from channels.http.http_gateway import HttpGateway
from channels.making import TYPES, Maker
from channels.memory import MemoryGateway
from channels.registry import Gateways, load_gateways
from domain.errors import ConfigurationError
from domain.statuses import Channel
from tests.channels.conftest import sms
from tests.servers.http import Answer, HttpGatewayServer

EXAMPLE = Path(__file__).parents[2] / "gateways.example.toml"
MAIL = MailSettings("127.0.0.1", default_sender="a@example.com")
NO_MAIL = MailSettings("")
TYPES_IN_THE_FILES_ORDER = ["http", "ronglian", "aliyun", "tencent", "twilio", "vonage", "sns", "smtp"]
SMS = '[[gateway]]\nname = "main"\nchannel = "sms"\ntype = "http"\nurl = "http://127.0.0.1:9/sms"\n'
SMTP = (
    '[[gateway]]\nname = "post"\nchannel = "email"\ntype = "smtp"\nserver = "127.0.0.1"\nsender = "a@x.org"\n'
)


def load(
    folder: Path, text: str, environ: dict[str, str] | None = None, mail: MailSettings = NO_MAIL
) -> Gateways:
    path = folder / "gateways.toml"
    path.write_text(text, encoding="utf-8")
    return load_gateways(str(path), environ or {}, Maker(mail))


def mistake(folder: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, environ)
    return str(caught.value)


def test_without_a_file_there_is_only_the_mail_gateway(tmp_path: Path) -> None:
    for path in [None, "", str(tmp_path / "missing.toml")]:
        gateways = load_gateways(path, {}, Maker(MAIL))
        assert [(gateway.name, gateway.channel) for gateway in gateways] == [("smtp", Channel.EMAIL)]
        assert gateways.choose(Channel.SMS, "CN") is None
    assert list(load_gateways(None, {}, Maker(NO_MAIL))) == []


def test_a_file_without_mail_gateway_is_completed_by_the_mail_settings(tmp_path: Path) -> None:
    gateways = load(tmp_path, SMS, mail=MAIL)
    assert [gateway.name for gateway in gateways] == ["main", "smtp"]
    assert isinstance(gateways.named("main"), HttpGateway)
    assert isinstance(gateways.named("smtp"), SmtpGateway)
    assert gateways.named("other") is None


def test_a_mail_gateway_in_the_file_replaces_the_mail_settings(tmp_path: Path) -> None:
    assert [gateway.name for gateway in load(tmp_path, SMS + SMTP, mail=MAIL)] == ["main", "post"]


def test_the_example_file_can_be_loaded(tmp_path: Path) -> None:
    gateways = load(tmp_path, EXAMPLE.read_text(encoding="utf-8"), {"MAIN_SECRET": "s"}, MAIL)
    assert [gateway.name for gateway in gateways] == ["main", "smtp"]


def test_the_example_file_can_be_loaded_with_everything_uncommented(tmp_path: Path) -> None:
    """Uncomment every line that is a key, except the alternatives (`# #`) and files."""
    text = re.sub(r"(?m)^# (?=\[\[|[a-z_]+ = )", "", EXAMPLE.read_text(encoding="utf-8"))
    text = re.sub(r"(?m)^ca_file.*\n", "", text)
    names = re.findall(r"\$\{([A-Z_]+)\}", text)
    gateways = load(tmp_path, text, dict.fromkeys(names, "s" * 16), MAIL)
    tables = tomllib.loads(text)["gateway"]
    assert [table.get("type", "preset") for table in tables] == ["http", "preset", *TYPES_IN_THE_FILES_ORDER]
    assert set(TYPES_IN_THE_FILES_ORDER) == set(TYPES)
    assert [gateway.name for gateway in gateways] == [table["name"] for table in tables]
    assert {"body", "success", "headers", "receipts"} <= set(tables[2])


def test_a_gateway_follows_its_table_in_the_file(tmp_path: Path) -> None:
    with HttpGatewayServer() as server:
        server.script(Answer(200, {"code": 0}))
        text = (
            f'[[gateway]]\nname = "main"\nchannel = "sms"\ntype = "http"\nurl = "{server.url}?a=${{ACCOUNT}}"\n'
            'headers = { X-Token = "t-${TOKEN}" }\nbody = { phone = "{to.digits}", key = "${TOKEN}" }\n'
            'success = { json = "code", equals = 0 }\ncountries = ["CN"]\nweight = 3\nsecret = "s"\n'
        )
        gateways = load(tmp_path, text, {"ACCOUNT": "acc", "TOKEN": "tok"})
        gateway = gateways.named("main")
        assert gateway is not None
        gateway.send(sms())
        gateways.close()
        (call,) = server.calls
    assert call.target == "/sms?a=acc"
    assert call.headers["x-token"] == "t-tok"
    assert call.json == {"phone": "8613812345678", "key": "tok"}
    assert (gateway.weight, gateway.countries) == (3, frozenset({"CN"}))
    assert "webhook-signature" in call.headers


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (SMS + 'colour = "s3cret"', ["gateways.toml", "'main'", "colour"]),
        (SMS + SMS, ["gateways.toml", "'main'", "name", "twice"]),
        (SMS.replace('"http"', '"pigeon"'), ["'main'", "type", "http, smtp"]),
        (SMS.replace('url = "http://127.0.0.1:9/sms"', ""), ["'main'", "url", "missing"]),
        (SMS.replace("http://127.0.0.1:9/sms", ""), ["'main'", "url"]),
        (SMS.replace("http://", "ftp://"), ["gateways.toml", "'main'", "url"]),
        (SMS.replace('name = "main"', ""), ["gateways.toml", "number 1", "name"]),
        (SMS.replace("main", "Main Gateway"), ["name"]),
        (SMS.replace('"sms"\n', '"email"\n'), ["'main'", "sender"]),
        (SMS.replace('"sms"\n', '"email"\n').replace('"http"', '"sns"'), ["'main'", "channel", "sms"]),
        (SMS.replace('"sms"\n', '"fax"\n'), ["'main'", "channel"]),
        (SMS + "weight = -1", ["'main'", "weight"]),
        (SMS + "weight = true", ["'main'", "weight"]),
        (SMS + 'weight = "s3cret"', ["'main'", "weight"]),
        (SMS + 'countries = "CN"', ["'main'", "countries"]),
        (SMS + 'countries = ["cn"]', ["'main'", "countries"]),
        (SMS + 'secret = "${S3}"', ["'main'", "secret", "S3"]),
        (SMS + 'headers = { X-Key = "${S3}" }', ["'main'", "headers", "S3"]),
        (SMS + 'headers = { X-Key = "s3cret\\n" }', ["'main'", "headers", "X-Key"]),
        (SMS + "headers = { X-Key = 5 }", ["'main'", "headers", "X-Key"]),
        (SMS + "headers = 5", ["'main'", "headers"]),
        (SMS + 'secret = "whsec_s3cret!"', ["gateways.toml", "'main'", "secret"]),
        (SMS + 'body = { a = "{s3cret}" }', ["gateways.toml", "'main'", "body"]),
        (SMS + "success = {}", ["'main'", "success", "matches"]),
        (SMS + 'success = { json = "a" }', ["'main'", "success", "equals"]),
        (SMS + 'success = { matches = "(s3cret" }', ["'main'", "success", "matches"]),
        (SMS + 'success = { matches = "a", colour = 1 }', ["'main'", "success", "colour"]),
        (SMTP.replace('server = "127.0.0.1"', ""), ["'post'", "server"]),
        (SMTP.replace("a@x.org", "nobody"), ["gateways.toml", "'post'", "sender"]),
        (SMTP + "port = 0", ["'post'", "port"]),
        (SMTP + "timeout = 16", ["'post'", "timeout"]),
        (SMTP + "use_tls = 1", ["'post'", "use_tls"]),
        (SMTP + 'countries = ["CN"]', ["'post'", "countries"]),
        (SMTP + 'ca_file = "/nowhere.pem"', ["'post'", "ca_file"]),
        ('[gateway]\nname = "s3cret"', ["gateways.toml", "[[gateway]]"]),
        ("[[gateways]]", ["gateways.toml", "gateways"]),
        ('[[gateway]]\nsecret = "s3cret', ["gateways.toml", "Unterminated"]),
    ],
)
def test_a_mistake_is_named_and_no_value_is_shown(tmp_path: Path, text: str, parts: list[str]) -> None:
    told = mistake(tmp_path, text, {"S3": ""})
    for part in parts:
        assert part in told
    assert "s3cret" not in told.replace("{s3cret}", "")


def test_unusable_mail_settings_are_named() -> None:
    with pytest.raises(ConfigurationError, match="mail settings: sender"):
        load_gateways(None, {}, Maker(MailSettings("127.0.0.1")))


def test_mail_settings_are_read_by_the_names_of_flask_mail() -> None:
    config = {
        "MAIL_SERVER": "m",
        "MAIL_PORT": 587,
        "MAIL_USE_TLS": True,
        "MAIL_USERNAME": None,
        "MAIL_TIMEOUT": 3,
    }
    settings = MailSettings.of(config)
    assert settings == MailSettings("m", 587, use_tls=True, timeout=3)
    assert MailSettings.of({}).server == ""
    assert "s3cret" not in repr(MailSettings("m", password="s3cret"))


def test_the_settings_for_bounces_and_answers_hold_for_every_mail_server_unless_it_has_its_own(
    tmp_path: Path,
) -> None:
    general = MailSettings("", bounce_address="bounces@example.com", reply_to="help@example.com")
    own = 'bounce_address = "b@two.example"\nreply_to = ""\n'
    one, other = load(tmp_path, SMTP + SMTP.replace('"post"', '"two"') + own, mail=general)
    assert isinstance(one, SmtpGateway)
    assert isinstance(other, SmtpGateway)
    assert (one._sender.bounce_address, one._sender.reply_to) == (
        "bounces@example.com",
        b"Reply-To: help@example.com\r\n",
    )
    assert (other._sender.bounce_address, other._sender.reply_to) == ("b@two.example", b"")


@pytest.mark.parametrize("key", ["bounce_address", "reply_to"])
def test_an_address_for_bounces_or_answers_that_is_none_stops_the_start(tmp_path: Path, key: str) -> None:
    assert f"gateway 'post': {key}: " in mistake(tmp_path, SMTP + f'{key} = "nobody"\n')


def test_a_mail_gateway_in_the_file_introduces_itself_as_the_settings_say_or_its_own_way(
    tmp_path: Path,
) -> None:
    general = MailSettings("", ehlo_name="code.example.com")
    one, other = load(
        tmp_path, SMTP + SMTP.replace('"post"', '"two"') + 'ehlo_name = "two.example.com"\n', mail=general
    )
    assert one._settings.ehlo_name == "code.example.com"  # type: ignore[attr-defined]
    assert other._settings.ehlo_name == "two.example.com"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ("20", (20, 1)),
        ('"3/minute"', (3, 60)),
        ('"100 / hour"', (100, 3600)),
        ('"5/second"', (5, 1)),
        ("0", (0, 1)),
    ],
)
def test_a_rate_is_a_number_in_a_second_a_minute_or_an_hour(
    tmp_path: Path, given: str, rate: tuple[int, int]
) -> None:
    (gateway,) = load(tmp_path, SMS + f"rate = {given}\n")
    assert (gateway.rate, gateway.rate_seconds) == rate


@pytest.mark.parametrize(
    "given", ["0.05", "-1", '"3"', '"3/day"', '"3 per minute"', "true", '"1.5/minute"', "[3]"]
)
def test_another_rate_is_refused(tmp_path: Path, given: str) -> None:
    assert "rate" in mistake(tmp_path, SMS + f"rate = {given}\n")


def test_a_variable_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("from-a-file\n", encoding="utf-8")
    text = SMS.replace('"main"', '"${S3}"')
    assert load(tmp_path, text, {"S3_FILE": str(tmp_path / "name")}).named("from-a-file")
    assert "S3_FILE: /nowhere/name" in mistake(tmp_path, text, {"S3_FILE": "/nowhere/name"})


@pytest.mark.parametrize("name", ["${A-B}", "${A:-x}", "${}", "${ A }"])
def test_a_variable_that_can_not_be_one_is_refused(tmp_path: Path, name: str) -> None:
    told = mistake(tmp_path, SMS + f'secret = "{name}"\n', {"A": "s3cret"})
    assert "secret: ${…} must hold the name" in told


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_that_windows_wrote_is_understood(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "gateways.toml"
    path.write_bytes(SMS.replace("\n", "\r\n").encode(encoding))
    assert [gateway.name for gateway in load_gateways(path, {}, Maker(NO_MAIL))] == ["main"]


def test_a_file_in_another_encoding_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "gateways.toml"
    path.write_bytes(SMS.encode() + "# Läden".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"gateways\.toml: must be saved in UTF-8$"):
        load_gateways(path, {}, Maker(NO_MAIL))


def draw(gateways: Gateways, country: str | None = "CN", *exclude: str) -> Counter[str | None]:
    drawn = (gateways.choose(Channel.SMS, country, frozenset(exclude)) for _ in range(1000))
    return Counter(gateway.name if gateway else None for gateway in drawn)


def test_gateways_share_by_weight() -> None:
    counts = draw(Gateways([MemoryGateway("a", weight=300), MemoryGateway("b", weight=100)]))
    assert set(counts) == {"a", "b"}
    assert 600 < counts["a"] < 900


def test_a_gateway_of_weight_0_is_used_only_when_no_other_is_left() -> None:
    gateways = Gateways([MemoryGateway("a", weight=1), MemoryGateway("spare", weight=0)])
    assert set(draw(gateways)) == {"a"}
    assert set(draw(gateways, "CN", "a")) == {"spare"}
    assert set(draw(gateways, "CN", "a", "spare")) == {None}


def test_only_gateways_that_serve_the_country_are_used() -> None:
    gateways = Gateways(
        [
            MemoryGateway("cn", countries=frozenset({"CN"})),
            MemoryGateway("spare", weight=0, countries=frozenset({"DE"})),
        ]
    )
    assert set(draw(gateways, "CN")) == {"cn"}
    assert set(draw(gateways, "DE")) == {"spare"}
    assert set(draw(gateways, "US")) == set(draw(gateways, None)) == {None}


def test_channels_are_never_mixed() -> None:
    gateways = Gateways([MemoryGateway("sms"), MemoryGateway("mail", Channel.EMAIL)])
    assert set(draw(gateways, None)) == {"sms"}
    mail = gateways.choose(Channel.EMAIL, None)
    assert mail is not None
    assert mail.name == "mail"


def test_closing_closes_every_gateway() -> None:
    members = [MemoryGateway("a"), MemoryGateway("b")]
    Gateways(members).close()
    assert all(member.closed for member in members)
