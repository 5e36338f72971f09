from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.gateway_errors import GatewayError, TemporaryGatewayError
from domain.statuses import Channel
from services.codes import verifications
from services.codes.verifications import Request
from services.gateways import gateway_days, gateway_figures, gateway_list

pytestmark = pytest.mark.usefixtures("context")


def send(owner, last=0):
    verifications.issue(Request(Channel.SMS, f"+861380013{8000 + last}"), owner)


def figures(name="memory-sms"):
    return gateway_figures.lately.__wrapped__().get(name, gateway_figures.Figures())


def test_a_gateway_that_was_given_nothing_has_no_figures():
    assert figures().asked == 0
    assert figures().error_rate is figures().mean is None


def test_sent_failed_and_refused_are_counted_separately(sms, owner):
    sms.failures += [TemporaryGatewayError("HTTP 503"), GatewayError("HTTP 400")]
    for n in range(5):
        send(owner, n)
    found = figures()
    assert (found.sent, found.failed, found.refused) == (3, 1, 1)
    assert found.error_rate == 0.2
    assert timedelta() <= found.mean <= found.slowest
    assert {(error.answer, error.reason, error.count) for error in found.errors} == {
        ("temporary", "HTTP 503", 1),
        ("refused", "HTTP 400", 1),
    }


def test_only_the_last_hour_counts(sms, owner):
    sms.failures.append(TemporaryGatewayError("HTTP 503"))
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=61), tick=False):
        send(owner)
    assert figures().asked == 0


def test_the_share_is_that_of_the_channel(owner):
    send(owner)
    verifications.issue(Request(Channel.EMAIL, "a@b.org"), owner)
    assert [view.share for view in gateway_list.everything()] == [1.0, 1.0]


def test_errors_of_a_day_are_kept_apart_from_those_of_the_hour(sms, owner):
    sms.failures.append(TemporaryGatewayError("HTTP 503"))
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=61), tick=False):
        send(owner)
    found = gateway_figures.of_day.__wrapped__()
    assert [(one.reason, one.count) for one in found.errors["memory-sms"]] == [("HTTP 503", 1)]
    assert not found.is_cut


def test_only_the_newest_errors_of_a_day_are_counted(sms, owner, monkeypatch):
    monkeypatch.setattr(gateway_figures, "NEWEST", 2)
    sms.failures += [TemporaryGatewayError(f"HTTP 50{n}") for n in range(3)]
    for n in range(3):
        with time_machine.travel(datetime.now(UTC) - timedelta(minutes=5 - n), tick=False):
            send(owner, n)
    found = gateway_figures.of_day.__wrapped__()
    assert {one.reason for one in found.errors["memory-sms"]} == {"HTTP 501", "HTTP 502"}
    assert found.is_cut


def test_the_messages_of_a_day_are_counted_by_the_hour(sms, owner):
    now = datetime.now(UTC)
    sms.failures.append(GatewayError("HTTP 400"))
    for hours in (25, 2, 0):
        with time_machine.travel(now - timedelta(hours=hours), tick=False):
            send(owner, hours)
    hours = gateway_days.by_hour(now)["memory-sms"]
    assert [hours[-3].all, hours[-2].all, hours[-1].all, len(hours)] == [1, 0, 1, 24]
    assert sum(one.all for one in hours) == 2


def test_an_hour_that_begins_while_the_page_is_made_is_left_for_the_next_one(sms, owner):
    now = datetime.now(UTC)
    for hours in (1, 0):
        with time_machine.travel(now - timedelta(hours=hours), tick=False):
            send(owner, hours)
    hours = gateway_days.by_hour(now - timedelta(hours=1))["memory-sms"]
    assert (hours[-1].all, sum(one.all for one in hours)) == (1, 1)
