"""Reports of any provider: proofs, formats, words."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channels.http import http_gateway
from channels.http.http_gateway import HttpGateway
from channels.receipts import Receipt, ReceiptRequest
from domain.errors import ConfigurationError, ForgedReceipt, InvalidInput
from domain.mail_outcomes import MailOutcome
from domain.statuses import Channel, MessageStatus
from tests.channels.conftest import options_of

TOKEN = "0123456789abcdef"
URL = "https://code.example.com/receipts/main"
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
WORDS = {"delivered": ["OK", 1], "undelivered": ["NO*", 2], "temporary": ["WAIT"]}
FIELDS = {"reference": "id", "status": "st", "reason": "why", **WORDS}
ED25519_DER = "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
DELIVERED, UNDELIVERED = MessageStatus.DELIVERED, MessageStatus.UNDELIVERED


def made_for_mails(receipts: Mapping[str, Any]) -> HttpGateway:
    keys = {"sender": "a@example.com", "receipts": {**FIELDS, **receipts}, "receipt_token": TOKEN}
    options = options_of("main", {"url": "https://x.org/"}, keys)
    options.channel = Channel.EMAIL
    return http_gateway.create(options)


def made(receipts: Mapping[str, Any], token: str | None = TOKEN) -> HttpGateway:
    keys = {"receipts": {**FIELDS, **receipts}, "receipt_token": token}
    options = options_of("main", {"url": "https://x.org/"}, keys)
    gateway = http_gateway.create(options)
    options.finish()
    return gateway


def post(body: Any, url: str = f"{URL}?token={TOKEN}", **headers: str) -> ReceiptRequest:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ReceiptRequest(
        "POST", url, {name.replace("_", "-"): value for name, value in headers.items()}, data
    )


def read(receipts: Mapping[str, Any], request: ReceiptRequest, now: datetime = NOW) -> list[Receipt]:
    return list(made(receipts).read_receipts(request, now))


REPORT = {"id": "r1", "st": "OK"}


@pytest.mark.parametrize(
    ("word", "receipt"),
    [
        ("OK", Receipt(DELIVERED, gateway_reference="r1")),
        (1, Receipt(DELIVERED, gateway_reference="r1")),
        ("NO", Receipt(UNDELIVERED, gateway_reference="r1", reason="E5")),
        ("NOT_HOME", Receipt(UNDELIVERED, gateway_reference="r1", reason="E5")),
        ("WAIT", Receipt(None, gateway_reference="r1")),
        ("HM", Receipt(None, gateway_reference="r1", unknown_word="HM")),
        (None, None),
        ("", None),
    ],
)
def test_words_are_read(word: Any, receipt: Receipt | None) -> None:
    request = post({"id": "r1", "st": word, "why": "E5"})
    if receipt is None:
        with pytest.raises(InvalidInput):
            read({}, request)
    else:
        assert read({}, request) == [receipt]


@pytest.mark.parametrize(
    ("word", "outcome", "status"),
    [
        ("HARD", MailOutcome.HARD_BOUNCE, UNDELIVERED),
        ("SPAM", MailOutcome.COMPLAINT, None),
        ("STOP", MailOutcome.UNSUBSCRIBE, None),
        ("NO", None, UNDELIVERED),
        ("OK", None, DELIVERED),
    ],
)
def test_words_about_mails_tell_more_than_a_status(
    word: str, outcome: MailOutcome | None, status: MessageStatus | None
) -> None:
    words = {"bounced": ["HARD"], "complained": ["SPAM"], "unsubscribed": ["STOP*"]}
    (receipt,) = made_for_mails(words).read_receipts(post({"id": "r1", "st": word, "why": "E5"}), NOW)
    assert (receipt.outcome, receipt.status) == (outcome, status)
    assert receipt.reason == ("E5" if status is UNDELIVERED else None)
    assert made_for_mails(words).knows_word(word)


def test_an_sms_does_not_bounce() -> None:
    with pytest.raises(ConfigurationError, match="bounced: is not a known key"):
        made({"bounced": ["HARD"]})


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ({"event": "failed", "kind": "hard"}, UNDELIVERED),
        ({"event": "failed", "kind": "soft"}, None),
        ({"event": "OK", "kind": ""}, DELIVERED),
        ({"event": "OK"}, DELIVERED),
        ({"st": "OK"}, DELIVERED),
    ],
)
def test_several_values_make_one_word(report: Mapping[str, Any], status: MessageStatus | None) -> None:
    receipts = {"status": ["event+kind", "st"], "undelivered": ["failed hard"], "temporary": ["failed *"]}
    (receipt,) = read(receipts, post({"id": "r1", **report}))
    assert (receipt.status, receipt.unknown_word) == (status, None)


def test_one_or_many_come_in_a_call() -> None:
    many = [{"id": "a", "st": "OK"}, {"id": "b", "st": "NO"}, {"nothing": 1}, 5]
    for receipts, body in (({}, many), ({"each": "results"}, {"results": many})):
        assert [receipt.gateway_reference for receipt in read(receipts, post(body))] == ["a", "b"]
    assert len(read({"each": "results"}, post({"results": REPORT}))) == 1
    assert read({}, post([])) == []
    for body in ({}, {"other": 1}, 5, [5]):
        with pytest.raises(InvalidInput):
            read({"each": "results"}, post(body))


def test_a_path_may_lead_from_the_top() -> None:
    receipts = {"each": "st.list", "reference": "/batch", "status": ["code", "st"]}
    body = {"batch": "b1", "st": {"list": [{"code": 1}, {"st": "NO"}]}}
    assert [(one.gateway_reference, one.status) for one in read(receipts, post(body))] == [
        ("b1", DELIVERED),
        ("b1", UNDELIVERED),
    ]


def test_our_own_reference_may_come_back() -> None:
    (receipt,) = read({"own_reference": "ours"}, post({**REPORT, "ours": "msg-1"}))
    assert (receipt.reference, receipt.gateway_reference) == ("msg-1", "r1")


@pytest.mark.parametrize("format", ["form", "query"])
def test_a_get_is_read_from_its_query(format: str) -> None:
    request = ReceiptRequest("GET", f"{URL}?token={TOKEN}&id=r1&st=OK", {}, b"")
    assert read({"format": format}, request)[0].status is DELIVERED


def test_a_form_may_hold_json_and_xml_is_read() -> None:
    body = urlencode({"sms": json.dumps([REPORT])}).encode()
    assert read({"format": "form", "json_in": "sms"}, post(body))[0].status is DELIVERED
    inside = {"Message": json.dumps(REPORT), "Type": "Notification"}
    assert read({"json_in": "Message"}, post(inside))[0].status is DELIVERED
    assert read({"json_in": "Message"}, post(REPORT))[0].status is DELIVERED
    xml = b"<dlr><id>r1</id><st>NO</st></dlr>"
    assert read({"format": "xml"}, post(xml))[0].status is UNDELIVERED


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("form", b"id=r1&st=OK&st=NO"),
        ("form", b"\xff"),
        ("form", b""),
        ("json", b"[" * 99_999),
        ("json", b"\xff"),
        ("xml", b"no"),
        ("form", b"a=1&" * 5000),
    ],
)
def test_what_can_not_be_read_is_invalid(format: str, body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read({"format": format}, post(body))


def test_a_reason_is_one_short_line() -> None:
    (receipt,) = read({}, post({**REPORT, "st": "NO", "why": "a\r\nb\x00" + "c" * 500}))
    assert receipt.reason == "ab" + "c" * 98


def test_without_a_proof_every_report_is_refused() -> None:
    with pytest.raises(ForgedReceipt):
        made({}, token=None).read_receipts(post(REPORT), NOW)


def forged(receipts: Mapping[str, Any], request: ReceiptRequest, now: datetime = NOW) -> bool:
    try:
        made(receipts, token=None).read_receipts(request, now)
    except ForgedReceipt:
        return True
    return False


@pytest.mark.parametrize(
    "url", [URL, f"{URL}?token=", f"{URL}?token={TOKEN}x", f"{URL}?token=%ff", f"{URL}?x"]
)
def test_a_wrong_token_is_refused(url: str) -> None:
    with pytest.raises(ForgedReceipt):
        read({}, post(REPORT, url))


def test_a_header_or_basic_authentication_is_a_proof() -> None:
    header = {"header": {"name": "X-Token", "equals": "s3cret"}}
    assert not forged(header, post(REPORT, x_token="s3cret"))
    for bad in ("", "s3cre", "S3cret", "é"):
        assert forged(header, post(REPORT, x_token=bad))
    assert forged(header, post(REPORT))
    basic = {"basic": {"username": "ann", "password": "pw"}}
    assert not forged(basic, post(REPORT, authorization="Basic YW5uOnB3"))
    assert forged(basic, post(REPORT, authorization="Basic YW5uOnB4"))


def test_all_proofs_must_be_right() -> None:
    receipts = {"header": {"name": "X-Token", "equals": "s3cret"}}
    assert read(receipts, post(REPORT, x_token="s3cret"))
    with pytest.raises(ForgedReceipt):
        read(receipts, post(REPORT))
    with pytest.raises(ForgedReceipt):
        read(receipts, post(REPORT, URL, x_token="s3cret"))


def mac(data: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(b"key", data, algorithm).digest()


BODY = json.dumps(REPORT).encode()
HMAC = {"header": "X-Sig", "hmac": "sha256", "key": "key"}


@pytest.mark.parametrize(
    ("keys", "signature"),
    [
        ({"hmac": "sha256"}, mac(BODY).hex()),
        ({"hmac": "sha256"}, mac(BODY).hex().upper()),
        ({"hmac": "sha1", "as": "base64"}, b64encode(mac(BODY, "sha1")).decode()),
        ({"hmac": "sha256", "prefix": "sha256="}, "sha256=" + mac(BODY).hex()),
        ({"hmac": "sha256"}, f"0000, 11 {mac(BODY).hex()}"),
    ],
)
def test_a_body_may_be_signed(keys: Mapping[str, str], signature: str) -> None:
    receipts = {"signature": {"header": "X-Sig", "key": "key", "of": "{body}", **keys}}
    assert not forged(receipts, post(REPORT, x_sig=signature))
    assert forged(receipts, post({**REPORT, "st": "NO"}, x_sig=signature))
    assert forged(receipts, post(REPORT, x_sig=signature[:-1] + ("1" if signature[-1] == "0" else "0")))
    for bad in ("", ",", "é", "sha256="):
        assert forged(receipts, post(REPORT, x_sig=bad))
    assert forged(receipts, post(REPORT))


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "iso"])
def test_a_signed_time_makes_a_report_stale(form: str) -> None:
    stamp = {"seconds": STAMP, "milliseconds": STAMP + "123", "iso": "2026-11-30T10:00:00+01:00"}[form]
    receipts = {
        "signature": {
            "header": "X-Sig",
            "hmac": "sha256",
            "key": "key",
            "of": "{header.X-Time}.{body}",
            "time": "{header.X-Time}",
        }
    }
    request = post(REPORT, x_sig=mac(f"{stamp}.".encode() + BODY).hex(), x_time=stamp)
    for seconds, stale in ((0, False), (290, False), (-290, False), (302, True), (-302, True)):
        assert forged(receipts, request, NOW + timedelta(seconds=seconds)) is stale


@pytest.mark.parametrize("stamp", ["", "now", "-1", "9" * 14, "2026-11-30T09:00:00", "٣", "0x1"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    keys = {**HMAC, "of": "{header.X-Time}{body}", "time": "{header.X-Time}"}
    signature = mac(stamp.encode() + BODY).hex()
    assert forged({"signature": keys}, post(REPORT, x_sig=signature, x_time=stamp))


def test_url_and_sorted_fields_may_be_signed() -> None:
    """The vector of twilio.com/docs/usage/security, whose scheme others have taken over."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    receipts = {
        "format": "form",
        "reference": "CallSid",
        "status": "Digits",
        "delivered": ["1234"],
        "signature": {
            "header": "X-Twilio-Signature",
            "hmac": "sha1",
            "key": "12345",
            "as": "base64",
            "of": "{url}{fields.sorted}",
        },
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    signature = "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert not forged(receipts, post(urlencode(fields).encode(), url, x_twilio_signature=signature))
    for other in (url + "3", url.replace("https", "http")):
        assert forged(receipts, post(urlencode(fields).encode(), other, x_twilio_signature=signature))
    changed = urlencode({**fields, "Digits": "4321"}).encode()
    assert forged(receipts, post(changed, url, x_twilio_signature=signature))


