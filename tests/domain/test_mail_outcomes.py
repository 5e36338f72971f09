"""What reports of mail servers mean for a message and for the suppression list."""

import pytest

from domain.mail_outcomes import MailOutcome, of_report, status_code
from domain.statuses import MessageStatus, SuppressionReason

HARD, SOFT = MailOutcome.HARD_BOUNCE, MailOutcome.SOFT_BOUNCE


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.10", "5.2.1", "5.0.0", "5.4.1", "5.4.4"])
def test_a_permanent_code_about_the_address_is_a_hard_bounce(code: str) -> None:
    assert of_report("failed", code) is HARD


@pytest.mark.parametrize(
    "code", ["4.4.7", "4.1.1", "5.2.2", "5.1.8", "5.3.4", "5.6.0", "5.7.1", "5.7.26", "", "2.0.0"]
)
def test_every_other_failure_says_nothing_against_the_address(code: str) -> None:
    assert of_report("failed", code) is SOFT


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded", "", "FAILED"])
def test_what_is_still_under_way_changes_nothing(action: str) -> None:
    assert of_report(action, "4.4.1") is None


def test_outcomes_give_a_status_and_a_reason() -> None:
    assert [(one.status, one.suppression) for one in MailOutcome] == [
        (MessageStatus.DELIVERED, None),
        (MessageStatus.UNDELIVERED, SuppressionReason.BOUNCE),
        (MessageStatus.UNDELIVERED, None),
        (None, SuppressionReason.COMPLAINT),
        (None, SuppressionReason.UNSUBSCRIBED),
    ]


@pytest.mark.parametrize(
    ("status", "diagnostic", "code"),
    [
        ("5.1.1", "smtp; 550 5.7.1 <a@x.org>", "5.1.1"),
        ("5.0.0", "smtp; 550-5.1.1 No such user.", "5.1.1"),
        ("5.0.0", "smtp; 421 4.7.0 later", "5.0.0"),
        ("5.0.0 (permanent)", "x", "5.0.0"),
        ("", "smtp;550 5.2.1.", "5.2.1"),
        ("550", "from 10.5.1.1 to 5.1.1.1", ""),
        ("9.1.1", "", ""),
    ],
)
def test_the_precise_one_of_two_codes_counts(status: str, diagnostic: str, code: str) -> None:
    assert status_code(status, diagnostic) == code
