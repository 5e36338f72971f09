"""Whatever is sent to /twilio: no 5xx, and every error is Twilio's."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.twilio_api.conftest import FOUR, NUMBER, Program

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"
NAMES = (
    *("To", "Channel", "Code", "VerificationSid", "Status", "Locale", "DeviceIp", "CustomCode", "Amount"),
    *(
        "Body",
        "From",
        "SendAt",
        "ScheduleType",
        "StatusCallback",
        "MediaUrl",
        "PageSize",
        "Page",
        "PageToken",
    ),
    *(
        "DateSent",
        "DateSent>",
        "DateSent<",
        "DateCreatedAfter",
        "DateCreatedBefore",
        "ChannelData.To",
        "Country",
    ),
)
oddities = st.sampled_from(
    [
        *(
            "sms",
            "email",
            NUMBER,
            "a@b.org",
            "١٢٣",
            "+",
            "００８６",
            "@",
            "123456",
            "canceled",
            "approved",
            "fixed",
        ),
        *("", "\0", "\ud800", "{{", "2026-11-29T12:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31", "-1"),
        *(
            "9" * 400,
            "https://x.org/",
            "VE" + "0" * 32,
            "SM" + "f" * 32,
            "MTc5Ng",
            "2026-W01-1",
            "NaN",
            "call",
        ),
    ]
)
texts = st.text(max_size=40) | oddities
plausible = st.fixed_dictionaries(
    {
        "To": st.sampled_from([NUMBER, "a@b.org", "+4915112345678"]),
        "Channel": st.sampled_from(["sms", "email"]),
        "Code": st.just("123456") | texts,
        "Body": texts,
    },
    optional=dict.fromkeys(("Locale", "DeviceIp", "StatusCallback", "SendAt", "Status"), texts),
)
fields = st.lists(st.tuples(st.sampled_from(NAMES) | texts, texts), max_size=8) | plausible.map(
    lambda given: list(given.items())
)
CREATING = ("/v2/Services/{va}/Verifications", "/2010-04-01/Accounts/{ac}/Messages.json")
places = st.sampled_from(
    [
        *(CREATING * 4),
        *("/v2/Services", "/v2/Services/{va}", "/v2/Services/{va}/Verifications"),
        *("/v2/Services/{va}/Verifications/{any}", "/v2/Services/{va}/VerificationCheck", "/v2/Attempts"),
        *("/v2/Attempts/{any}", "/v2/Attempts/Summary", "/v2/Services/{any}/Verifications", "/{any}", ""),
        *("/2010-04-01/Accounts/{ac}/Messages.json", "/2010-04-01/Accounts/{ac}/Messages/{any}.json"),
        *("/2010-04-01/Accounts/{any}/Messages.json", "/v2/Services/{va}/Verifications/{known}"),
        *("/2010-04-01/Accounts/{ac}/Messages/{message}.json", "/v2/Services/{va}/{any}/{any}"),
    ]
)
methods = st.sampled_from(["GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
kinds = st.sampled_from([FORM] * 9 + ["application/json", "multipart/form-data", "text/plain", ""])
bodies = st.one_of(
    fields.map(lambda pairs: urlencode(pairs, errors="replace").encode()),
    plausible.map(lambda given: urlencode(given, errors="replace").encode()),
    st.binary(max_size=100),
    fields.map(lambda pairs: json.dumps(dict(pairs)).encode()),
)


@pytest.fixture
def known(app: Flask, program: Program) -> dict[str, str]:
    """Things that exist, and no limit in the way."""
    app.config |= {"KEY_REQUESTS_PER_MINUTE": 0, "DESTINATION_SENDS_PER_10_MINUTES": 0}
    app.config |= {
        "RESEND_COOLDOWN_SECONDS": 0,
        "DESTINATION_SENDS_PER_DAY": 0,
        "PREFIX_SENDS_PER_10_MINUTES": 0,
    }
    message = program.post(f"{program.account}/Messages.json", To=NUMBER, Body="x").json
    return {
        "va": program.credentials.service_sid,
        "ac": program.credentials.account_sid,
        "known": program.verify()["sid"],
        "message": message["sid"],
    }


MANY = settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=100)


def is_twilios(answer: TestResponse) -> bool:
    """Tell whether an answer is no 5xx and, where it is an error, Twilio's."""
    if answer.status_code < 400 or answer.request.method == "HEAD":
        return True
    told = answer.json
    return (
        answer.status_code < 500
        and set(told) == {"code", "message", "more_info", "status"}
        and type(told["code"]) is int
        and told["status"] == answer.status_code
        and not set(told) >= FOUR
    )


def test_four_hundred_requests(program: Program, known: dict[str, str]) -> None:
    seen: set[int] = set()

    @MANY
    @given(place=places, any=texts, method=methods, kind=kinds, body=bodies, query=fields)
    def ask(place: str, any: str, method: str, kind: str, body: bytes, query: Any) -> None:
        path = place.format(any=quote(any, safe="", errors="replace"), **known)
        answer = program.client.open(
            f"/twilio{path}?{urlencode(query, errors='replace')}",
            method=method,
            data=body,
            content_type=kind,
            auth=(program.credentials.account_sid, program.credentials.auth_token),
        )
        seen.add(answer.status_code)
        assert is_twilios(answer), answer.text

    ask()
    assert {200, 400, 404, 405} <= seen


def test_a_hundred_requests_that_nearly_make_sense(program: Program, known: dict[str, str]) -> None:
    seen: set[int] = set()

    @FEW
    @given(place=st.sampled_from(CREATING), given=plausible)
    def ask(place: str, given: dict[str, str]) -> None:
        body = urlencode(given, errors="replace").encode()
        answer = program.send(f"/twilio{place.format(**known)}", body, content_type=FORM)
        seen.add(answer.status_code)
        assert is_twilios(answer), answer.text

    ask()
    assert {201, 400} <= seen
