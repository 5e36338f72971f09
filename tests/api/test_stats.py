"""GET /stats: whose messages it counts, how far back, and that the counts are right."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.gateway_errors import GatewayError
from domain.statuses import MessageStatus
from services.keys.key_owners import Scope
from tests.api.conftest import new_caller, problem

URL = "/api/v1/stats"
NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)


@pytest.fixture
def settings(settings):
    return {**settings, "RESEND_COOLDOWN_SECONDS": 0}


def messages(**counts):
    return {status.value: counts.get(status.value, 0) for status in MessageStatus}


def test_sends_and_codes_of_two_days_are_counted(caller, code, sms, mails):
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        made = caller.verify("+8613800138000")
        caller.post(f"/api/v1/verifications/{made['id']}/check", {"code": code()})
    with time_machine.travel(NOW, tick=True):
        caller.verify("+8613900139000")
        caller.verify("kim@example.org")
        mails.failures.append(GatewayError("no such mailbox"))
        caller.verify("nobody@example.org")
        answer = caller.get(URL)
        assert answer.headers["Cache-Control"] == "no-store"
    found = answer.json
    assert found["since"] == "2026-03-01T00:00:00.000000Z"
    assert found["until"].startswith("2026-03-07T12:00:0")
    assert found["total"] == {
        "messages": messages(sent=3, failed=1),
        "verifications": {"issued": 4, "approved": 1, "conversion": 0.25},
    }
    assert found["groups"] == [
        {
            "day": "2026-03-06",
            "channel": "sms",
            "gateway": "memory-sms",
            "messages": messages(sent=1),
            "verifications": {"issued": 1, "approved": 1, "conversion": 1.0},
        },
        {
            "day": "2026-03-07",
            "channel": "email",
            "gateway": "memory-mail",
            "messages": messages(sent=1, failed=1),
            "verifications": {"issued": 2, "approved": 0, "conversion": 0.0},
        },
        {
            "day": "2026-03-07",
            "channel": "sms",
            "gateway": "memory-sms",
            "messages": messages(sent=1),
            "verifications": {"issued": 1, "approved": 0, "conversion": 0.0},
        },
    ]


def test_days_are_counted_back_from_today(caller):
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        caller.verify()
    with time_machine.travel(NOW, tick=True):
        assert caller.get(f"{URL}?days=1").json["groups"] == []
        assert caller.get(f"{URL}?days=2").json["total"]["verifications"]["issued"] == 1
        assert caller.get(f"{URL}?days=90").status_code == 200


REFUSED = {
    "days=0": "days",
    "days=91": "days",
    "days=": "days",
    "days=-1": "days",
    "days=1.0": "days",
    "days=٧": "days",
    "days=" + "9" * 5000: "days",
    "day=7": "day",
    "days=7&owner=key:1": "owner",
}


def test_a_query_that_makes_no_sense_is_refused_by_name(caller):
    for query, field in REFUSED.items():
        found = problem(caller.get(f"{URL}?{query}"), 422, "invalid_input")
        assert [error["field"] for error in found["errors"]] == [field], query


def test_a_repeated_parameter_is_refused(caller):
    problem(caller.get(f"{URL}?days=1&days=2"), 400, "bad_request")


def test_a_key_counts_only_its_own_messages(app, caller):
    test_key = new_caller(app, "trying", is_test=True)
    test_key.verify()
    assert caller.get(URL).json["groups"] == []
    assert [group["gateway"] for group in test_key.get(URL).json["groups"]] == ["test"]


def test_it_needs_the_read_scope(app, client):
    assert new_caller(app, scopes=[Scope.READ]).get(URL).status_code == 200
    writer = new_caller(app, scopes=[Scope.VERIFICATIONS, Scope.MESSAGES])
    problem(writer.get(URL), 403, "not_allowed")
    problem(client.get(URL), 401, "not_authenticated")
