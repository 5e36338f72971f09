"""Signatures of webhooks, made by the service's own code."""

import json

import pytest
from channels.signatures import webhooks as standard_webhooks

from sendcode import InvalidSignature, webhooks

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps(
    {"type": "verification.approved", "timestamp": "2026-03-01T09:30:00.000000Z", "data": {"id": "x"}}
).encode()
NOW = 1_772_357_400


def signed(*secrets: str, body: bytes = BODY, at: int = NOW, glue: str = " ") -> dict[str, str]:
    headers = standard_webhooks.headers(secrets[0], "msg_1", at, body)
    headers["webhook-signature"] = glue.join(
        standard_webhooks.sign(one, "msg_1", at, body) for one in secrets
    )
    return headers


def test_an_event_is_read():
    event = webhooks.verify(BODY, signed(NEW), NEW, now=NOW)
    assert (event.id, event.type, event.data) == ("msg_1", "verification.approved", {"id": "x"})
    assert event.timestamp.isoformat() == "2026-03-01T09:30:00+00:00"


@pytest.mark.parametrize("glue", [" ", ",", ", "])
def test_one_of_several_signatures_and_secrets_is_enough(glue):
    headers = {name.title(): value for name, value in signed(OLD, NEW, glue=glue).items()}
    for secrets in ([NEW], [OLD], ["other", NEW], NEW):
        assert webhooks.verify(BODY, headers, secrets, now=NOW).id == "msg_1"


def test_a_plain_secret_works_too():
    assert webhooks.verify(BODY.decode(), signed("plain"), "plain", now=NOW).type == "verification.approved"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY + b" ", signed(NEW)),
        (BODY, signed(OLD)),
        (BODY, {**signed(NEW), "webhook-id": "msg_2"}),
        (BODY, {**signed(NEW), "webhook-timestamp": str(NOW + 1)}),
        (BODY, {**signed(NEW), "webhook-timestamp": f" {NOW}"}),
        (BODY, {**signed(NEW), "webhook-signature": ""}),
        (BODY, {**signed(NEW), "webhook-signature": "v1,\u00e9"}),
        (BODY, {**signed(NEW), "webhook-signature": signed(NEW)["webhook-signature"].replace("v1,", "v2,")}),
        (BODY, signed(NEW, at=NOW - 301)),
        (BODY, signed(NEW, at=NOW + 301)),
        (BODY, {}),
        (b"[]", signed(NEW, body=b"[]")),
    ],
)
def test_anything_else_is_refused(body, headers):
    with pytest.raises(InvalidSignature) as refused:
        webhooks.verify(body, headers, [NEW], now=NOW)
    assert NEW not in str(refused.value)


def test_no_secret_verifies_nothing_and_a_broken_one_is_an_error_of_the_caller():
    with pytest.raises(InvalidSignature):
        webhooks.verify(BODY, signed(NEW), [], now=NOW)
    for secret in ("", "whsec_%%%"):
        with pytest.raises(ValueError, match="secret"):
            webhooks.verify(BODY, signed(NEW), secret, now=NOW)


def test_the_tolerance_can_be_set():
    assert webhooks.verify(BODY, signed(NEW, at=NOW - 900), NEW, now=NOW, tolerance=1000)


def test_the_published_vector_is_signed_the_same_way():
    """standardwebhooks.com, and the libraries of Svix."""
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    signature = webhooks._sign(webhooks._key(OLD), signed)
    assert signature == b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signature_that_looks_like_two_is_one():
    bodies = (BODY[:-1] + b" " * count + b"}" for count in range(100_000))
    body = next(one for one in bodies if signed(NEW, body=one)["webhook-signature"].startswith("v1,v1"))
    for glue in (" ", ",", ", "):
        assert webhooks.verify(body, signed(NEW, OLD, body=body, glue=glue), NEW, now=NOW).id == "msg_1"
