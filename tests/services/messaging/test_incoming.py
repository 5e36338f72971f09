from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from exts import db
from models import Message
from services.messaging.incoming import accept_mail, accept_sms_code

pytestmark = pytest.mark.usefixtures("context")
PHONE = "+8613800138000"


def test_a_mail_task_becomes_one_message_for_each_recipient(mails):
    assert accept_mail("task-1", "Report", ["a@x.org", "b@x.org"], "All is well.\nReally.") == 0
    assert sorted((sent.to, sent.subject, sent.text) for sent in mails.sent) == [
        ("a@x.org", "Report", "All is well.\nReally."),
        ("b@x.org", "Report", "All is well.\nReally."),
    ]


def test_a_single_recipient_needs_no_list(mails):
    assert accept_mail("task-1", "Report", "a@x.org", "Hello") == 0
    assert [sent.to for sent in mails.sent] == ["a@x.org"]


def test_a_task_delivered_twice_is_sent_once(mails, sms):
    for _ in range(3):
        assert accept_mail("task-1", "Report", ["a@x.org", "b@x.org"], "x") == 0
        assert accept_sms_code("task-2", PHONE, "135790") == 0
    assert (len(mails.sent), len(sms.sent)) == (2, 1)


@pytest.mark.parametrize(
    ("subject", "recipients", "body"),
    [
        ("a\r\nBcc: c@x.org", ["a@x.org"], "x"),
        ("ok", ["a@x.org", "not an address"], "x"),
        ("ok", ["a@x.org, b@x.org"], "x"),
        ("ok", [], "x"),
        ("ok", [None], "x"),
        ("ok", None, "x"),
        (None, ["a@x.org"], "x"),
        ("ok", ["a@x.org"], {"text": "x"}),
        ("ok", ["a@x.org"], "x" * 70_000),
        ("ok", ["a@x.org"], "\n" * 59_000),
        ("ok", ["a@x.org"], "a\x00b"),
        ("ok", ["a@x.org"], "a\ud800b"),
    ],
)
def test_a_mail_task_with_bad_arguments_is_refused_whole(mails, subject, recipients, body):
    assert accept_mail("task-1", subject, recipients, body) == -1
    assert mails.sent == []
    assert db.session.query(Message).count() == 0


def test_a_code_of_another_site_is_sent_with_our_text(sms):
    assert accept_sms_code("task-1", "138 0013 8000", "1357") == 0
    (sent,) = sms.sent
    assert (sent.to, sent.params["code"], sent.params["minutes"]) == (PHONE, "1357", "5")
    assert "1357" in sent.text


@pytest.mark.parametrize(
    ("mobile", "code"),
    [
        ("abc", "1"),
        (None, "1"),
        (PHONE, ""),
        (PHONE, "1\r\n2"),
        (PHONE, "1" * 21),
        *(
            (PHONE, bad)
            for bad in (
                "123",
                "12345678901",
                "12 34",
                "evil.example/x",
                "１２３４",
                "1234\n",
                123,
                True,
                -1234,
                1234.5,
            )
        ),
        ("+447400123456", "1"),
        (PHONE, None),
    ],
)
def test_a_code_task_with_bad_arguments_is_refused(sms, mobile, code):
    assert accept_sms_code("task-1", mobile, code) == -1
    assert sms.sent == []


def test_the_other_sites_own_cooldown_is_trusted_but_the_windows_hold(sms):
    results = [accept_sms_code(f"task-{n}", PHONE, "135790") for n in range(7)]
    assert results == [0] * 5 + [-1] * 2
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert accept_sms_code("task-8", PHONE, "135790") == 0
    assert len(sms.sent) == 6


def test_the_days_budget_holds_for_these_codes_too(sms, app):
    app.config["SMS_SENDS_PER_DAY"] = 1
    assert accept_sms_code("task-1", "+8613800138001", "1357") == 0
    assert accept_sms_code("task-2", "+8613900138002", "1357") == -1


def test_the_logs_show_no_code_and_no_whole_number(sms, caplog):
    caplog.set_level("DEBUG")
    accept_sms_code("task-1", PHONE, "135790")
    accept_sms_code("task-2", "+8613800138000x", "135790")
    assert "135790" not in caplog.text
    assert "13800138000" not in caplog.text
