"""Gateway type `sns`: the whole request pinned by botocore 1.44.5, its client `sns` captured before it was sent."""

import logging
from datetime import UTC, datetime

import pytest

from channels.answers.xml_texts import texts
from channels.options import Options
from channels.receipts import ReadsReceipts
from channels.signatures.sigv4 import Signer
from channels.sms.sns import ERRORS, FORM, SnsGateway
from domain.errors import ConfigurationError
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from tests.channels.conftest import CODE, base, options_of, refusal_of, refusals_of, sms
from tests.channels.signatures.test_sigv4 import AT, PLAIN, UNICODE
from tests.servers.http import Answer, HttpGatewayServer

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PUBLISHED = """<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <PublishResult><MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult>
  <ResponseMetadata><RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata>
</PublishResponse>"""
ENTITY = '<!DOCTYPE a [<!ENTITY e "{}">]><PublishResponse><MessageId>&e;</MessageId></PublishResponse>'
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    "<MessageId>&c;</MessageId>"
)
FILE = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><MessageId>&e;</MessageId>'
KEYS = {
    "region": "eu-central-1",
    "access_key_id": KEY_ID,
    "secret_access_key": SECRET,
}


def gateway(url: str | None = None, **changes: object) -> SnsGateway:
    return SnsGateway(options_of("sns", KEYS, {"url": url, **changes}), seconds=2, clock=lambda: AT)


def error_document(code: str, message: str = "no") -> str:
    return (
        '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
    )


def refused(server: HttpGatewayServer, answer: Answer) -> GatewayError:
    return refusal_of(gateway(base(server)), server, answer)


@pytest.mark.parametrize(
    ("text", "sender", "body"),
    [
        ("Your code is 493817. It is valid for 5 minutes.\n", None, PLAIN),
        ("您的验证码 493817 ~*+ &=%", "Sendcode", UNICODE),
    ],
)
def test_the_request_equals_that_of_botocore(
    server: HttpGatewayServer, text: str, sender: str | None, body: bytes
) -> None:
    server.script(Answer(200, PUBLISHED))
    made = gateway(base(server), sender_id=sender)
    assert made.send(sms(text=text)) == "567910cd-659e-55d4-8ccb-5aaf14679dc0"
    made.close()
    (call,) = server.calls
    assert (call.method, call.target, call.body) == ("POST", "/", body)
    expected = Signer(KEY_ID, SECRET, "eu-central-1", "sns").headers(
        call.headers["host"], "/", FORM, body, AT
    )
    assert {name: call.headers[name.lower()] for name in expected} == expected


def test_requests_go_to_the_region_by_default_and_are_signed_now() -> None:
    made = SnsGateway(
        Options({"region": "us-west-2", "access_key_id": KEY_ID, "secret_access_key": SECRET}, "here")
    )
    assert made._poster.host == "sns.us-west-2.amazonaws.com"
    assert abs((made._clock() - datetime.now(UTC)).total_seconds()) < 60


def test_every_known_code_has_its_meaning(server: HttpGatewayServer) -> None:
    answers = {code: Answer(400, error_document(code, "PhoneNumber +8613812345678")) for code in ERRORS}
    assert refusals_of(gateway(base(server)), server, answers) == ERRORS


def test_there_are_codes_of_every_kind() -> None:
    kinds = {"Throttled": RateLimited, "OptedOut": GatewayError, "AuthorizationError": GatewayAtFault}
    assert kinds.items() <= ERRORS.items()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(429, ""), RateLimited),
        (Answer(500, error_document("Pigeon")), TemporaryGatewayError),
        (Answer(403, error_document("Pigeon")), WrongGateway),
        (Answer(400, "<html>"), WrongGateway),
        (Answer(400, error_document("call +8613812345678")), WrongGateway),
        (Answer(200, ""), UnknownResult),
        (Answer(200, "<html><p>login</html>"), UnknownResult),
        (Answer(200, ENTITY.format("567910cd")), UnknownResult),
        (Answer(200, PUBLISHED.replace("567910cd-659e-55d4-8ccb-5aaf14679dc0", " ")), UnknownResult),
    ],
)
def test_an_unknown_code_is_classified_by_the_status(
    server: HttpGatewayServer, answer: Answer, kind: type
) -> None:
    error = refused(server, answer)
    assert type(error) is kind
    assert "13812345678" not in error.reason


def test_retry_after_is_reported(server: HttpGatewayServer) -> None:
    error = refused(server, Answer(503, error_document("Throttling"), headers={"Retry-After": "9"}))
    assert isinstance(error, TemporaryGatewayError)
    assert error.retry_after == 9


def test_the_first_text_of_an_element_counts() -> None:
    document = b"<r><n:Code xmlns:n='x'>a<i/>b</n:Code><Code>c</Code><Empty/></r>"
    assert texts(document) == {"r": "", "Code": "ab", "i": "", "Empty": ""}


@pytest.mark.parametrize(
    "document", ["", "x", "<a>", "<a></b>", ENTITY.format("x"), LAUGHS, FILE, "<a>&e;</a>"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_with_a_doctype_or_without_xml_has_no_texts(document: str, encoding: str) -> None:
    assert texts(document.encode(encoding)) == {}


def test_there_are_no_receipts() -> None:
    assert not isinstance(gateway(), ReadsReceipts)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("region", None),
        ("region", "evil.example/s3cret?"),
        ("access_key_id", ""),
        ("access_key_id", "s3cret\n"),
        ("secret_access_key", None),
        ("sender_id", ""),
        ("sender_id", "12345"),
        ("sender_id", "s3cret is long"),
        ("url", "ftp://s3cret"),
    ],
)
def test_an_unusable_key_is_named(key: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        gateway(**{key: value})  # type: ignore[arg-type]
    assert "s3cret" not in str(caught.value)


def test_no_error_and_no_log_contains_key_code_or_number(
    server: HttpGatewayServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    leak = f"{SECRET} {CODE} +8613812345678"
    answers = [Answer(status, error_document(leak, leak)) for status in (200, 400, 500)]
    everything = "".join(repr(refused(server, answer)) for answer in answers) + caplog.text
    for secret in (SECRET, CODE, "13812345678"):
        assert secret not in everything
