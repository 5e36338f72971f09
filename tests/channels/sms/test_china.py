"""Rules for every company in China: approved texts only, and reports authenticated by a token."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import pytest

from channels.options import Options
from channels.receipts import ReadsReceipts, Receipt, ReceiptRequest
from channels.sms.aliyun import AliyunGateway
from channels.sms.china import ChinaProvider, china_number
from channels.sms.ronglian import RonglianGateway
from channels.sms.tencent import TencentGateway
from domain.errors import ConfigurationError, ForgedReceipt, InvalidInput
from domain.gateway_errors import WrongGateway
from domain.provider_templates import ProviderTemplate
from domain.statuses import MessageStatus
from tests.channels.conftest import CODE, base, options_of, sms
from tests.servers.dialects import DIALECTS
from tests.servers.http import HttpGatewayServer

NOW = datetime(2026, 3, 14, 1, 59, 26, tzinfo=UTC)
TOKEN = "t0ken-of-the-reports"
ADDRESS = "https://sendcode.example.com/receipts/it"
CLASSES: dict[str, Callable[[Options], ChinaProvider]] = {
    "ronglian": RonglianGateway,
    "aliyun": AliyunGateway,
    "tencent": TencentGateway,
}
KEYS = {dialect.type: dialect.keys for dialect in DIALECTS}
YES = {dialect.type: dialect.yes for dialect in DIALECTS}
DELIVERED = {
    "ronglian": {"Request": {"smsType": "1", "content": "ref-1", "status": "0", "deliverCode": "DELIVRD"}},
    "aliyun": [{"biz_id": "ref-1", "success": True, "err_code": "DELIVERED"}],
    "tencent": [{"sid": "ref-1", "report_status": "SUCCESS", "errmsg": "DELIVRD"}],
}
EACH = pytest.mark.parametrize("kind", CLASSES)


def gateway(kind: str, **changes: object) -> ChinaProvider:
    table = {"url": "http://127.0.0.1:9", **KEYS[kind], "receipt_token": TOKEN}
    options = options_of(kind, table, changes)
    made = CLASSES[kind](options)
    options.finish()
    return made


def report(kind: str, body: Any = None, query: str = f"?token={TOKEN}") -> ReceiptRequest:
    told = DELIVERED[kind] if body is None else body
    sent = told if isinstance(told, bytes) else json.dumps(told).encode()
    return ReceiptRequest("POST", ADDRESS + query, {"content-type": "application/json"}, sent)


def read(made: ChinaProvider, *reports: object) -> list[Receipt]:
    """Return the receipts that the gateway reads from one body with these reports."""
    request = ReceiptRequest("POST", f"{ADDRESS}?token={TOKEN}", {}, json.dumps(reports).encode())
    return list(made.read_receipts(request, NOW))


def sent_values(server: HttpGatewayServer, kind: str, templates: object, **message: object) -> str:
    """Send a message with these templates; return what the provider got in URL and body."""
    server.usual = YES[kind]
    made = gateway(kind, url=base(server), templates=templates)
    made.send(sms(**message))
    made.close()
    return server.calls[-1].target + server.calls[-1].body.decode()


@EACH
def test_the_text_in_the_messages_language_is_preferred(server: HttpGatewayServer, kind: str) -> None:
    dotted = {"code": {"zh": {"id": "SMS_zh"}, "de": {"id": "SMS_de"}}}
    quoted = {"code": {"id": "SMS_all"}, "code.zh": {"id": "SMS_zh"}}
    assert "SMS_zh" in sent_values(server, kind, dotted, locale="zh")
    assert "SMS_de" in sent_values(server, kind, dotted, locale="de")
    assert "SMS_zh" in sent_values(server, kind, quoted, locale="zh")
    assert "SMS_all" in sent_values(server, kind, quoted, locale="en")
    assert "SMS_all" in sent_values(server, kind, quoted, locale=None)


@EACH
def test_a_broader_language_is_the_fallback(server: HttpGatewayServer, kind: str) -> None:
    dotted = {"code": {"zh": {"id": "SMS_zh"}, "zh-Hant": {"id": "SMS_hant"}}}
    assert "SMS_hant" in sent_values(server, kind, dotted, locale="zh-Hant-HK")
    assert "SMS_zh" in sent_values(server, kind, dotted, locale="zh-CN")


@EACH
def test_a_text_named_by_the_version_overrides_the_file(server: HttpGatewayServer, kind: str) -> None:
    server.usual = YES[kind]
    approved = ProviderTemplate("SMS_own", (("number", "code"),), "Own brand")
    for templates in ({"code": {"id": "SMS_file", "params": ["code", "minutes"]}}, None):
        made = gateway(kind, url=base(server), templates=templates)
        made.send(sms(provider_templates={made.name: approved, "another": ProviderTemplate("x", ())}))
        made.close()
        told = unquote_plus(server.calls[-1].target) + server.calls[-1].body.decode()
        assert "SMS_own" in told
        assert CODE in told
        assert "SMS_file" not in told
        assert ("Own brand" in told) == made.signs


@EACH
def test_without_any_approved_text_nothing_is_sent(server: HttpGatewayServer, kind: str) -> None:
    made = gateway(kind, url=base(server), templates=None)
    with pytest.raises(WrongGateway, match="no template"):
        made.send(sms())
    made.close()
    assert server.calls == []


@EACH
@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"template": "phone_changed"}, "no template"),
        ({"template": None}, "no template"),
        ({"params": {"code": CODE}}, "no parameter minutes"),
        ({"params": {}}, "no parameter code"),
    ],
)
def test_a_message_without_an_approved_text_is_not_sent_and_goes_to_another_gateway(
    server: HttpGatewayServer, kind: str, message: dict[str, object], said: str
) -> None:
    made = gateway(kind, url=base(server))
    with pytest.raises(WrongGateway, match=said) as caught:
        made.send(sms(**message))
    made.close()
    assert server.calls == []
    assert CODE not in repr(caught.value)


@EACH
@pytest.mark.parametrize(
    ("templates", "key"),
    [
        ({}, "templates"),
        ("s3cret", "templates"),
        ({"code": "s3cret"}, "templates: code"),
        ({"code": {}}, "code: id"),
        ({"code": {"id": 5}}, "code: id"),
        ({"code": {"id": ""}}, "code: id"),
        ({"code": {"id": "1", "params": "s3cret"}}, "code: params"),
        ({"code": {"id": "1", "params": ["code", 5]}}, "code: params"),
        ({"code": {"id": "1", "params": {"number": 5}}}, "params: number"),
        ({"code": {"colour": "s3cret", "id": "1"}}, "code: colour"),
        ({"code": {"zh": {"id": "1"}, "id": "2"}}, "code: zh"),
        ({"code": {"zh": {"params": []}}}, "zh: id"),
    ],
)
def test_unusable_templates_are_named(kind: str, templates: object, key: str) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        gateway(kind, templates=templates)
    assert "s3cret" not in str(caught.value)


@EACH
def test_nothing_secret_is_shown(kind: str) -> None:
    made = gateway(kind)
    shown = repr(made) + repr(report(kind)).replace(ADDRESS + f"?token={TOKEN}", "")
    assert not [secret for secret in (TOKEN, KEYS[kind].get("auth_token", TOKEN), CODE) if secret in shown]


@EACH
def test_a_report_reads_the_same_however_often_it_comes(kind: str) -> None:
    made = gateway(kind)
    assert isinstance(made, ReadsReceipts)
    for _ in range(2):
        assert made.read_receipts(report(kind), NOW) == [
            Receipt(MessageStatus.DELIVERED, gateway_reference="ref-1")
        ]


@EACH
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?token=",
        "?token=another-token-0123",
        f"?token={TOKEN[:-1]}",
        f"?token={TOKEN}x",
        f"?Token={TOKEN}",
        f"?token=x&token={TOKEN}",
        f"#token={TOKEN}",
        "?token=%ff%fe",
        "?token=\ud800",
        "?" + "&".join(f"a{number}=1" for number in range(50)) + f"&token={TOKEN}",
    ],
)
def test_without_the_token_a_report_is_forged(kind: str, query: str) -> None:
    with pytest.raises(ForgedReceipt) as caught:
        gateway(kind).read_receipts(report(kind, query=query), NOW)
    assert TOKEN not in str(caught.value)


@EACH
def test_a_gateway_without_a_token_refuses_every_report(kind: str) -> None:
    for query in ("", "?token=", f"?token={TOKEN}"):
        with pytest.raises(ForgedReceipt):
            gateway(kind, receipt_token=None).read_receipts(report(kind, query=query), NOW)


def test_a_report_to_an_invalid_url_is_forged() -> None:
    request = ReceiptRequest("POST", f"https://[bad?token={TOKEN}", {}, b"[]")
    with pytest.raises(ForgedReceipt):
        gateway("aliyun").read_receipts(request, NOW)


@EACH
@pytest.mark.parametrize(
    "body", [b"", b"no json", b"\xff", b"[" * 50_000, b"5", b"null", b"[5]", b"[[]]", b'"x"', b"1" * 5000]
)
def test_an_authentic_report_that_makes_no_sense_is_invalid(kind: str, body: bytes) -> None:
    with pytest.raises(InvalidInput, match="body"):
        gateway(kind).read_receipts(report(kind, body), NOW)


@EACH
@pytest.mark.parametrize(
    "token", ["short", "x" * 129, "sp ace-0123456789", "ümlaut-0123456789", "a&b=c-0123456789"]
)
def test_a_token_that_is_weak_or_unfit_for_a_url_is_refused(kind: str, token: str) -> None:
    with pytest.raises(ConfigurationError, match="receipt_token") as caught:
        gateway(kind, receipt_token=token)
    assert token not in str(caught.value)


@EACH
def test_every_code_of_a_table_may_be_shown(kind: str) -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_.]{4,64}", code) for code in CLASSES[kind].errors)  # type: ignore[attr-defined]


def test_chinese_numbers_have_no_country_code() -> None:
    assert china_number("+8613812345678") == china_number("+8613812345678", abroad="00") == "13812345678"
    assert china_number("+85264001234") == "85264001234"
    assert china_number("+85264001234", abroad="00") == "0085264001234"
