"""Gateways that are added in the console: sealed, checked like those of gateways.toml, and never told in clear."""

import json

import pytest
from sqlalchemy import select

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.actions import Action
from domain.errors import InvalidInput, NameTaken, NotFound
from domain.keyring import Keyring
from exts import db
from models import GatewaySwitch, StoredGateway
from services.audit import trail
from services.gateways import gateway_switches
from services.process import parts
from services.process.parts import part
from services.roster import editing, roster

pytestmark = pytest.mark.usefixtures("context")

SECRET = "hush-hush-api-key"
INFOBIP = {"base_url": "xyz.api.infobip.com", "api_key": SECRET, "from": "Example", "countries": "de, at"}
HTTP = {"url": "http://127.0.0.1:9/sms", "secret": SECRET}


def add(kind="infobip", channel="sms", name="extra", typed=None, **more):
    editing.add(editing.form_for(kind, channel), name, INFOBIP if typed is None else typed, **more)


def problems(kind, channel, typed, name="extra"):
    with pytest.raises(InvalidInput) as caught:
        add(kind, channel, name, typed)
    return {problem.field: problem.message for problem in caught.value.problems}


def the_row():
    row = db.session.scalars(select(StoredGateway)).one()
    db.session.rollback()
    return row


def newest():
    return trail.entries().shown[0]


def test_one_that_is_added_is_there_at_once():
    add()
    made = roster.current().named("extra")
    assert (made.channel, made.type, made.countries) == ("sms", "http", {"DE", "AT"})
    entry = newest()
    assert (entry.action, entry.subject) == (Action.GATEWAY_ADDED, "extra")
    assert entry.after == {
        "type": "infobip",
        "channel": "sms",
        "state": "on",
        "settings": ["base_url=xyz.api.infobip.com", "api_key=•••", "from=Example", "countries=DE, AT"],
    }


def test_its_secret_is_sealed_and_told_nowhere(caplog):
    with caplog.at_level(0):
        add()
        editing.change("extra", {**INFOBIP, "api_key": "another-" + SECRET})
    row = the_row()
    assert SECRET.encode() not in row.sealed
    assert SECRET in json.loads(part(Keyring).open(row.sealed, row="gateway:extra"))["api_key"]
    entry = editing.entry_of("extra")
    assert entry.hidden == {"api_key"}
    told = repr([trail.entries(), entry, part(roster.Roster).faults]) + caplog.text
    assert SECRET not in told


def test_an_empty_secret_stays_as_it_is():
    add()
    before = the_row().version
    editing.change("extra", {**INFOBIP, "api_key": "", "from": "Other"})
    entry = newest()
    assert (entry.action, entry.before, entry.after) == (
        Action.GATEWAY_EDITED,
        {"settings": ["from=Example"]},
        {"settings": ["from=Other"]},
    )
    row = the_row()
    assert row.version != before
    assert json.loads(part(Keyring).open(row.sealed, row="gateway:extra"))["api_key"] == SECRET


def test_saving_the_same_again_changes_nothing():
    add()
    before = the_row().version
    editing.change("extra", {**INFOBIP, "api_key": ""})
    assert the_row().version == before
    assert newest().action == Action.GATEWAY_ADDED


def test_an_optional_secret_can_be_cleared():
    add("http", "sms", typed=HTTP)
    editing.change("extra", {**HTTP, "secret": ""})
    assert editing.entry_of("extra").hidden == {"secret"}
    editing.change("extra", {**HTTP, "secret": "", "clear-secret": "1"})
    assert editing.entry_of("extra").hidden == frozenset()
    assert (newest().before, newest().after) == ({"settings": ["secret=•••"]}, {"settings": []})


def test_an_address_that_may_hold_a_key_is_kept_and_not_shown():
    add("http", "sms", typed={"url": f"https://sms.example/send?key={SECRET}"})
    entry = editing.entry_of("extra")
    assert (entry.hidden, dict(entry.texts)) == ({"url"}, {})
    assert SECRET not in repr(trail.entries())
    editing.change("extra", {"url": "", "rate": "5"})
    assert roster.current().named("extra").rate == 5


def test_a_providers_own_interface_is_entered_as_toml():
    own = 'body = { phone = "{to.digits}", content = "{text}" }\nheaders = { X-Key = "hush" }'
    add("http", "sms", typed={**HTTP, "interface": own})
    assert editing.entry_of("extra").hidden == {"secret", "interface"}
    editing.change("extra", HTTP | {"secret": "", "interface": 'body = { text = "{text}" }'})
    row = the_row()
    stored = json.loads(part(Keyring).open(row.sealed, row="gateway:extra"))
    assert stored["body"] == {"text": "{text}"}
    assert "headers" not in stored


