"""Reading mails that came back: what each kind says, and that no nonsense breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.bounces.returned import MOST_BYTES, read
from domain.mail_outcomes import MailOutcome
from tests.channels.bounces.mails import ID, TO, complaint, delivery, vacation

VERP = "bounces+1abc@example.com"
HARD = MailOutcome.HARD_BOUNCE


def test_an_unknown_mailbox_is_a_hard_bounce_with_everything_that_names_its_message() -> None:
    report = read(delivery(to=VERP))
    assert report is not None
    assert (report.outcome, report.reason) == (HARD, "bounced: 5.1.1")
    assert (report.addresses, report.message_ids) == ((VERP,), (ID,))


def test_a_report_repeats_no_word_of_the_server() -> None:
    assert TO not in str(read(delivery()))
    assert "918273" not in str(read(delivery()))


@pytest.mark.parametrize(
    ("action", "status", "outcome"),
    [
        ("failed", "5.1.1", HARD),
        ("Failed ", "5.0.0 (unknown)", HARD),
        ("failed", "4.4.7", MailOutcome.SOFT_BOUNCE),
        ("delivered", "2.0.0", MailOutcome.DELIVERED),
        ("delayed", "4.4.1", None),
        ("relayed", "2.0.0", None),
        ("", "5.1.1", None),
    ],
)
def test_the_action_decides(action: str, status: str, outcome: MailOutcome | None) -> None:
    report = read(delivery(action, status, "x"))
    assert (report and report.outcome) == outcome


def test_of_several_recipients_the_worst_counts() -> None:
    groups = b"Action: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; a@b.org\nAction: failed"
    report = read(delivery().replace(b"Action: failed", groups))
    assert report is not None
    assert report.outcome is HARD


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers", "message/global-headers"])
@pytest.mark.parametrize("kind", ["message/delivery-status", "message/global-delivery-status"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_every_form_of_the_standards_is_read(returned: str, kind: str, line_end: bytes) -> None:
    report = read(delivery(to=VERP, returned=returned, kind=kind).replace(b"\n", line_end))
    assert report is not None
    assert (report.outcome, report.addresses, report.message_ids) == (HARD, (VERP,), (ID,))


def test_the_servers_word_for_the_recipient_comes_first() -> None:
    given = b"X-Original-To: second@x.org\nDelivered-To: third@x.org\n" + delivery(to="fourth@x.org")
    report = read(given, ["first@x.org"])
    assert report is not None
    assert report.addresses == ("first@x.org", "second@x.org", "third@x.org", "fourth@x.org")


def test_a_complaint_names_its_mail_by_id_and_by_envelope_sender() -> None:
    report = read(complaint(mail_from=VERP))
    assert report is not None
    assert (report.outcome, report.reason) == (MailOutcome.COMPLAINT, None)
    assert report.addresses == ("abuse@example.com", VERP)
    assert report.message_ids == (ID,)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "opt-out", ""])
def test_other_feedback_is_no_complaint(kind: str) -> None:
    assert read(complaint(kind)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        vacation(VERP),
        delivery().replace(b"multipart/report", b"multipart/mixed"),
        delivery(kind="text/plain"),
        delivery(kind="message/disposition-notification"),
        b'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\n',
    ],
)
def test_a_mail_without_a_report_says_nothing(content: bytes) -> None:
    assert read(content, [VERP]) is None


def test_a_cut_off_mail_still_says_what_came_before() -> None:
    padded = delivery(to=VERP).replace(b"Your code is 918273.", b"x" * 2 * MOST_BYTES)
    report = read(padded)
    assert report is not None
    assert (report.outcome, report.message_ids) == (HARD, (ID,))


def test_a_returned_mail_may_speak_of_boundaries() -> None:
    assert read(delivery().replace(b"Your code is 918273.", b"boundary " * 500)) is not None


@pytest.mark.parametrize("part", [b'multipart/mixed; boundary="%d"\n\n--%d\n', b"message/rfc822\n\n"])
def test_parts_within_parts_without_end_are_given_up(part: bytes) -> None:
    start = b'Content-Type: multipart/report; boundary="b"\n\n--b\n'
    inner = (part % (number, number) if b"%" in part else part for number in range(1000))
    assert read(start + b"".join(b"Content-Type: " + one for one in inner)) is None


WHOLE = delivery(to=VERP)
PIECES = st.sampled_from(
    [b"\n", b"\n\n", b"--A1B2.1764493200/mx.example.net", b"Content-Type: ", b"=?utf-8?b?", b'"', b"<"]
)


@given(
    start=st.integers(0, len(WHOLE)),
    length=st.integers(0, 400),
    put=st.lists(PIECES | st.binary(max_size=20), max_size=8).map(b"".join),
    whole=st.sampled_from([WHOLE, complaint(mail_from=VERP)]),
)
def test_no_damage_breaks_it_or_makes_it_invent_an_address(
    start: int, length: int, put: bytes, whole: bytes
) -> None:
    report = read(whole[:start] + put + whole[start + length :], [VERP])
    assert report is None or (VERP in report.addresses and len(report.message_ids) <= 20)


@given(st.binary(max_size=300))
def test_no_bytes_break_it(content: bytes) -> None:
    read(b"Content-Type: multipart/report; boundary=b\n" + content, [])
