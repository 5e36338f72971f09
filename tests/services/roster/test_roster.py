"""How other processes learn of gateways: they compare versions, and make anew only what has changed."""

import pytest
from sqlalchemy import event, text, update

from channels.registry import Gateways
from domain.keyring import Keyring
from exts import db
from models import StoredGateway
from services.gateways import gateway_switches
from services.process import parts
from services.process.parts import part
from services.roster import editing, roster
from services.roster.roster import CLOSE_AFTER_SECONDS, Roster
from services.roster.rows import NewestKey

pytestmark = pytest.mark.usefixtures("context")

HTTP = {"url": "http://127.0.0.1:9/sms"}


@pytest.fixture
def other(app):
    """The roster of another process: it knows nothing of what this one does."""
    return Roster(app)


def add(name="extra", typed=HTTP):
    editing.add(editing.form_for("http", "sms"), name, typed)


def obey(of):
    taken = []
    gateway_switches.hand_to(lambda switches, gateways: taken.append((switches, gateways)), db.engine, of)
    return taken[0][1] if taken else None


@pytest.fixture
def statements(app):
    said = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    return said


def forgotten(app):
    """What the application started with, as in a process that has added nothing."""
    parts.put(app, Gateways(part(Roster).given()))


def test_a_worker_learns_of_it_with_the_switches(app, other):
    add()
    forgotten(app)
    known = obey(other)
    assert known.named("extra") is not None
    assert obey(other) is known, "nothing has changed, so nothing is made anew"
    editing.change("extra", {**HTTP, "rate": "3"})
    forgotten(app)
    assert obey(other).named("extra").rate == 3


def test_the_look_of_each_second_is_one_statement(app, other, statements):
    add()
    forgotten(app)
    obey(other)
    statements.clear()
    obey(other)
    assert len(statements) == 1


def test_only_what_has_changed_is_made_anew(app, other):
    add("one")
    add("two")
    forgotten(app)
    before = obey(other)
    with db.engine.begin() as connection:
        changed = update(StoredGateway).where(StoredGateway.name == "two").values(version="another")
        connection.execute(changed)
    after = obey(other)
    assert after.named("one") is before.named("one")
    assert after.named("two") is not before.named("two")


def test_one_that_was_removed_is_gone(app, other):
    add()
    forgotten(app)
    obey(other)
    with db.engine.begin() as connection:
        connection.execute(StoredGateway.__table__.delete())
    assert obey(other).named("extra") is None


def test_what_was_replaced_is_closed_only_when_no_send_can_use_it(app, other, monkeypatch):
    add()
    forgotten(app)
    old = obey(other).named("extra")
    closed = []
    monkeypatch.setattr(type(old), "close", lambda self: closed.append(self))
    now = [1000.0]
    monkeypatch.setattr(roster.time, "monotonic", lambda: now[0])
    with db.engine.begin() as connection:
        connection.execute(update(StoredGateway).values(version="another"))
    obey(other)
    obey(other)
    assert closed == []
    now[0] += CLOSE_AFTER_SECONDS
    obey(other)
    assert closed == [old]


def test_one_that_can_not_be_opened_is_left_out_and_said(app, other, caplog):
    add()
    forgotten(app)
    parts.put(app, Keyring(["another code pepper, long enough to be taken"]))
    assert obey(other).named("extra") is None
    assert "no longer in CODE_PEPPER" in other.faults["extra"]
    assert "gateway extra can't be used" in caplog.text


def test_while_the_database_fails_the_known_ones_stay(app, other, monkeypatch):
    add()
    forgotten(app)
    known = obey(other)
    monkeypatch.setattr(gateway_switches, "_EVERYTHING", text("SELECT * FROM nowhere"))
    monkeypatch.setattr(roster.rows, "VERSIONS", text("SELECT * FROM nowhere"))
    assert obey(other) is None, "nothing is taken over"
    other.look()
    assert part(Gateways) is known


def test_a_web_process_looks_at_most_once_a_second(app, statements, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(roster.time, "monotonic", lambda: now[0])
    parts.put(app, Roster(app))
    statements.clear()
    for _ in range(3):
        roster.current()
    assert len(statements) == 1
    now[0] += 1
    roster.current()
    assert len(statements) == 2


def test_a_worker_seals_with_the_newest_key(app):
    add()
    old, new = "an older code pepper, long enough to be taken", "a newer code pepper, long enough to be taken"
    sealed = part(Keyring)
    settings = app.config["CODE_PEPPERS"]
    keys = Keyring([new, old, *settings])
    sealing = NewestKey(db.engine, keys)
    sealing()
    sealing()
    parts.put(app, Keyring([new]))
    assert editing.entry_of("extra").texts["url"] == HTTP["url"]
    parts.put(app, sealed)
