"""Fallback: a refused SMS becomes a mail with the same code, and workers that die take no step with them."""

import time

import pytest

from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import wait_until
from tests.servers.http import Answer

pytestmark = pytest.mark.slow
REFUSED = Answer(422)
CODES = 60


def mail_to(number: int) -> str:
    return f"user{number}@example.org"


def by_mail(number: int, after_seconds: int = 240) -> list[dict[str, object]]:
    return [{"channel": "email", "to": mail_to(number), "after_seconds": after_seconds}]


def test_a_number_that_the_gateway_refuses_gets_its_code_by_mail_at_once(make, record_property):
    installation = make(**NO_LIMITS)
    installation.sms.usual = REFUSED
    with installation.web(), installation.worker():
        api = installation.api()
        issued = api.issue(phone(1), fallback=by_mail(1))
        assert [step["status"] for step in issued.body["steps"]] == ["queued", "waiting"]
        started = time.monotonic()
        (mail,) = installation.mail.wait_for(1)
        record_property("mail_after_s", round(time.monotonic() - started, 2))
        code = installation.sms.calls[0].json["params"]["code"]
        assert (mail.recipient, code in mail.text) == (mail_to(1), True)
        guess = {"to": mail_to(1), "code": code}
        assert api.call("POST", "/verifications/check", guess).body["valid"]
        steps = api.call("GET", f"/verifications/{issued.body['id']}").body["steps"]
        assert [step["status"] for step in steps] == ["failed", "sent"]


def test_a_killed_worker_takes_no_step_with_it(make, record_property):
    installation = make(**NO_LIMITS)
    installation.sms.usual = REFUSED
    with installation.web(), installation.worker(), installation.worker() as victim:
        api = installation.api()
        in_parallel(CODES, lambda n: api.issue(phone(n), fallback=by_mail(n)), threads=4)
        wait_until(lambda: installation.statuses().get("failed", 0) > 5)
        victim.kill()
        record_property("steps_when_killed", len(taken(installation)))
        wait_until(lambda: len(taken(installation)) == CODES)
    assert set(taken(installation).values()) == {1}


def taken(installation):
    """Return how many mails each verification has."""
    counted = "SELECT verification_id, count(*) FROM message WHERE channel = 'email' GROUP BY verification_id"
    return dict(installation.query(counted))