@pytest.mark.parametrize("form", ["base64", "hex"])
def test_ed25519_is_a_proof(form: str) -> None:
    """With the secret key of RFC 8032, 7.1, test 2."""
    private = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    write = (lambda data: b64encode(data).decode()) if form == "base64" else bytes.hex
    keys = {
        "header": "X-Sig",
        "ed25519": write(public),
        "as": form,
        "of": "{header.X-Time}|{body}",
        "time": "{header.X-Time}",
    }
    signature = write(private.sign(f"{STAMP}|".encode() + BODY))
    assert not forged({"signature": keys}, post(REPORT, x_sig=signature, x_time=STAMP))
    assert forged({"signature": keys}, post({**REPORT, "st": "NO"}, x_sig=signature, x_time=STAMP))
    assert forged({"signature": keys}, post(REPORT, x_sig=signature, x_time=str(int(STAMP) + 1)))
    for bad in ("", "AAAA", "é", "zz"):
        assert forged({"signature": keys}, post(REPORT, x_sig=bad, x_time=STAMP))


def test_a_hash_over_the_bodys_hash_may_be_the_proof() -> None:
    keys = {
        "header": "CheckSum",
        "hash": "sha1",
        "of": "s3cret{body.md5}{header.CurTime}",
        "time": "{header.CurTime}",
    }
    checksum = hashlib.sha1(f"s3cret{hashlib.md5(BODY).hexdigest()}{STAMP}".encode()).hexdigest()
    assert not forged({"signature": keys}, post(REPORT, checksum=checksum, curtime=STAMP))
    assert forged({"signature": keys}, post(BODY + b" ", checksum=checksum, curtime=STAMP))


