import tomllib

import pytest

from channels.email.mail_settings import MailSettings
from channels.making import Maker
from channels.registry import load_gateways
from domain.actions import Action
from services.audit import trail


@pytest.fixture
def run(app):
    return app.test_cli_runner().invoke


def gateways(run, *arguments, **options):
    return run(args=["gateways", *arguments], **options)


def lines(run):
    return gateways(run, "list").output.splitlines()


def test_list_shows_name_channel_type_state_and_weight(run):
    assert lines(run) == ["memory-sms\tsms\tmemory\ton\t100", "memory-mail\temail\tmemory\ton\t100"]


def test_switching_off_the_last_one_needs_a_confirmation(run):
    refused = gateways(run, "off", "memory-sms", input="n\n")
    assert refused.exit_code == 1
    assert "they wait, and then expire" in refused.output
    assert lines(run)[0].split("\t")[3] == "on"
    assert gateways(run, "off", "memory-sms", input="y\n").exit_code == 0
    assert lines(run)[0].split("\t")[3] == "off"
    assert gateways(run, "on", "memory-sms").exit_code == 0
    assert gateways(run, "off", "memory-sms", "--yes").exit_code == 0


def test_a_weight_is_set_and_audited(run, app):
    assert gateways(run, "weight", "memory-sms", "7").exit_code == 0
    assert lines(run)[0].endswith("\t7")
    assert gateways(run, "weight", "memory-sms", "file").exit_code == 0
    assert lines(run)[0].endswith("\t100")
    with app.app_context():
        assert [entry.action for entry in trail.entries().shown] == [Action.GATEWAY_WEIGHT_SET] * 2


@pytest.mark.parametrize("weight", ["1001", "many", "-1"])
def test_an_invalid_weight_is_refused(run, weight):
    assert gateways(run, "weight", "memory-sms", weight).exit_code == 2


@pytest.mark.parametrize("arguments", [("on", "x"), ("off", "x"), ("weight", "x", "1")])
def test_an_unknown_gateway_is_named(run, arguments):
    done = gateways(run, *arguments)
    assert done.exit_code == 1
    assert "no gateway is called x" in done.output


def test_presets_lists_providers_and_what_each_asks_for(run):
    lines = gateways(run, "presets").output.splitlines()
    assert "46elks: 46elks, Sweden (46elks.com)" in lines
    assert "    password: the API password, from the dashboard" in lines
    assert any(line.startswith("    receipt_token: for delivery reports") for line in lines)


SECRET = "hush-hush-api-key"


def add(run, *settings, secret=SECRET, name="europe"):
    plain = ("base_url=xyz.api.infobip.com", "from=Example", "countries=DE,AT", "rate=3/minute")
    return gateways(
        run, "add", name, "infobip", *plain, "api_key=-", *settings, input=f"{secret}\n{secret}\n"
    )


def test_one_is_added_changed_exported_and_removed(run):
    assert add(run).exit_code == 0
    assert "europe\tsms\tinfobip\ton\t100" in lines(run)
    assert gateways(run, "set", "europe", "from=Other", "rate=").exit_code == 0
    exported = gateways(run, "export").output
    assert tomllib.loads(exported) == {
        "gateway": [
            {
                "name": "europe",
                "channel": "sms",
                "preset": "infobip",
                "base_url": "xyz.api.infobip.com",
                "api_key": "${EUROPE_API_KEY}",
                "from": "Other",
                "countries": ["DE", "AT"],
            }
        ]
    }
    assert SECRET not in exported
    assert gateways(run, "remove", "europe", input="n\n").exit_code == 1
    assert gateways(run, "remove", "europe", "--yes").exit_code == 0
    assert not [line for line in lines(run) if line.startswith("europe")]
    assert gateways(run, "export").output == ""


def test_what_is_exported_can_be_loaded(run, tmp_path):
    interface = tmp_path / "interface.toml"
    interface.write_text('body = { text = "{text}" }', encoding="utf-8")
    own = ("url=https://sms.example.com/", f"interface=@{interface}")
    assert gateways(run, "add", "own", "http", *own, "rate=5", "--channel", "sms").exit_code == 0
    mail = ("server=mail.example.com", "sender=A <a@example.com>", "use_tls=on", "port=587")
    assert gateways(run, "add", "post", "smtp", *mail).exit_code == 0
    file = tmp_path / "gateways.toml"
    file.write_text(gateways(run, "export").output, encoding="utf-8")
    names = {one.name: one for one in load_gateways(file, {}, Maker(MailSettings("")))}
    assert set(names) == {"own", "post"}
    assert names["own"].rate == 5


def test_a_secret_is_not_taken_from_the_command_line(run):
    done = gateways(run, "set", "x", "api_key=y")
    assert done.exit_code == 1
    add(run)
    done = gateways(run, "set", "europe", f"api_key={SECRET}")
    assert done.exit_code == 2
    assert "can be seen by others" in done.output
    assert SECRET not in done.output


def test_one_can_be_added_switched_off(run):
    add(run, "--off")
    assert "europe\tsms\tinfobip\toff\t100" in lines(run)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "x", "pigeon"), "there is no pigeon"),
        (("add", "x", "infobip", "colour=red"), "colour: must be one of base_url"),
        (("add", "x", "infobip", "from=y"), "is missing"),
        (("add", "X!", "http", "url=http://127.0.0.1:9"), "must be 1 to 64 of"),
        (("add", "memory-sms", "http", "url=http://127.0.0.1:9"), "another gateway has this name"),
        (("add", "x", "http", "url=http://127.0.0.1:9", "secret=@nowhere"), "nowhere can't be read"),
        (("add", "x", "infobip", "--channel", "email"), "no such type"),
        (("set", "memory-sms", "url=x"), "no gateway called memory-sms was added here"),
        (("remove", "memory-sms", "--yes"), "no gateway called memory-sms was added here"),
    ],
)
def test_a_mistake_is_told_in_one_line(run, arguments, told):
    done = gateways(run, *arguments)
    assert done.exit_code in (1, 2)
    assert told in done.output
