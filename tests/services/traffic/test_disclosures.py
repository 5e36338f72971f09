"""Full destinations and exports: each access is written to the audit trail first."""

import csv
import io

import pytest
import sqlalchemy as sa

from domain.errors import NotFound
from domain.owners import Owner
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message
from services.audit import trail
from services.audit.trail import Actor
from services.codes import verifications
from services.messaging import messages
from services.traffic import disclosures, message_lists, verification_lists
from services.traffic.message_lists import Filter

pytestmark = pytest.mark.usefixtures("context")
KIM = Actor(7, "kim@example.org", "192.0.2.1")
NUMBER = "+8613800138000"


def send(to=NUMBER):
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    subject = "Hi" if channel is Channel.EMAIL else None
    return messages.send(messages.Request(channel, to, text="Hello", subject=subject), Owner("key:a")).id


def last_note():
    entry = trail.entries().shown[0]
    return entry.action, entry.subject, entry.subject_id, dict(entry.after)


def rows(lines):
    return list(csv.DictReader(io.StringIO("".join(lines))))


def test_one_destination_is_shown_and_audited_masked(owner):
    message_id = send()
    assert disclosures.message(message_id, by=KIM).to == NUMBER
    assert last_note() == ("message.destinations_shown", "+86138****8000", message_id, {})
    issued = verifications.issue(verifications.Request(Channel.EMAIL, "kim@example.org"), owner)
    assert disclosures.verification(issued.id, by=KIM).listed.to == "kim@example.org"
    assert last_note() == ("verification.destinations_shown", "k***@example.org", issued.id, {})
    with pytest.raises(NotFound):
        disclosures.message("nowhere", by=KIM)


def test_a_page_is_shown_and_its_extent_is_audited():
    first, last = send(), send("a@example.org")
    chosen = Filter(statuses=(MessageStatus.SENT,))
    assert {one.to for one in disclosures.messages(chosen, None, by=KIM).messages} == {
        NUMBER,
        "a@example.org",
    }
    extent = {"shown": 2, "first": last, "last": first}
    assert last_note() == ("message.destinations_shown", "statuses=sent", None, extent)
    disclosures.verifications(verification_lists.Filter(sought=NUMBER), None, by=KIM)
    assert last_note()[1:] == ("sought=+86138****8000", None, {"shown": 0})


@pytest.mark.parametrize(("unmasked", "expected"), [(False, "'+86138****8000"), (True, f"'{NUMBER}")])
def test_a_file_is_masked_by_default(unmasked, expected, monkeypatch):
    monkeypatch.setattr(disclosures, "EXPORT_BLOCK", 2)
    sent = [send() for _ in range(5)]
    found = rows(disclosures.export_messages(Filter(), unmasked=unmasked, by=KIM))
    assert {one["id"] for one in found} == set(sent)
    assert {one["to"] for one in found} == {expected}
    assert last_note() == ("message.exported", "all", None, {"unmasked": unmasked})


def test_a_file_contains_no_spreadsheet_formula():
    send()
    for evil in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("x")'):
        db.session.execute(sa.update(Message).values(error=evil))
        db.session.commit()
        (row,) = rows(disclosures.export_messages(Filter(), unmasked=False, by=KIM))
        assert row["error"] == f"'{evil}"


def test_a_file_is_made_while_it_is_read(monkeypatch):
    monkeypatch.setattr(disclosures, "EXPORT_BLOCK", 1)
    asked = []
    page = message_lists.page
    monkeypatch.setattr(
        message_lists, "page", lambda *args, **options: asked.append(1) or page(*args, **options)
    )
    send(), send()
    lines = disclosures.export_messages(Filter(), unmasked=False, by=KIM)
    assert next(lines).startswith("id,")
    assert asked == []
    next(lines)
    assert asked == [1]


def test_verifications_are_exported_too(owner):
    verifications.issue(verifications.Request(Channel.SMS, NUMBER, "login"), owner)
    (row,) = rows(disclosures.export_verifications(verification_lists.Filter(), unmasked=False, by=KIM))
    assert (row["to"], row["purpose"], row["status"]) == ("'+86138****8000", "login", "pending")
    assert last_note()[0] == "verification.exported"
