"""A gateway that is added in the console: two workers and two web processes use it within two seconds."""

import time

import pytest

from channels.signatures import webhooks
from devtools.live.service import flask
from tests.live.consoles import Owner
from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import free_port, wait_until
from tests.live.test_leaks import everything, found_in
from tests.servers.http import HttpGatewayServer

pytestmark = pytest.mark.slow
SECRET, NEW_SECRET = "hush-hush-first-secret", "hush-hush-second-secret"
NEW = "/cms/gateways/new/type/sms/http"
SETTINGS = "/cms/gateways/live/settings"
SOON = 2.0


@pytest.fixture
def installation(make):
    """An installation without a gateway for SMS."""
    made = make(**NO_LIMITS, SEND_CONCURRENCY=4)
    (made.folder / "gateways.toml").write_text("")
    return made


def tries(installation):
    return dict(installation.query("SELECT status, max(tries) FROM message GROUP BY status"))


def send_soon(installation, api, changed_at, numbers):
    """Request codes two seconds after a change was answered, not later."""
    time.sleep(max(0.0, changed_at + SOON - time.monotonic()))
    in_parallel(len(numbers), lambda n: api.issue(phone(numbers[n])), threads=4)


def test_workers_and_web_processes_follow_the_console_and_its_secret_stays_inside(
    installation, broker, tmp_path, record_property
):
    with (
        HttpGatewayServer(port=free_port(), delay=0.2) as first,
        HttpGatewayServer(port=free_port()) as second,
        installation.web(processes=2),
        installation.worker("solo") as one,
        installation.worker("threads") as two,
    ):
        owner, api = Owner(installation), installation.api()

        added = owner.submit(NEW, name="live", url=first.url, secret=SECRET, is_on="1")
        send_soon(installation, api, added, range(40))
        wait_until(lambda: installation.statuses() == {"sent": 40})
        record_property("all_sent_after_s", round(time.monotonic() - added, 1))
        assert tries(installation) == {"sent": 1}, "no message met a worker that did not know the gateway"
        for worker in (one, two):
            assert "sent by live" in worker.text(), "both workers send through it"
        assert "live" in owner.get("/cms/gateways", web=1)

        first.delay = 3.0
        api.issue(phone(100))
        calls = len(first.wait_for(41))
        changed = owner.submit(SETTINGS, url=second.url, secret=NEW_SECRET)
        send_soon(installation, api, changed, range(200, 240))
        wait_until(lambda: installation.statuses() == {"sent": 81})
        assert tries(installation) == {"sent": 1}, "the send in flight was not cut"
        assert (calls, len(first.calls), len(second.calls)) == (41, 41, 40)
        for used, call in ((SECRET, first.calls[0]), (NEW_SECRET, second.calls[0])):
            assert webhooks.verify(used, call.headers, call.body, time.time())

        removed = owner.submit("/cms/gateways/live/remove")
        send_soon(installation, api, removed, [300])
        time.sleep(1)
        assert installation.statuses() == {"sent": 81, "queued": 1}
        assert len(second.calls) == 40
        owner.get("/cms/gateways/live", web=1)
        assert owner.status == 404

        owner.submit(NEW, web=1, name="again", url=second.url, secret=SECRET)
        for page in ("/cms", "/cms/gateways", "/cms/gateways/again/settings", "/cms/audit", "/cms/messages"):
            owner.get(page)
        said = [*owner.pages, flask(installation.env, "gateways", "export"), *api.answers]
        held = everything(installation, broker, tmp_path, said)
    assert not found_in(held, [SECRET, NEW_SECRET])
    assert found_in({"a page": SECRET.encode()}, [SECRET])
