"""Hooks with real processes: a dead broker, a gateway that hangs, thirty posts of one delivery, no code anywhere."""

import json
import re
import urllib.error
import urllib.request

import pytest

from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import flask, wait_until
from tests.live.test_leaks import everything, forms

pytestmark = pytest.mark.slow


class Server:
    """An identity server of type `generic`, set up as its administrator does it."""

    def __init__(self, installation):
        told = flask(installation.env, "hooks", "add", "generic", "ours")
        found = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        self._path = re.search("/hooks/[0-9a-f]{32}", found["URL"])[0]
        self._installation = installation
        self.secret = found["SECRET"]
        self.answers = []

    def post(self, number, code, *, process=0, **fields):
        port = self._installation.ports[process % len(self._installation.ports)]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{self._path}",
            json.dumps({"to": phone(number), "code": code, **fields}).encode(),
            {"Authorization": self.secret, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                self.answers.append(f"{dict(answer.headers)}\n{answer.read().decode()}")
                return answer.status
        except urllib.error.HTTPError as error:
            self.answers.append(f"{dict(error.headers)}\n{error.read().decode()}")
            return error.code


def test_posts_are_answered_without_broker_and_worker_and_sent_once_there_is_one(make, broker):
    installation = make(**NO_LIMITS)
    broker.kill()
    with installation.web():
        server = Server(installation)
        assert [server.post(number, "482913") for number in range(5)] == [200] * 5
        assert installation.statuses() == {"queued": 5}
        with installation.worker(wait=False):
            calls = installation.sms.wait_for(5)
    assert {call.json["params"]["code"] for call in calls} == {"482913"}


def test_a_gateway_that_hangs_keeps_no_post_waiting(make):
    installation = make(**NO_LIMITS)
    installation.sms.delay = 10
    with installation.web(), installation.worker():
        server = Server(installation)
        assert [server.post(number, "482913") for number in range(20)] == [200] * 20
        assert "sent" not in installation.statuses()


def test_thirty_posts_at_once_to_two_processes_are_one_message(make):
    installation = make(**NO_LIMITS)
    with installation.web(processes=2), installation.worker():
        server = Server(installation)
        assert in_parallel(30, lambda n: server.post(0, "482913", process=n, id="one")) == [200] * 30
        wait_until(lambda: installation.statuses() == {"sent": 1})
        assert len(installation.sms.calls) == 1


def test_no_code_of_a_server_is_found_anywhere(make, broker, tmp_path):
    installation = make(**NO_LIMITS, FLASK_DEBUG="1")
    codes = [f"{7391648205 + 7919 * number}" for number in range(40)]
    with installation.web(), installation.worker("solo", None, "--loglevel=DEBUG"):
        server = Server(installation)
        assert {server.post(number, code) for number, code in enumerate(codes[:20])} == {200}
        texts = [{"code": "", "text": f"Your code is {code}."} for code in codes[20:]]
        assert {server.post(100 + number, **text) for number, text in enumerate(texts)} == {200}
        assert server.post(1, codes[1], to="nobody") == 422
        wait_until(lambda: set(installation.statuses()) <= {"sent", "failed"}, 60)
        held = everything(installation, broker, tmp_path, server.answers)
    assert len(installation.sms.calls) == 40
    for place, data in held.items():
        for code in codes:
            for form, needle in forms(code).items():
                assert needle not in data, f"{form} in {place}"
        assert server.secret.encode() not in data, place
