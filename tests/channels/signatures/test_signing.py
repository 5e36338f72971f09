"""Rules for the signatures of both Amazon and Tencent Cloud; vectors for each are in a separate file."""

from datetime import UTC, datetime

import pytest

from channels.signatures import sigv4, tc3

AT = datetime(2026, 3, 14, 1, 59, 26, tzinfo=UTC)
BODY = b"Action=Publish"
EACH = pytest.mark.parametrize(
    "signer", [sigv4.Signer("AKID", "s3cret", "eu-central-1", "sns"), tc3.Signer("AKID", "s3cret", "sms")]
)
Signer = sigv4.Signer | tc3.Signer


def signature(
    signer: Signer,
    host: str = "example.org",
    path: str = "/",
    kind: str = "text/plain",
    body: bytes = BODY,
    at: datetime = AT,
) -> str:
    return signer.headers(host, path, kind, body, at)["Authorization"].rpartition("=")[2]


@EACH
def test_everything_is_signed(signer: Signer) -> None:
    others = [
        signature(signer, host="example.com"),
        signature(signer, path="/other"),
        signature(signer, kind="text/html"),
        signature(signer, body=BODY + b"&"),
        signature(signer, at=AT.replace(second=27)),
        signature(signer, at=AT.replace(day=15)),
    ]
    assert len({signature(signer), *others}) == 7


@EACH
def test_no_path_is_the_root(signer: Signer) -> None:
    assert signature(signer, path="") == signature(signer)


@EACH
def test_the_secret_key_is_not_shown(signer: Signer) -> None:
    assert "s3cret" not in repr(signer)
