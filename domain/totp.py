"""Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which all apps support."""

from datetime import datetime

import pyotp

from domain.codes import same

DIGITS = 6
STEP_SECONDS = 30
DRIFT = 1
"""How many steps an app's clock may be early or late (RFC 6238 5.2)."""


def new_secret() -> str:
    """Return 160 random bits in base32, as many as SHA-1 has (RFC 4226 4)."""
    return pyotp.random_base32(32)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the number of the step whose code this is, None where it is none of those that are valid now."""
    app = pyotp.TOTP(secret)
    current = app.timecode(now)
    steps = range(current - DRIFT, current + DRIFT + 1)
    found = [step for step in steps if same(app.generate_otp(step).encode(), code.encode())]
    return found[-1] if found else None


def address(secret: str, *, account: str, service: str) -> str:
    """Return what the QR code says: the `otpauth` URI that apps understand."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=service)
