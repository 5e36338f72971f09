"""Tries, waits and the deadline, with a scripted transport and a clock that the test owns."""

import asyncio
import json
import logging

import httpx
import pytest

from sendcode import AsyncSendcode, Conflict, LimitExceeded, NotFound, Sendcode, Unavailable
from sendcode.conversation import Answer, Failure
from sendcode.transports import AsyncHttpTransport, HttpTransport

KEY, CODE = "sc_live_topsecret", "135790"
RESULT = Answer(
    200, {}, json.dumps({"id": "x", "status": "approved", "valid": True, "attempts_left": 4}).encode()
)
CUT = Failure("ReadError")


def problem(status: int, code: str, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps({"code": code, "detail": "why"}).encode())


class Script:
    """Answers in turn, and keeps what it was sent."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.requests = []
        self.slept = []
        self.time = 0.0

    def send(self, request):
        self.requests.append(request)
        return self.outcomes.pop(0)

    def close(self):
        """Nothing is open."""

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds

    def client(self, **options):
        clock = {"sleep": self.sleep, "now": lambda: self.time}
        return Sendcode("http://sendcode.test", KEY, transport=self, **clock, **options)


def test_a_call_whose_answer_is_lost_is_repeated_with_the_same_key():
    script = Script(CUT, problem(503, "unavailable"), problem(502, ""), RESULT)
    assert script.client().verifications.check("x", CODE).valid
    keys = {request.headers["Idempotency-Key"] for request in script.requests}
    assert len(keys) == 1
    assert len({request.content for request in script.requests}) == 1
    assert len(script.slept) == 3
    assert script.slept[0] < script.slept[2]


def test_two_calls_have_two_keys_and_a_get_has_none():
    script = Script(RESULT, RESULT, problem(404, "not_found"))
    client = script.client()
    client.verifications.check("x", CODE)
    client.verifications.check("x", CODE)
    with pytest.raises(NotFound):
        client.verifications.get("x")
    first, second, third = (request.headers.get("Idempotency-Key") for request in script.requests)
    assert first != second
    assert third is None


def test_retry_after_is_obeyed_and_the_first_call_in_flight_is_waited_for():
    in_flight = problem(409, "idempotency_in_flight", **{"retry-after": "1"})
    script = Script(problem(503, "unavailable", **{"retry-after": "2"}), in_flight, RESULT)
    assert script.client().verifications.check("x", CODE).valid
    assert script.slept == [2, 1]


def test_limits_and_conflicts_are_told_at_once():
    script = Script(problem(429, "limit_exceeded", **{"retry-after": "7"}), problem(409, "conflict"))
    client = script.client()
    with pytest.raises(LimitExceeded) as limit:
        client.verifications.resend("x")
    assert limit.value.retry_after == 7
    with pytest.raises(Conflict):
        client.verifications.cancel("x")
    assert script.slept == []


def test_a_wait_past_the_deadline_is_not_waited():
    script = Script(problem(503, "unavailable", **{"retry-after": "30"}))
    with pytest.raises(Unavailable) as down:
        script.client(deadline=10).verifications.check("x", CODE)
    assert script.slept == []
    assert (down.value.status, str(down.value)) == (503, "the service answers 503 (unavailable)")
    assert down.value.idempotency_key == script.requests[0].headers["Idempotency-Key"]


def test_tries_end_with_the_deadline_and_none_is_longer_than_what_is_left():
    script = Script(*[CUT] * 100)
    with pytest.raises(Unavailable, match="no answer: ReadError"):
        script.client(deadline=3, timeout=2).verifications.check("x", CODE)
    assert sum(script.slept) < 3
    assert script.requests[0].timeout == 2
    assert script.requests[-1].timeout < 2


def test_what_is_gone_after_a_lost_answer_was_removed_by_this_call():
    script = Script(CUT, problem(404, "not_found"), problem(404, "not_found"))
    client = script.client()
    assert client.webhooks.remove("x") is None
    with pytest.raises(NotFound):
        client.webhooks.remove("x")


@pytest.mark.parametrize(
    "answer",
    [Answer(200, {}, b"<html>"), Answer(200, {}, b"{}"), Answer(302, {}, b""), Answer(500, {}, b"no")],
)
def test_what_the_service_never_says_is_unavailable(answer):
    with pytest.raises(Unavailable) as down:
        Script(answer).client().verifications.check("x", CODE)
    assert down.value.status == answer.status


def test_codes_and_keys_are_in_no_error_no_repr_and_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    script = Script(CUT, problem(503, "unavailable"), Answer(500, {}, CODE.encode()), RESULT)
    client = script.client()
    with pytest.raises(Unavailable) as down:
        client.verifications.check("x", CODE)
    call = type(client.verifications).check.build(client.verifications, "x", CODE)
    texts = [
        caplog.text,
        str(down.value),
        *map(repr, (down.value, client, call, script.requests, client._settings)),
    ]
    assert "POST /verifications/x/check" in caplog.text
    assert not [text for text in texts if CODE in text or KEY in text]
    assert down.value.__context__ is None


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_that_would_be_another_path_is_refused(value):
    with pytest.raises(ValueError, match="no id"):
        Script().client().verifications.get(value)


def test_an_id_stays_one_segment_of_the_path():
    script = Script(problem(404, "not_found"))
    with pytest.raises(NotFound):
        script.client().verifications.get("../messages?x=1")
    assert script.requests[0].url.endswith("/verifications/..%2Fmessages%3Fx%3D1")


def test_no_redirect_is_followed_and_errors_of_the_network_are_failures():
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/stats"):
            raise httpx.ConnectTimeout("too late", request=request)
        return httpx.Response(302, headers={"Location": "http://elsewhere.test/"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        client = Sendcode("http://sendcode.test", KEY, transport=HttpTransport(http), deadline=0.3)
        with pytest.raises(Unavailable, match="302"):
            client.messages.get("x")
        with pytest.raises(Unavailable, match="ConnectTimeout"):
            client.stats.get()


def test_the_async_client_waits_and_repeats_the_same_way():
    answers = [httpx.Response(503, headers={"Retry-After": "1"}), httpx.Response(200, content=RESULT.content)]
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def check() -> bool:
        http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answers.pop(0)))
        async with AsyncSendcode(
            "http://sendcode.test", KEY, transport=AsyncHttpTransport(http), sleep=sleep
        ) as client:
            return (await client.verifications.check("x", CODE)).valid

    assert asyncio.run(check())
    assert slept == [1]
