"""The mail to owners and operators when the guard closes a prefix: once for many, in their language and zone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from exts import db
from models import Administrator, Message, PrefixClosure
from services.delivery import worker
from services.limits import closure_mails, pumping_watch
from services.limits.closure_mails import ClosureMails
from services.people import administrators
from tests.services.limits.test_pumping_guard import PREFIX, START, send

pytestmark = pytest.mark.usefixtures("context")
OTHER = "+861380014"


@pytest.fixture
def settings(settings):
    return {
        **settings,
        "PREFIX_SENDS_PER_10_MINUTES": 1000,
        "RESEND_COOLDOWN_SECONDS": 0,
        "DESTINATION_SENDS_PER_DAY": 0,
        "SMS_SENDS_PER_DAY": 0,
    }


@pytest.fixture(autouse=True)
def people(context):
    for name, role in (("olga", "owner"), ("otto", "operator"), ("vera", "viewer"), ("dan", "owner")):
        administrators.add(f"{name}@example.org", role, "seven purple otters")
    administrators.disable("dan@example.org")
    changed = update(Administrator).where(Administrator.email == "otto@example.org")
    db.session.execute(changed.values(locale="de", zone="Europe/Berlin"))
    db.session.commit()


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def mails_sent(app, mails):
    """Send what waits, and return it by destination."""

    def sent():
        worker.drain_now()
        return sorted(mails.sent, key=lambda one: one.to)

    return sent


def look(app, now):
    return pumping_watch.look(db.engine, app.config, now, None, ClosureMails(app))


def mails():
    db.session.rollback()
    found = select(Message).where(Message.owner == "guard").order_by(Message.created_at, Message.to)
    return db.session.scalars(found).all()


def test_owners_and_operators_are_told_in_their_language(app, owner, clock, mails_sent):
    send(owner, 30)
    assert look(app, START) == [PREFIX]
    assert [(one.to, one.locale, one.template) for one in mails()] == [
        ("olga@example.org", "en", "prefix_closed"),
        ("otto@example.org", "de", "prefix_closed"),
    ]
    english, german = mails_sent()
    assert english.subject == f"Codes to {PREFIX}… are stopped"
    assert "of 30 codes to it in an hour, 0 were entered" in english.text
    assert "http://sendcode.test/cms/settings/pumping" in english.text
    assert "13:00:00 (UTC)" in english.text
    assert "14:00:00 (Europe/Berlin)" in german.text


def test_one_mail_tells_of_many_closures(app, owner, clock):
    send(owner, 30)
    send(owner, 30, prefix=OTHER)
    assert sorted(look(app, START)) == [PREFIX, OTHER]
    clock.shift(timedelta(minutes=30))
    send(owner, 30, prefix="+861380015")
    assert len(look(app, datetime.now(UTC))) == 1
    assert len(mails()) == 2
    clock.shift(timedelta(minutes=61))
    send(owner, 30, prefix="+861380016")
    assert len(look(app, datetime.now(UTC))) == 1
    assert len(mails()) == 4


def test_a_dry_run_tells_nobody(app, owner, clock):
    app.config["PUMPING_GUARD_DRY_RUN"] = True
    send(owner, 30)
    assert look(app, START) == [PREFIX]
    assert mails() == []


def test_a_mail_that_can_not_be_written_keeps_no_prefix_open(app, owner, clock, monkeypatch):
    send(owner, 30)
    monkeypatch.setattr(closure_mails, "notice", lambda *_, **__: 1 / 0)
    assert look(app, START) == [PREFIX]
    assert db.session.scalars(select(PrefixClosure.prefix)).all() == [PREFIX]
    assert mails() == []
