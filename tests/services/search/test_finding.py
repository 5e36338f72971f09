"""What the search takes a text for, and what it finds; few statements, whatever is typed."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from domain.codes import new_id
from domain.statuses import Channel, SuppressionReason
from exts import db
from models import Administrator, EventDelivery, Message
from services.codes import verifications
from services.hooks import hooks
from services.keys import api_keys
from services.messaging import broadcasts, messages, suppressions
from services.people import administrators
from services.process.parts import part
from services.request_log.noting import RequestLog
from services.search import finding
from services.search.hits import MOST, Kind
from services.webhooks import endpoints

pytestmark = pytest.mark.usefixtures("context")
NUMBER, MASKED = "+8613800138000", "+86138****8000"
TRAFFIC = ("SCAN message", "SCAN verification", "SCAN suppression", "SCAN api_request", "SCAN event_delivery")


@pytest.fixture
def key():
    return api_keys.create("Shop of Zürich")[0]


def found(text, kinds=tuple(Kind)):
    return [(hit.kind, hit.id) for hit in finding.find(text, kinds)]


def sent(owner, to=NUMBER):
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    subject = "Hi" if channel is Channel.EMAIL else None
    return messages.send(messages.Request(channel, to, text="Hello", subject=subject), owner).id


def test_an_id_is_found_in_every_form_in_which_it_is_told(owner):
    message, code = (
        sent(owner),
        verifications.issue(verifications.Request(Channel.SMS, NUMBER, "login"), owner),
    )
    sheet = broadcasts.Request(Channel.SMS, [{"to": NUMBER}], text="Hello")
    batch = broadcasts.start(sheet, owner).id
    assert found(message) == [(Kind.MESSAGE, message)]
    assert found(f" SM{message} ") == found(f"<{message}@mail.example.org>") == [(Kind.MESSAGE, message)]
    assert found(f"VL{code.message_id}") == [(Kind.MESSAGE, code.message_id)]
    assert found(f"VE{code.id.upper()}") == found(code.id) == [(Kind.VERIFICATION, code.id)]
    assert found(batch) == [(Kind.BROADCAST, batch)]
    assert found("0" * 32) == []


def test_the_id_of_an_event_leads_to_the_endpoints_that_got_it(owner):
    made = [endpoints.create(url).endpoint.id for url in ("https://8.8.8.8/a", "https://8.8.8.8/b")]
    db.session.execute(sa.insert(EventDelivery), [delivery(webhook_id) for webhook_id in made])
    db.session.commit()
    assert sorted(found("e" * 32)) == sorted((Kind.WEBHOOK, webhook_id) for webhook_id in made)
    assert found(db.session.scalar(sa.select(EventDelivery.id).limit(1)))[0][0] is Kind.WEBHOOK


def delivery(webhook_id):
    now = datetime.now(UTC)
    return {
        "id": new_id(),
        "event_id": "e" * 32,
        "webhook_id": webhook_id,
        "kind": "standard",
        "status": "waiting",
        "created_at": now,
    }


def test_a_reference_of_a_gateway_leads_to_its_message(owner):
    message = sent(owner)
    db.session.execute(sa.update(Message).values(gateway_reference="Ref-17"))
    db.session.commit()
    assert found("Ref-17") == [(Kind.MESSAGE, message)]
    assert found("ref-17") == []


def test_a_request_id_leads_to_the_log_of_its_key(key):
    part(RequestLog).note(key.id, "GET", "/api/v1/messages", 404, "not_found", 0.01, "shop-web-17")
    part(RequestLog).note(key.id, "GET", "/api/v1/messages", 200, None, 0.01, "f" * 32)
    part(RequestLog).write()
    (hit,) = finding.find("shop-web-17", list(Kind))
    assert (hit.kind, hit.id, hit.name, hit.of_key) == (
        Kind.REQUEST,
        "shop-web-17",
        "GET /api/v1/messages",
        key.id,
    )
    assert found("f" * 32) == [(Kind.REQUEST, "f" * 32)]
    assert found("shop-web-17", [Kind.MESSAGE]) == []


@pytest.mark.parametrize("typed", [NUMBER, "13800138000", "0086 138 0013 8000"])
def test_a_number_finds_what_went_to_it_and_shows_it_masked(owner, typed):
    message, code = (
        sent(owner),
        verifications.issue(verifications.Request(Channel.SMS, NUMBER, "login"), owner),
    )
    suppressions.add(Channel.SMS, NUMBER, SuppressionReason.OPERATOR)
    hits = finding.find(typed, list(Kind))
    assert {(hit.kind, hit.id) for hit in hits if hit.kind is not Kind.SUPPRESSION} == {
        (Kind.MESSAGE, message),
        (Kind.MESSAGE, code.message_id),
        (Kind.VERIFICATION, code.id),
    }
    assert [hit.kind for hit in hits].count(Kind.SUPPRESSION) == 1
    assert {hit.name for hit in hits} == {MASKED, ""}
    assert "138000" not in repr(hits)


def test_an_address_finds_its_newest_messages_and_the_person_who_signs_in_with_it(owner):
    for _ in range(MOST + 2):
        sent(owner, "kim@example.org")
    person = administrators.add("Kim@example.org", "viewer", "seven purple otters")
    hits = finding.find("kim@Example.org", list(Kind))
    assert [hit.kind for hit in hits] == [Kind.MESSAGE] * MOST + [Kind.PERSON]
    assert hits[-1].id == str(db.session.scalar(sa.select(Administrator.id)))
    assert person


def test_names_are_found_by_a_part_in_any_case(key):
    hook = hooks.add("generic", "Shop sign-in")[0]
    assert found("SHOP") == [(Kind.KEY, key.id), (Kind.HOOK, hook.id)]
    assert found(key.id) == [(Kind.KEY, key.id)]
    hooks.remove(hook.id)
    assert found("shop") == [(Kind.KEY, key.id)]
    assert found("sh_p") == found("s%p") == found("s") == found("") == []
    assert found("memory-s") == [(Kind.GATEWAY, "memory-sms")]
    assert (Kind.TEMPLATE, "code.sms.en") in found("code")


def test_nothing_is_found_of_a_kind_that_was_not_asked_for(owner, key):
    message = sent(owner)
    assert found(message, [Kind.VERIFICATION]) == found("shop", [Kind.HOOK]) == []
    assert found(key.id, [Kind.MESSAGE]) == []


@pytest.mark.parametrize("text", ["shop", NUMBER, "13800138000", "kim@example.org", "0" * 32, "f" * 32])
def test_a_search_is_a_handful_of_statements(owner, key, text):
    sent(owner)
    verifications.issue(verifications.Request(Channel.SMS, NUMBER, "login"), owner)
    told = []
    finding.find("code", list(Kind))
    event.listen(db.engine, "before_cursor_execute", lambda *given: told.append(given[2]))
    finding.find(text, list(Kind))
    assert 0 < len(told) <= 6
    assert not any(word in statement for statement in told for word in ("SELECT message.sealed",))


def test_no_statement_reads_a_whole_table_of_messages(owner):
    """The plans of SQLite: each table of traffic is read through an index."""
    sent(owner)
    told = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: told.append(given[2:4]))
    for text in ("shop", NUMBER, "13800138000", "kim@example.org", "f" * 32):
        finding.find(text, list(Kind))
    if db.engine.dialect.name != "sqlite":
        return
    with db.engine.connect() as connection:
        for statement, values in list(told):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            steps = [row[3] for row in plan]
            scans = [one for one in steps if one.startswith(TRAFFIC)]
            assert not scans, (statement, steps)


def test_a_message_past_its_deadline_is_told_as_expired(owner, monkeypatch):
    sent(owner)
    late = datetime.now(UTC) - timedelta(minutes=1)
    db.session.execute(sa.update(Message).values(status="queued", due_at=late, deadline_at=late))
    db.session.commit()
    assert finding.find(NUMBER, list(Kind))[0].status == "expired"
