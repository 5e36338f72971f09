"""Tencent Cloud's signatures, pinned by what tencentcloud-sdk-python-sms 3.1.153 sends.

The vectors are `SendSms` of its client (tencentcloud-sdk-python-common 3.1.195), captured before it was sent, with its
clock set to 2026-03-14 01:59:26 UTC.
"""

from datetime import UTC, datetime

import pytest

from channels.signatures.tc3 import Signer

AT = datetime(2026, 3, 14, 1, 59, 26, tzinfo=UTC)
HOST = "sms.tencentcloudapi.com"
JSON = "application/json"
SIGNER = Signer("AKIDexampleexample", "TENcentEXAMPLEsecretKEY0123456", "sms")
HEAD = (
    "TC3-HMAC-SHA256 Credential=AKIDexampleexample/2026-03-14/sms/tc3_request, SignedHeaders=content-type;host, "
    "Signature="
)
HOME = (
    rb'{"PhoneNumberSet": ["+8613812345678"], "SmsSdkAppId": "1400006666", "TemplateId": "449739", '
    rb'"SignName": "\u793a\u4f8b", "TemplateParamSet": ["493817", "5"]}'
)
ABROAD = (
    b'{"PhoneNumberSet": ["+85264001234"], "SmsSdkAppId": "1400006666", "TemplateId": "449740", '
    b'"TemplateParamSet": ["493817"]}'
)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (HOME, "7278febebf98a9b3588fd56df581e7a07e2fa2bb26ea34c04e21bb139133d107"),
        (ABROAD, "5ab5d6b894114995b1c2578b121d99f87981128ff5e96688fea5d5c11b517012"),
    ],
)
def test_headers_equal_those_of_the_vendors_client(body: bytes, signature: str) -> None:
    assert SIGNER.headers(HOST, "/", JSON, body, AT) == {
        "Content-Type": JSON,
        "X-TC-Timestamp": "1773453566",
        "Authorization": HEAD + signature,
    }
