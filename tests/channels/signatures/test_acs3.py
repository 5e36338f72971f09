"""Alibaba Cloud's signatures, pinned by what alibabacloud_dysmsapi20170525 4.6.0 sends.

The vectors are `SendSms` of its client (alibabacloud_tea_openapi 0.4.6, darabonba_core 1.0.9), captured before it was
sent, with its clock set to 2026-03-14 01:59:26 UTC and its nonce to the one below.
"""

import pytest

from channels.signatures.acs3 import Signer, query_string

SIGNER = Signer("LTAIexampleexample", "ALIbabaEXAMPLEsecretKEY0123456")
HEADERS = {
    "host": "dysmsapi.aliyuncs.com",
    "x-acs-version": "2017-05-25",
    "x-acs-action": "SendSms",
    "user-agent": "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
    "x-acs-date": "2026-03-14T01:59:26Z",
    "x-acs-signature-nonce": "0123456789abcdef0123456789abcdef",
    "accept": "application/json",
    "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "x-acs-credentials-provider": "static_ak",
}
HEAD = (
    "ACS3-HMAC-SHA256 Credential=LTAIexampleexample,SignedHeaders=accept;host;user-agent;x-acs-action;"
    "x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
)
CODE = {
    "OutId": "0123456789abcdef0123456789abcdef",
    "PhoneNumbers": "13812345678",
    "SignName": "示例",
    "TemplateCode": "SMS_154950909",
    "TemplateParam": '{"code": "493817", "minutes": "5"}',
}
ODD = {
    "OutId": "m",
    "PhoneNumbers": "8526400",
    "SignName": "A & B ~*+%'()/?=!",
    "TemplateCode": "SMS_1",
    "TemplateParam": "{}",
}


@pytest.mark.parametrize(
    ("parameters", "host", "signature"),
    [
        (CODE, "dysmsapi.aliyuncs.com", "adb416648725bc949a8b2ee01917f3abef142d9d8c478281160166e67e76838b"),
        (
            ODD,
            "dysmsapi.ap-southeast-1.aliyuncs.com",
            "c1f754e5d059090e6cfbd8e5b6b1b1912ddc76fdc7fcba98b58e0497836f59a5",
        ),
    ],
)
def test_authorization_equals_that_of_the_vendors_client(
    parameters: dict[str, str], host: str, signature: str
) -> None:
    query = query_string(dict(reversed(parameters.items())))
    assert SIGNER.authorization("/", query, HEADERS | {"host": host}) == HEAD + signature


def test_no_path_is_the_root() -> None:
    assert SIGNER.authorization("", "", HEADERS) == SIGNER.authorization("/", "", HEADERS)


def test_everything_is_signed() -> None:
    query = query_string(CODE)
    signed = {
        SIGNER.authorization("/", query, HEADERS),
        SIGNER.authorization("/x", query, HEADERS),
        SIGNER.authorization("/", query + "&a=b", HEADERS),
        *(SIGNER.authorization("/", query, HEADERS | {name: "other"}) for name in HEADERS),
    }
    assert len({authorization.rpartition("=")[2] for authorization in signed}) == 3 + len(HEADERS)


def test_a_query_has_only_plain_characters_even_with_a_lone_surrogate() -> None:
    assert query_string({"b": "~ *\n", "a": "码\ud800"}) == "a=%E7%A0%81%3F&b=~%20%2A%0A"


def test_the_secret_key_is_not_shown() -> None:
    assert "ALIbaba" not in repr(SIGNER)
