"""Arbitrary input never causes a 5xx, and every error is a complete problem document."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import NUMBER, problem

pytestmark = pytest.mark.slow

URL = "/api/v1/verifications"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PARTS = 4
"""Parts that the operations are split into, so that processes share them."""
MANY = settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=50)
"""Examples per operation; different ones in every run."""

oddities = st.sampled_from(
    ["sms", "email", NUMBER, "a@b.org", "١٢٣", "+", "００８６", "@", "xn--", "123456", "\ud800"]
)
texts = st.text(max_size=40) | oddities
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
fields = st.sampled_from(["channel", "to", "purpose", "locale", "metadata", "client_ip", "code"])
plausible = st.fixed_dictionaries(
    {"channel": st.sampled_from(["sms", "email"]), "to": st.sampled_from([NUMBER, "a@b.org"]) | texts},
    optional={
        "purpose": texts,
        "locale": texts,
        "metadata": st.dictionaries(texts, texts),
        "client_ip": texts,
    },
)
bodies = st.one_of(
    plausible.map(json.dumps).map(str.encode),
    st.dictionaries(fields, values).map(json.dumps).map(str.encode),
    values.map(json.dumps).map(str.encode),
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
)
header_texts = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=300
)


@pytest.fixture
def settings(settings):
    unlimited = ("RESEND_COOLDOWN_SECONDS", "DESTINATION_SENDS_PER_10_MINUTES", "DESTINATION_SENDS_PER_DAY")
    unlimited += (
        "PREFIX_SENDS_PER_10_MINUTES",
        "IP_SENDS_PER_MINUTE",
        "KEY_REQUESTS_PER_MINUTE",
        "CODE_ATTEMPTS",
    )
    return {**settings, **dict.fromkeys(unlimited, 0), "SMS_COUNTRIES": ["*"], "SMS_SENDS_PER_DAY": 0}


def assert_plain(answer):
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        problem(answer, answer.status_code, answer.json["code"])


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("part", range(PARTS))
def test_the_api_matches_its_document(app, caller, mode, part):
    made = caller.verify()
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [found.ok() for found in schema.include(path_regex="^/api/v1").get_all_operations()]
    assert len(operations) >= 6
    for operation in operations[part::PARTS]:

        @FEW
        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        def call(case, known):
            if known and "verification_id" in (case.path_parameters or {}):
                case.path_parameters["verification_id"] = made["id"]
            case.call_and_validate(headers=caller.headers, checks=CHECKS)

        call()


@MANY
@given(
    body=bodies,
    content_type=st.sampled_from(["application/json"] * 4 + ["text/json", "application/x+json", None]),
)
def send_bodies(caller, body, content_type):
    for path in (URL, f"{URL}/check", f"{URL}/{'0' * 32}/check", f"{URL}/{'0' * 32}/cancel"):
        assert_plain(caller.send(path, body, content_type))


def test_no_body_causes_a_5xx(caller):
    send_bodies(caller)


@MANY
@given(
    path=st.text(max_size=60),
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    headers=st.fixed_dictionaries(
        {},
        optional={
            "Authorization": header_texts,
            "Idempotency-Key": header_texts,
            "Content-Type": header_texts,
        },
    ),
    known=st.booleans(),
)
def call_anything(caller, path, method, headers, known):
    headers = {**headers, **(caller.headers if known else {})}
    for prefix in ("/api/", f"{URL}/"):
        answer = caller.client.open(prefix + path, method=method, headers=headers, data=b"{}")
        if method != "HEAD":
            assert_plain(answer)
        assert answer.status_code < 500


def test_no_path_or_header_causes_a_5xx(caller):
    call_anything(caller)
