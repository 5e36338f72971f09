"""Two gateways: one dies and the other takes over; the first recovers and gets its share back."""

import collections
import time

import pytest

from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import free_port, wait_until
from tests.servers.http import SILENCE, Answer, HttpGatewayServer

pytestmark = pytest.mark.slow
GATEWAY = '[[gateway]]\nname = "{name}"\nchannel = "sms"\ntype = "http"\nurl = "{url}"\nweight = {weight}\n'


@pytest.fixture
def two(make):
    """An installation that sends nine of ten SMS through `a` and one through `b`."""
    installation = make(**NO_LIMITS, SEND_CONCURRENCY=50)
    with HttpGatewayServer(port=free_port()) as spare:
        tables = [
            GATEWAY.format(name="a", url=installation.sms.url, weight=90),
            GATEWAY.format(name="b", url=spare.url, weight=10),
        ]
        (installation.folder / "gateways.toml").write_text("\n".join(tables))
        yield installation, installation.sms, spare


def by_gateway(installation):
    return dict(
        installation.query("SELECT gateway, count(*) FROM message WHERE status = 'sent' GROUP BY gateway")
    )


@pytest.mark.parametrize("death", ["HTTP 503", "silent"])
def test_when_one_gateway_dies_the_other_sends_nearly_all(two, death, record_property):
    installation, a, b = two
    a.usual = Answer(503) if death == "HTTP 503" else SILENCE
    with installation.web(), installation.worker():
        api = installation.api()
        started = time.monotonic()
        in_parallel(500, lambda n: api.issue(phone(n)), threads=4)
        first = b.wait_for(1)[0].at - started
        wait_until(lambda: installation.statuses() == {"sent": 500}, 90)
        record_property("first_by_the_other_s", round(first, 2))
        record_property("all_sent_s", round(time.monotonic() - started, 1))
        assert first < 12
        assert by_gateway(installation) == {"b": 500}
    copies = collections.Counter(call.headers["idempotency-key"] for call in b.calls)
    assert len(copies) == len(b.calls) == 500


def test_a_gateway_that_is_well_again_gets_its_share_back_within_a_minute(two, record_property):
    installation, a, _ = two
    a.usual = Answer(503)
    with installation.web(), installation.worker():
        api = installation.api()
        in_parallel(30, lambda n: api.issue(phone(n)), threads=4)
        wait_until(lambda: installation.statuses() == {"sent": 30})
        a.usual = Answer(200)
        healed, number = time.monotonic(), 100
        while by_gateway(installation).get("a", 0) < 5:
            assert time.monotonic() - healed < 60
            api.issue(phone(number))
            number += 1
            time.sleep(0.5)
        record_property("share_back_after_s", round(time.monotonic() - healed, 1))