def test_a_signature_may_be_a_field() -> None:
    keys = {"field": "sig.value", "hmac": "sha256", "key": "key", "of": "{field.sig.time}{field.id}{method}"}
    body = {**REPORT, "sig": {"time": 5, "value": mac(b"5r1POST").hex()}}
    assert not forged({"signature": keys}, post(body))
    assert forged({"signature": keys}, post({**body, "id": "r2"}))


def test_ecdsa_is_a_proof() -> None:
    """With the public key, the signature and the events of SendGrid's own tests."""
    body = (
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
        b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
        b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
    )
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpV"
        "KS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
    )
    signature = (
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
    )
    keys = {"header": "X-Sig", "ecdsa": key, "of": "{header.X-Time}{body}"}
    receipts = {"signature": keys, "reference": "sg_message_id", "status": "event"}
    assert not forged(receipts, post(body, x_sig=signature, x_time="1600112502"))
    assert forged(receipts, post(body, x_sig=signature, x_time="1600112503"))
    assert forged(receipts, post(body + b" ", x_sig=signature, x_time="1600112502"))
    for bad in ("", "AAAA", "é", "MEUC"):
        assert forged(receipts, post(body, x_sig=bad, x_time="1600112502"))


def test_a_body_that_is_not_utf8_can_be_signed() -> None:
    keys = {"header": "X-Sig", "hmac": "sha256", "key": "key", "of": "{body}"}
    request = post(b"\xff\x00", x_sig=mac(b"\xff\x00").hex())
    with pytest.raises(InvalidInput):
        made({"signature": keys}, token=None).read_receipts(request, NOW)