@pytest.mark.parametrize(
    ("kind", "channel", "typed", "field", "message"),
    [
        ("infobip", "sms", {"base_url": "x"}, "api_key", "is missing"),
        ("infobip", "sms", {"base_url": "x"}, "from", "is missing"),
        ("infobip", "sms", {**INFOBIP, "countries": "Germany"}, "countries", "must hold ISO codes"),
        ("infobip", "sms", {**INFOBIP, "rate": "often"}, "rate", "must be a whole number of sends"),
        ("http", "sms", {"url": "not an address"}, "url", "must"),
        ("http", "sms", {**HTTP, "interface": "body = "}, "interface", "can't be read"),
        (
            "http",
            "sms",
            {**HTTP, "interface": f"body = {'[' * 3000}{']' * 3000}"},
            "interface",
            "is nested too deep",
        ),
        ("http", "sms", {**HTTP, "interface": f"body{'.a' * 3000} = 1"}, "interface", "is nested too deep"),
        ("http", "sms", {**HTTP, "interface": "sender = 'x'"}, "interface", "sender: is not a known key"),
        ("http", "sms", {**HTTP, "interface": 'body = "{tx}"'}, "interface", "body: "),
        ("http", "sms", {**HTTP, "interface": "body = { a = 2020-01-01 }"}, "interface", "holds a date"),
        ("http", "sms", {**HTTP, "secret": "${SECRET_KEY}"}, "secret", "variables such as"),
        (
            "http",
            "sms",
            {**HTTP, "interface": 'query = { a = "${SECRET_KEY}" }'},
            "interface",
            "variables such",
        ),
        ("http", "sms", {**HTTP, "secret": "whsec_!"}, "secret", ""),
        ("http", "email", HTTP, "sender", "is missing"),
        ("smtp", "email", {"server": "m", "sender": "a@b.example", "port": "x"}, "port", "must be a whole"),
        ("smtp", "email", {"server": "m", "sender": "a@b.example", "port": "99999"}, "port", "must be at"),
        ("smtp", "email", {"server": "m", "sender": "nobody"}, "sender", ""),
        (
            "smtp",
            "email",
            {"server": "m", "sender": "a@b.example", "use_tls": "on", "use_ssl": "on"},
            "form",
            "use_tls and use_ssl can't be used together",
        ),
        ("twilio", "sms", {"account_sid": "A/C", "auth_token": "t", "from": "x"}, "account_sid", "must hold"),
    ],
)
def test_a_mistake_is_told_at_its_field(kind, channel, typed, field, message):
    found = problems(kind, channel, typed)
    assert found[field].startswith(message)
    assert SECRET not in repr(found)
    assert db.session.scalars(select(StoredGateway)).all() == []


@pytest.mark.parametrize("name", ["", "Big", "a b", "x" * 65, "ä"])
def test_a_name_must_fit_into_a_path(name):
    assert problems("infobip", "sms", INFOBIP, name)["name"] == "must be 1 to 64 of a-z 0-9 _ -"


def test_a_name_is_given_once(sms):
    with pytest.raises(NameTaken):
        add(name=sms.name)
    add()
    with pytest.raises(NameTaken):
        add()


def test_one_can_be_added_switched_off():
    add(is_on=False)
    assert gateway_switches.read(db.session()).off == {"extra"}
    assert newest().after["state"] == "off"


def test_removing_forgets_its_switch_and_weight(app):
    add()
    gateway_switches.set_weight("extra", 7)
    gateway_switches.switch_off("extra", is_meant=True)
    editing.remove("extra")
    assert roster.current().named("extra") is None
    assert db.session.scalars(select(GatewaySwitch)).all() == []
    assert (newest().action, newest().subject) == (Action.GATEWAY_REMOVED, "extra")
    for call in (editing.remove, editing.entry_of, lambda name: editing.change(name, {})):
        with pytest.raises(NotFound):
            call("extra")


def test_one_of_the_file_can_be_neither_changed_nor_removed(sms):
    with pytest.raises(NotFound):
        editing.change(sms.name, {})
    with pytest.raises(NotFound):
        editing.remove(sms.name)


def test_the_file_wins_where_both_have_a_name(app, sms, mails):
    add()
    gateway_switches.set_weight("extra", 7)
    named_alike = MemoryGateway("extra")
    parts.put(app, Gateways([sms, mails, named_alike]), roster.Roster(app))
    assert [one for one in roster.current() if one.name == "extra"] == [named_alike]
    assert part(roster.Roster).is_shadowed("extra")
    editing.remove("extra")
    assert roster.current().named("extra") is named_alike
    assert gateway_switches.read(db.session()).weights == {"extra": 7}


def test_a_type_that_does_not_exist_has_no_form():
    for kind, channel in (("carrier-pigeon", "sms"), ("infobip", "email"), ("../x", "sms"), ("http", "fax")):
        with pytest.raises(NotFound):
            editing.form_for(kind, channel)
