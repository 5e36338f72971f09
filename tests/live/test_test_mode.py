"""Test numbers and endings of a test key, with a real worker and a real gateway that hears of nothing."""

from datetime import UTC, datetime

import pytest

from tests.live.installation import NO_LIMITS, phone
from tests.live.processes import flask, wait_until

pytestmark = pytest.mark.slow
NUMBER, CODE = "+8613800138000", "246810"


def test_a_number_added_while_all_runs_is_a_test_number_within_seconds(make):
    installation = make(**NO_LIMITS)
    with installation.web(processes=2), installation.worker():
        api = installation.api()
        assert api.issue(NUMBER).status == 202
        installation.sms.wait_for(1)
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        flask(installation.env, "test-numbers", "add", NUMBER, "--code", CODE, "--until", today)

        def is_fixed():
            made = api.issue(NUMBER).body
            return api.check(made["id"], CODE).body["valid"]

        wait_until(lambda: is_fixed() and is_fixed(), 30)  # both web processes know
        calls = len(installation.sms.calls)
        assert all(is_fixed() for _ in range(4))
        settled = {"sent", "canceled"}
        wait_until(lambda: set(installation.statuses()) <= settled)
        assert len(installation.sms.calls) == calls
        flask(installation.env, "test-numbers", "remove", NUMBER)
        wait_until(lambda: not is_fixed() and not is_fixed(), 30)
        installation.sms.wait_for(calls + 1)
    assert CODE not in installation.logs()
    assert CODE not in "".join(api.answers)


def test_slow_ones_of_a_test_key_keep_no_code_waiting(make):
    installation = make(**NO_LIMITS, SEND_CONCURRENCY=2)
    with installation.web(), installation.worker():
        key = flask(installation.env, "keys", "add", "ci", "--test").strip()
        tester, api = installation.api(key), installation.api()
        slow = [tester.issue(f"+8613800{n:02d}0005").body for n in range(10, 18)]
        wait_until(lambda: installation.statuses() == {"sending": 8})
        api.issue(phone(1))
        installation.sms.wait_for(1)
        assert tester.call("GET", f"/verifications/{slow[0]['id']}").body["message"]["status"] == "sending"
        wait_until(lambda: installation.statuses() == {"sent": 9}, 60)
    assert len(installation.sms.calls) == 1
