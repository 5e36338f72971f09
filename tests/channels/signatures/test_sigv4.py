"""Amazon's signatures, pinned by what botocore 1.44.5 sends.

The vectors are the whole requests of its client `sns` (`publish`, region eu-central-1), captured before they were sent,
with its clock set to 2026-03-14 01:59:26 UTC and the key of Amazon's own examples.
"""

from datetime import UTC, datetime

import pytest

from channels.signatures.sigv4 import Signer

AT = datetime(2026, 3, 14, 1, 59, 26, tzinfo=UTC)
HOST = "sns.eu-central-1.amazonaws.com"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
SIGNER = Signer("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1", "sns")
HEAD = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260314/eu-central-1/sns/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, Signature="
)
PLAIN = (
    b"Action=Publish&Version=2010-03-31&PhoneNumber=%2B8613812345678"
    b"&Message=Your+code+is+493817.+It+is+valid+for+5+minutes.%0A"
    b"&MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType"
    b"&MessageAttributes.entry.1.Value.DataType=String"
    b"&MessageAttributes.entry.1.Value.StringValue=Transactional"
)
UNICODE = (
    b"Action=Publish&Version=2010-03-31&PhoneNumber=%2B8613812345678"
    b"&Message=%E6%82%A8%E7%9A%84%E9%AA%8C%E8%AF%81%E7%A0%81+493817+~%2A%2B+%26%3D%25"
    b"&MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType"
    b"&MessageAttributes.entry.1.Value.DataType=String"
    b"&MessageAttributes.entry.1.Value.StringValue=Transactional"
    b"&MessageAttributes.entry.2.Name=AWS.SNS.SMS.SenderID"
    b"&MessageAttributes.entry.2.Value.DataType=String"
    b"&MessageAttributes.entry.2.Value.StringValue=Sendcode"
)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (PLAIN, "53aa84552004b169a6385cd06ffc7d2f7a64e6752b8d3656455decfc92f2f864"),
        (UNICODE, "d8d1906bde157b62979750e73a2836eaacdf063b71e30242ae3633f9768a11d9"),
    ],
)
def test_headers_equal_those_of_botocore(body: bytes, signature: str) -> None:
    assert SIGNER.headers(HOST, "/", FORM, body, AT) == {
        "Content-Type": FORM,
        "X-Amz-Date": "20260314T015926Z",
        "Authorization": HEAD + signature,
    }


def test_a_path_is_signed_as_botocore_does() -> None:
    """The vector is `send_email` of the client `sesv2` of botocore 1.44.8, captured before it was sent."""
    body = (
        b'{"Destination": {"ToAddresses": ["ann@example.org"]}, "Content": {"Raw": {"Data": "YWJj"}}, '
        b'"EmailTags": [{"Name": "reference", "Value": "x"}]}'
    )
    signer = Signer("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1", "ses")
    at = datetime(2026, 11, 30, 10, 58, 22, tzinfo=UTC)
    path, host = "/v2/email/outbound-emails", "email.eu-central-1.amazonaws.com"
    headers = signer.headers(host, path, "application/json", body, at)
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261130/eu-central-1/ses/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=a91a4751c6ff0e08fff0c8bbe402f97ea5f25cf586e0789e89572eb7b83a9c93"
    )
