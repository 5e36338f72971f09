"""Codes of authenticator apps: the vectors of RFC 6238, the drift, and the address in the QR code."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from domain import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 5, 1, 12, 0, 15, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_vectors_of_the_rfc_are_accepted(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    assert totp.step_of(SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize(
    ("late", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_be_one_step_off(late: int, accepted: bool) -> None:
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=late))
    assert totp.step_of(SECRET, code, NOW) == (STEP + late // 30 if accepted else None)


def test_secrets_are_random_and_long_enough() -> None:
    assert len({totp.new_secret() for _ in range(50)}) == 50
    assert len(base64.b32decode(totp.new_secret())) == 20


def test_the_address_names_account_and_service() -> None:
    address = urlsplit(totp.address(SECRET, account="jane@example.org", service="Acme & Co"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert address.path == "/Acme%20%26%20Co:jane%40example.org"
    asked = parse_qs(address.query)
    assert asked.items() >= {"secret": [SECRET], "issuer": ["Acme & Co"]}.items()
    assert asked.get("algorithm", ["SHA1"]) == ["SHA1"]
    assert (asked.get("digits", ["6"]), asked.get("period", ["30"])) == (["6"], ["30"])
