"""Every alarm as a mail in three languages."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from domain.alarms import ENDS_BY_ITSELF, UNTOLD, Kind
from domain.statuses import Channel, Lane
from exts import db
from models import Administrator
from services.alarms.conditions import Alarm, Closures, Untaken
from services.alarms.incidents import Over
from services.alarms.mails import AlarmMails
from services.delivery import worker
from services.gateways.gateway_gaps import Detour, Gap, Off
from services.limits.budget_use import Use
from services.people import administrators

pytestmark = pytest.mark.usefixtures("context")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GAP = Gap(Channel.SMS, (Off("main", START, "kim@example.org"),))
ALL = [
    Alarm(Kind.NO_WORKER, START),
    Alarm(Kind.LANE_UNTAKEN, START, "", Untaken((Lane.SMS, Lane.BULK))),
    Alarm(Kind.BROKER_AWAY, START),
    Alarm(Kind.NO_CLOCK, START),
    Alarm(Kind.SWITCHED_OFF, START, "sms", GAP),
    Alarm(Kind.SWITCHED_OFF, START, "email", Gap(Channel.EMAIL, GAP.off)),
    Alarm(Kind.ALL_FAIL, START, "sms"),
    Alarm(Kind.ALL_FAIL, START, "email"),
    Alarm(Kind.BUDGET_USED, START, "all", Use("all", 10, 10)),
    Alarm(Kind.BUDGET_USED, START, "unknown", Use("unknown", 10, 10)),
    Alarm(Kind.BUDGET_NEARLY_USED, START, "DE", Use("DE", 8, 10)),
    Alarm(Kind.PREFIXES_CLOSED, START, "", Closures(1, "+861380013", "CN", 30, 0, START)),
]
ALL += [
    Alarm(Kind.GATEWAY_DOWN, START, "main", Detour(Channel.SMS, others, gap))
    for others, gap in (
        (("spare",), None),
        (("spare",), Gap(Channel.SMS, only=("DE",))),
        (("spare",), Gap(Channel.SMS, but=("DE",))),
        ((), Gap(Channel.SMS)),
    )
]


@pytest.fixture
def languages(context):
    """One owner a language."""
    for locale in ("en", "de", "zh"):
        administrators.add(f"{locale}@example.org", "owner", "seven purple otters")
        speaks = update(Administrator).where(Administrator.email == f"{locale}@example.org")
        db.session.execute(speaks.values(locale=locale))
    db.session.commit()


def test_every_kind_that_a_mail_tells_is_among_them():
    assert {alarm.kind for alarm in ALL} == set(Kind) - UNTOLD


@pytest.mark.parametrize("alarm", ALL, ids=lambda one: f"{one.kind}-{one.subject}")
def test_every_alarm_is_told_in_three_languages(alarm, languages, mails):
    tell = AlarmMails(lambda name: False)
    has_end = alarm.kind not in ENDS_BY_ITSELF
    with db.engine.begin() as connection:
        tell.begun(connection, alarm, START, START)
        if has_end:
            tell.over(connection, Over(alarm.kind, alarm.subject, START, START + 14 * MINUTE), START)
    with time_machine.travel(START, tick=False):
        worker.drain_now()
    told = {locale: [one for one in mails.sent if one.locale == locale] for locale in ("en", "de", "zh")}
    for sent in told.values():
        assert len(sent) == 1 + has_end
    for one in mails.sent:
        assert "http://sendcode.test/cms" in one.text
        assert not re.search("None|[{%]", one.text)
    for one in told["zh"]:
        assert re.search("[一-鿿]", one.subject)
        assert re.search("[一-鿿]", one.text.splitlines()[0])
    for english, german in zip(told["en"], told["de"], strict=True):
        assert english.subject != german.subject
        assert english.text.splitlines()[0] != german.text.splitlines()[0]


def test_without_an_address_of_the_console_there_is_no_link(app, languages, mails):
    app.config["PUBLIC_URL"] = ""
    with db.engine.begin() as connection:
        AlarmMails(lambda name: False).begun(connection, Alarm(Kind.ALL_FAIL, START, "sms"), START, START)
    with time_machine.travel(START, tick=False):
        worker.drain_now()
    assert len(mails.sent) == 3
    for one in mails.sent:
        assert "/cms" not in one.text
    assert "The console shows more." in mails.sent[0].text
