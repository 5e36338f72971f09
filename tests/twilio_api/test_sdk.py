"""Twilio's own Python SDK, unchanged but for the address, against a server on a port."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from tests.twilio_api.conftest import NUMBER, Program, wrong

pytest.importorskip("twilio", reason="the tests' requirements are not installed")

from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

pytestmark = [  # the SDK's own, of aiohttp
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]

VE, VL, SM, VA, AC = (re.compile(rf"^{kind}[0-9a-fA-F]{{32}}$") for kind in ("VE", "VL", "SM", "VA", "AC"))
ELSEWHERE = "+442079460958"
OTHERS = [f"+86138001380{n:02}" for n in range(1, 20)]


def client_of(program: Program, url: str, token: str | None = None, **options: Any) -> Client:
    """Return an SDK with the line that a program changes."""
    client = Client(program.credentials.account_sid, token or program.credentials.auth_token, **options)
    client.verify.base_url = client.api.base_url = url
    return client


@pytest.fixture
def client(program: Program, url: str) -> Iterator[Client]:
    """The SDK of the program."""
    found = client_of(program, url)
    yield found
    found.http_client.session.close()


Call = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def sdk(request: pytest.FixtureRequest, program: Program, url: str) -> Iterator[tuple[Client, Call]]:
    """The SDK and how it is called: as it is, or by its methods that end in `_async`."""
    if request.param == "sync":
        plain = client_of(program, url)
        yield plain, lambda method, *given, **named: method(*given, **named)
        plain.http_client.session.close()
        return
    with asyncio.Runner() as runner:

        async def begin() -> tuple[AsyncTwilioHttpClient, Client]:
            http = AsyncTwilioHttpClient()
            return http, client_of(program, url, http_client=http)

        http, awaited = runner.run(begin())

        def call(method: Any, *given: Any, **named: Any) -> Any:
            return runner.run(getattr(method.__self__, f"{method.__name__}_async")(*given, **named))

        yield awaited, call
        runner.run(http.close())


def refusal(call: Call, *given: Any, **named: Any) -> tuple[int, int]:
    """Return status and code of the one exception that programs catch."""
    with pytest.raises(TwilioRestException) as caught:
        call(*given, **named)
    assert type(caught.value.code) is int
    return caught.value.status, caught.value.code


@pytest.mark.slow
def test_the_life_of_a_verification(
    sdk: tuple[Client, Call], program: Program, sms: MemoryGateway, url: str
) -> None:
    client, call = sdk
    service = client.verify.v2.services(program.credentials.service_sid)
    create, check = service.verifications.create, service.verification_checks.create

    made = call(create, to=NUMBER, channel="sms", locale="de", tags='{"a": "b"}')
    assert VE.match(made.sid)
    assert VA.match(made.service_sid)
    assert AC.match(made.account_sid)
    assert (made.status, made.valid, made.to, made.channel) == ("pending", False, NUMBER, "sms")
    assert isinstance(made.date_created, datetime)
    assert isinstance(made.date_updated, datetime)
    assert made.date_created.tzinfo is UTC or made.date_created.utcoffset() == timedelta()
    again = call(create, to=NUMBER, channel="sms")
    assert again.sid == made.sid
    assert len(again.send_code_attempts) == 2
    assert all(VL.match(one["attempt_sid"]) for one in again.send_code_attempts)
    code = sms.sent[-1].params["code"]
    assert code == sms.sent[-2].params["code"]

    for which in (made.sid, NUMBER):
        shown = call(service.verifications(which).fetch)
        assert (shown.sid, shown.status) == (made.sid, "pending")
        assert len(shown.send_code_attempts) == 2
    missed = call(check, to=NUMBER, code=wrong(code))
    assert (missed.sid, missed.status, missed.valid) == (made.sid, "pending", False)
    hit = call(check, verification_sid=made.sid, code=code)
    assert (hit.status, hit.valid) == ("approved", True)
    assert isinstance(hit.date_created, datetime)
    assert isinstance(hit.date_updated, datetime)
    assert refusal(call, check, to=NUMBER, code=code) == (404, 20404)
    assert refusal(call, service.verifications(made.sid).fetch) == (404, 20404)
    assert refusal(call, create, to=NUMBER, channel="sms") == (429, 60212)

    canceled = call(create, to=OTHERS[0], channel="sms")
    done = call(service.verifications(canceled.sid).update, status="canceled")
    assert (done.sid, done.status) == (canceled.sid, "canceled")
    assert refusal(call, service.verifications(canceled.sid).update, status="approved") == (404, 20404)
    approved = call(create, to=OTHERS[1], channel="sms")
    assert call(service.verifications(OTHERS[1]).update, status="approved").sid == approved.sid
    assert refusal(call, check, verification_sid=approved.sid, code="123456") == (404, 20404)

    call(create, to=OTHERS[2], channel="sms")
    for _ in range(5):
        assert call(check, to=OTHERS[2], code=wrong(sms.sent[-1].params["code"])).valid is False
    assert refusal(call, check, to=OTHERS[2], code=sms.sent[-1].params["code"]) == (429, 60202)
    for _ in range(5):
        call(create, to=OTHERS[3], channel="sms")
    assert refusal(call, create, to=OTHERS[3], channel="sms") == (429, 60203)

    assert refusal(call, create, to="12", channel="sms") == (400, 60200)
    assert refusal(call, create, to=NUMBER, channel="call") == (400, 60200)
    assert refusal(call, check, to=OTHERS[3], code="12") == (400, 60200)
    assert refusal(call, create, to=ELSEWHERE, channel="sms") == (403, 60605)


def test_bad_credentials(program: Program, url: str) -> None:
    client = client_of(program, url, token="0" * 32)
    service = client.verify.v2.services(program.credentials.service_sid)
    assert refusal(service.verifications.create, to=NUMBER, channel="sms") == (401, 20003)
    assert refusal(client.messages.create, to=NUMBER, body="x") == (401, 20003)
    client.http_client.session.close()


def test_email(client: Client, program: Program, mails: MemoryGateway) -> None:
    service = client.verify.v2.services(program.credentials.service_sid)
    service.verifications.create(to="jane@example.org", channel="email")
    code = mails.sent[-1].params["code"]
    assert service.verification_checks.create(to="jane@example.org", code=code).status == "approved"


def test_services_and_attempts(client: Client, program: Program, sms: MemoryGateway) -> None:
    (listed,) = client.verify.v2.services.list()
    shown = client.verify.v2.services(listed.sid).fetch()
    assert (listed.sid, shown.sid) == (program.credentials.service_sid,) * 2
    assert isinstance(shown.date_created, datetime)
    verifications = client.verify.v2.services(listed.sid).verifications
    made = [verifications.create(to=to, channel="sms") for to in OTHERS[:3]]
    attempts = client.verify.v2.verification_attempts.list(page_size=2)
    assert [one.verification_sid for one in attempts] == [one.sid for one in reversed(made)]
    assert all(VL.match(one.sid) and isinstance(one.date_created, datetime) for one in attempts)
    assert client.verify.v2.verification_attempts(attempts[0].sid).fetch().sid == attempts[0].sid
    since = datetime.now(UTC) - timedelta(hours=1)
    filters = {"country": "CN", "date_created_after": since, "verify_service_sid": listed.sid}
    assert len(client.verify.v2.verification_attempts.list(status="unconverted", **filters)) == 3
    summary = client.verify.v2.verification_attempts_summary().fetch(**filters)
    assert (summary.total_attempts, summary.total_converted, summary.total_unconverted) == (3, 0, 3)


def test_messages(sdk: tuple[Client, Call], sms: MemoryGateway) -> None:
    client, call = sdk
    made = call(client.messages.create, to=NUMBER, from_="Shop", body="Hi {{ x }}")
    assert SM.match(made.sid)
    assert (made.status, made.body, made.num_segments, made.from_) == ("queued", "Hi {{ x }}", "1", "Shop")
    assert isinstance(made.date_created, datetime)
    assert sms.sent[-1].text == "Hi {{ x }}"
    shown = call(client.messages(made.sid).fetch)
    assert (shown.sid, shown.status) == (made.sid, "sent")
    assert isinstance(shown.date_sent, datetime)
    assert call(client.messages(made.sid).update, body="").body == ""
    planned = call(
        client.messages.create,
        to=NUMBER,
        body="later",
        messaging_service_sid="MG" + "0" * 32,
        send_at=datetime.now(UTC) + timedelta(hours=1),
        schedule_type="fixed",
    )
    assert planned.status == "scheduled"
    assert call(client.messages(planned.sid).update, status="canceled").status == "canceled"
    assert refusal(call, client.messages(made.sid).update, status="canceled") == (409, 30409)
    assert refusal(call, client.messages(made.sid).delete) == (405, 20004)
    assert refusal(call, client.messages("SM" + "0" * 32).fetch) == (404, 20404)
    assert refusal(call, client.messages.create, to="12", body="x") == (400, 21211)
    assert refusal(call, client.messages.create, to=ELSEWHERE, body="x") == (400, 21408)


@pytest.mark.slow
def test_a_list_of_120_messages_is_three_pages(client: Client, app: Flask) -> None:
    app.config["SMS_SENDS_PER_DAY"] = 0
    sids = [client.messages.create(to=NUMBER, body=f"Hello {n}").sid for n in range(130)]
    asked: list[str] = []
    own = client.http_client.request
    client.http_client.request = lambda method, url, *more, **named: (
        asked.append(url),
        own(method, url, *more, **named),
    )[1]
    listed = client.messages.list(limit=120)
    assert [one.sid for one in listed] == sids[:-121:-1]
    assert len(asked) == 3
    assert len(client.messages.list()) == 130
    assert len(client.messages.list(to=NUMBER, date_sent=datetime.now(UTC).date(), page_size=20)) == 130
    assert client.messages.list(date_sent_before=datetime(2020, 1, 1, tzinfo=UTC)) == []


def test_after_its_life_a_number_gets_a_new_code(client: Client, program: Program) -> None:
    service = client.verify.v2.services(program.credentials.service_sid)
    made = service.verifications.create(to=NUMBER, channel="sms")
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=301)):
        assert refusal(service.verifications(made.sid).fetch) == (404, 20404)
        assert service.verifications.create(to=NUMBER, channel="sms").sid != made.sid
