from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.errors import GatewayError, TemporaryGatewayError
from domain.statuses import Channel
from services.codes import verifications
from services.codes.verifications import Request
from services.gateways import gateway_figures, gateway_list

pytestmark = pytest.mark.usefixtures("context")


def send(owner, last=0):
    verifications.issue(Request(Channel.SMS, f"+861380013{8000 + last}"), owner)


def figures(name="memory-sms"):
    return gateway_figures._count().get(name, gateway_figures.Figures())


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
