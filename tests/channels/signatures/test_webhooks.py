"""Signatures of the Standard Webhooks specification."""

import base64
import hashlib
import hmac

import pytest

from channels.signatures import webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""The test vector of the specification's own libraries."""


def signed(**changes: str) -> dict[str, str]:
    return {"webhook-id": ID, "webhook-timestamp": str(AT), "webhook-signature": SIGNATURE} | {
        name.replace("_", "-"): value for name, value in changes.items()
    }


def test_the_published_vector_is_signed_and_verified() -> None:
    assert webhooks.sign(SECRET, ID, AT, BODY) == SIGNATURE
    assert webhooks.headers(SECRET, ID, AT, BODY) == signed()
    assert webhooks.verify(SECRET, signed(), BODY, AT)


def test_a_plain_text_secret_is_used_as_its_bytes() -> None:
    digest = hmac.new("geheim-ü".encode(), b"id.5.body", hashlib.sha256).digest()
    assert webhooks.sign("geheim-ü", "id", 5, b"body") == "v1," + base64.b64encode(digest).decode()


def test_header_names_may_be_written_in_any_case() -> None:
    assert webhooks.verify(SECRET, {name.title(): value for name, value in signed().items()}, BODY, AT)


def test_one_of_several_signatures_is_enough() -> None:
    several = f"v1,AAAA v2,{SIGNATURE[3:]} {SIGNATURE}"
    assert webhooks.verify(SECRET, signed(webhook_signature=several), BODY, AT)
    assert webhooks.verify(SECRET, signed(webhook_signature=f"v1,AAAA, {SIGNATURE}"), BODY, AT)
    assert webhooks.verify(SECRET, signed(webhook_signature=f"{SIGNATURE}, v1,AAAA"), BODY, AT)
    assert not webhooks.verify(SECRET, signed(webhook_signature="v1,AAAA, v1,BBBB"), BODY, AT)


@pytest.mark.parametrize(("age", "good"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_old_and_future_signatures_are_refused(age: int, good: bool) -> None:
    assert webhooks.verify(SECRET, signed(), BODY, AT + age) is good


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(webhook_id="msg_other"),
        signed(webhook_id=""),
        signed(webhook_timestamp=str(AT + 1)),
        signed(webhook_timestamp=f" {AT}"),
        signed(webhook_timestamp=f"+{AT}"),
        signed(webhook_timestamp="1_614_265_330"),
        signed(webhook_timestamp="now"),
        signed(webhook_timestamp="9" * 5000),
        signed(webhook_signature=""),
        signed(webhook_signature=SIGNATURE[3:]),
        signed(webhook_signature="v2" + SIGNATURE[2:]),
        signed(webhook_signature=SIGNATURE[:-2]),
        signed(webhook_signature="ü\ud800"),
        {name: value for name, value in signed().items() if name != "webhook-id"},
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    assert not webhooks.verify(SECRET, headers, BODY, AT)


def test_another_body_or_secret_is_refused() -> None:
    assert not webhooks.verify(SECRET, signed(), BODY + b"\n", AT)
    assert not webhooks.verify("whsec_b3RoZXI=", signed(), BODY, AT)
    assert not webhooks.verify("whsec_not base64", signed(), BODY, AT)


def test_an_empty_secret_verifies_nothing() -> None:
    forged = webhooks.headers("", ID, AT, BODY)
    assert not webhooks.verify("", forged, BODY, AT)
