"""The mails that report an hour or a day."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from domain.owners import Owner
from domain.statuses import Channel
from services import retention
from services.codes import checks, verifications
from services.codes.verifications import Request
from services.figures import rollups
from services.scheduling import schedules
from services.scheduling.schedule_rules import NewSchedule
from tasks import daily_report, hourly_report

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("context")


def codes(owner: Owner, sms: MemoryGateway, mails: MemoryGateway, at: datetime) -> None:
    """Send two codes by SMS, one of which is entered, and one by mail."""
    with time_machine.travel(at, tick=False):
        for number, is_entered in (("+8613800138000", True), ("+8613800138001", False)):
            issued = verifications.issue(Request(Channel.SMS, number, purpose="register"), owner)
            if is_entered:
                found = re.search(r"\d{6}", sms.sent[-1].text)
                assert found
                assert checks.check(issued.id, found[0], owner).valid
        verifications.issue(Request(Channel.EMAIL, "jane@example.org", purpose="login"), owner)
        mails.sent.clear()


def test_the_last_full_hour_is_reported(
    owner: Owner, sms: MemoryGateway, mails: MemoryGateway, settings: dict[str, object]
) -> None:
    codes(owner, sms, mails, NOON + timedelta(minutes=10))
    with time_machine.travel(NOON + timedelta(hours=1, minutes=5), tick=False):
        assert hourly_report.apply(args=[["ops@example.org", "boss@example.org"]]).get() == 2
    assert [mail.to for mail in mails.sent] == ["ops@example.org", "boss@example.org"]
    assert mails.sent[0].subject == "Sendcode: 4 May 2026 12:00–13:00: 3 messages sent"
    assert mails.sent[0].text.splitlines() == [
        "4 May 2026 12:00–13:00 (UTC)",
        "",
        "Codes entered rightly: 1 of 3 (33.3 %)",
        "  login: 0 / 1",
        "  register: 1 / 2",
        "",
        "E-mail: sent 1",
        "SMS: sent 2",
        "  memory-mail: sent 1",
        "  memory-sms: sent 2",
    ]


@pytest.mark.parametrize("is_rolled_up", [False, True])
def test_yesterday_is_reported_in_the_time_zone_and_the_language(
    owner: Owner, sms: MemoryGateway, mails: MemoryGateway, is_rolled_up: bool
) -> None:
    codes(owner, sms, mails, datetime(2026, 5, 3, 22, 30, tzinfo=UTC))  # 4 May in Berlin
    with time_machine.travel(datetime(2026, 5, 5, 6, 10, tzinfo=UTC), tick=False):
        if is_rolled_up:
            rollups.roll_up()
        daily_report.apply(
            kwargs={"recipients": ["ops@example.org"], "locale": "de", "zone": "Europe/Berlin"}
        )
        daily_report.apply(kwargs={"recipients": ["ops@example.org"], "locale": "zh-CN"})
    german, chinese = mails.sent
    assert german.subject == "Sendcode: 04.05.2026: 3 Nachrichten gesendet"
    assert "Richtig eingegebene Codes: 1 von 3 (33,3 %)" in german.text
    assert chinese.subject == "Sendcode: 2026年5月4日: 已发送 0 条消息"
    assert "没有发送任何消息。" in chinese.text


def test_a_report_that_the_broker_delivers_twice_is_mailed_once(mails: MemoryGateway) -> None:
    for _ in range(2):
        hourly_report.apply(args=[["ops@example.org"]], task_id="the same run")
    assert len(mails.sent) == 1


def test_without_recipients_nothing_is_sent(mails: MemoryGateway) -> None:
    assert hourly_report.apply().get() == daily_report.apply().get() == 0
    assert mails.sent == []


@pytest.mark.parametrize(
    "given", [{"recipients": ["nobody"]}, {"recipients": ["a@example.org"], "zone": "Nowhere"}]
)
def test_a_report_that_can_not_be_sent_fails_visibly(mails: MemoryGateway, given: dict[str, object]) -> None:
    assert hourly_report.apply(kwargs=given).failed()
    assert mails.sent == []


def test_a_schedule_sends_a_report_and_records_how_many(app: Flask, mails: MemoryGateway) -> None:
    schedules.add(
        NewSchedule("hourly", "sendcode.hourly_report", every="1h", kwargs={"recipients": ["a@example.org"]})
    )
    schedules.run_now("hourly")
    assert [mail.to for mail in mails.sent] == ["a@example.org"]


def test_the_purge_takes_reports_too(mails: MemoryGateway) -> None:
    with time_machine.travel(NOON, tick=False):
        hourly_report.apply(args=[["ops@example.org"]])
    with time_machine.travel(NOON + timedelta(days=8), tick=False):
        assert retention.purge(timedelta(days=7))["messages"] == 1