@pytest.mark.parametrize(
    ("receipts", "told"),
    [
        ({"status": []}, "receipts: status: is missing"),
        ({"reference": []}, "receipts: reference: is missing"),
        ({"delivered": []}, "receipts: delivered: is missing"),
        ({"undelivered": ["OK"]}, "receipts: undelivered: OK is on two lists"),
        ({"format": "yaml"}, "receipts: format: must be one of json"),
        ({"states": ["x"]}, "receipts: states: is not a known key"),
        ({"answer": {"status": 302}}, "answer: status: must be at least 200"),
        ({"answer": {"text": "OK"}}, "answer: text: is not a known key"),
        ({"header": {"name": "X"}}, "header: equals: is missing"),
        ({"signature": {"header": "X", "of": "{body}"}}, "signature: hash: is missing"),
        ({"signature": {"header": "X", "hash": "md5"}}, "signature: of: is missing"),
        ({"signature": {"hash": "md5", "of": "{body}"}}, "signature: header: is missing"),
        ({"signature": {"header": "X", "hash": "md5", "of": "{to}"}}, "{to} is not a placeholder"),
        (
            {"signature": {"header": "X", "ed25519": "AAAA", "of": "{body}"}},
            "must be a public key of 32 bytes",
        ),
        ({"signature": {**HMAC, "of": "{body}", "time": "{header.T}"}}, "time: must be part of `of`"),
        (
            {"signature": {"header": "X", "ecdsa": "AAAA", "of": "{body}"}},
            "must be the public key of an elliptic",
        ),
        (
            {"signature": {"header": "X", "ecdsa": ED25519_DER, "of": "{body}"}},
            "the public key of an elliptic",
        ),
        ({"signature": {**HMAC, "of": "{field.id}", "time": "{field.at}"}}, "time: must be part of `of`"),
        ({"signature": {"header": "X", "ed25519": "é", "of": "{body}"}}, "must be a public key of 32 bytes"),
    ],
)
def test_a_mistake_is_named(receipts: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(receipts)
    assert told in str(caught.value)


def test_a_token_with_an_escape_is_compared_as_it_was_meant() -> None:
    assert read({}, post(REPORT, f"{URL}?token={quote(TOKEN)}"))
