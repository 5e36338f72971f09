"""Requests as gateways.toml describes them."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from channels.http import http_gateway
from channels.http.http_gateway import HttpGateway
from channels.http.request_template import Request
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError
from tests.channels.conftest import CODE, options_of, sms

USUAL = {"url": "https://sms.example.com/send"}
NASTY = "100% a+b&c=d #1 %41 <x> \"q\" 'p' \\ 码 \U0001f600 {to}\r\nX-Evil: 1"
LONE = "\ud800"
SIGV4 = {
    "type": "sigv4",
    "access_key_id": "AKID",
    "secret_access_key": "s3cret",
    "region": "eu-1",
    "service": "ses",
}


def made(**keys: Any) -> HttpGateway:
    options = options_of("main", USUAL, keys)
    options.public_url = "https://code.example.com/"
    gateway = http_gateway.create(options)
    options.finish()
    return gateway


def request(keys: Mapping[str, Any], **changes: object) -> Request:
    return made(**keys)._template.fill(sms(**changes))


def refused(**keys: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        made(**keys)
    return str(caught.value)


def query_of(target: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True)


def test_a_get_has_a_query_and_no_body() -> None:
    sent = request(
        {
            "method": "GET",
            "query": {"to": "{to}", "t": "{text}", "a b&": "1", "l": "x&y=%d {to}"},
            "url": "http://x.org/s?k=1",
        },
        text=NASTY,
    )
    assert (sent.method, sent.body) == ("GET", None)
    assert "Content-Type" not in sent.headers
    assert query_of(sent.target) == [
        ("k", "1"),
        ("to", "+8613812345678"),
        ("t", NASTY),
        ("a b&", "1"),
        ("l", "x&y=%d +8613812345678"),
    ]


def test_values_in_the_url_stay_in_their_place() -> None:
    sent = request(
        {"url": "http://x.org/a/{params.x}/b?t={text}#top"}, text=NASTY, params={"x": "../?&#/%2e "}
    )
    parts = urlsplit(sent.target)
    assert parts.path == "/a/..%2F%3F%26%23%2F%252e%20/b"
    assert dict(query_of(sent.target)) == {"t": NASTY}
    assert sent.target.isascii()
    assert sent.target.isprintable()


@pytest.mark.parametrize("text", [NASTY, "a\r\nX-Evil: 1", "a\x00b\x7f", "\u0085\u2028", "码", LONE])
def test_no_value_adds_a_header(text: str) -> None:
    value = request({"headers": {"X-Text": "<{text}>"}}, text=text).headers["X-Text"]
    assert value.startswith("<")
    assert value.endswith(">")
    assert not set(value) & {"\r", "\n", "\x00", "\x7f"}
    value.encode("latin-1")


def test_a_header_is_utf8() -> None:
    value = request({"headers": {"X-Text": "{text}"}}, text="码é").headers["X-Text"]
    assert value.encode("latin-1").decode() == "码é"


def test_an_empty_field_marked_with_a_question_mark_is_left_out() -> None:
    keys = {
        "body": {"from": "{sender?}", "list": ["{sender?}", "{to}"], "inner": {"x": "a{params.none?}"}},
        "query": {"from": "{sender?}", "f": "{sender|to}"},
        "headers": {"X-From": "{sender?}"},
    }
    bare, named = request(keys), request(keys, sender="Shop")
    assert json.loads(bare.body or b"") == {"list": ["+8613812345678"], "inner": {}}
    assert query_of(bare.target) == [("f", "+8613812345678")]
    assert "X-From" not in bare.headers
    assert json.loads(named.body or b"") == {"from": "Shop", "list": ["Shop", "+8613812345678"], "inner": {}}
    assert query_of(named.target) == [("from", "Shop"), ("f", "Shop")]
    assert named.headers["X-From"] == "Shop"


def test_a_value_can_be_json() -> None:
    keys = {"body": {"dcs": "{coding:json}", "p": "{params:json}"}, "coding": {"gsm": 0, "unicode": 8}}
    assert json.loads(request(keys, text="abc").body or b"")["dcs"] == 0
    found = json.loads(request(keys, text="码").body or b"")
    assert found == {"dcs": 8, "p": {"code": CODE, "minutes": "5"}}
    with pytest.raises(GatewayError, match="not JSON"):
        request({"body": {"x": "{text:json}"}})


def test_the_alphabet_decides_about_coding_and_form() -> None:
    keys = {
        "query": {
            "c": "{coding}",
            "content": "{text.gsm?}",
            "hex": "{text.unicode.hex?}",
            "one": "{text.gsm|text.unicode.hex}",
        },
        "coding": {"gsm": "0", "unicode": "8"},
    }
    gsm = "Kosten: 5 € [neu] ~ 100% {}"
    assert query_of(request(keys, text=gsm).target) == [("c", "0"), ("content", gsm), ("one", gsm)]
    found = dict(query_of(request(keys, text="码\U0001f600").target))
    assert found == {"c": "8", "hex": "7801D83DDE00", "one": "7801D83DDE00"}


def test_the_same_time_and_nonce_are_used_everywhere() -> None:
    keys = {
        "headers": {"Nonce": "{nonce}", "CurTime": "{now}", "CheckSum": "{sign.sum}"},
        "sign": {"sum": {"hash": "sha1", "of": "s3cret{nonce}{now}"}},
        "body": {"n": "{nonce}", "sum": "{sign.sum}"},
    }
    sent = request(keys)
    text = f"s3cret{sent.headers['Nonce']}{sent.headers['CurTime']}"
    assert sent.headers["CheckSum"] == hashlib.sha1(text.encode()).hexdigest()
    assert json.loads(sent.body or b"") == {"n": sent.headers["Nonce"], "sum": sent.headers["CheckSum"]}
    assert request(keys).headers["Nonce"] != sent.headers["Nonce"]


@pytest.mark.parametrize("form", ["text", "hex", "base64"])
def test_a_signature_may_cover_the_body_and_another_signature(form: str) -> None:
    key = {"text": "key", "hex": b"key".hex(), "base64": "a2V5"}[form]
    keys = {
        "sign": {
            "md5": {"hash": "md5", "of": "{body}", "as": "HEX"},
            "mac": {"hmac": "sha256", "key": key, "key_as": form, "of": "{sign.md5}.{to}", "as": "base64"},
        },
        "headers": {"X-Sign": "{sign.mac}"},
        "body": "t={text}",
    }
    sent = request(keys, text=NASTY + LONE)
    digest = hashlib.md5(sent.body or b"").hexdigest().upper()
    mac = hmac.new(b"key", f"{digest}.+8613812345678".encode(), "sha256").digest()
    assert sent.headers["X-Sign"] == __import__("base64").b64encode(mac).decode()


def test_times_have_many_forms() -> None:
    keys = {"query": {name: f"{{now.{name}}}" for name in ("ms", "iso", "compact", "beijing")}}
    found = dict(query_of(request(keys).target))
    assert len(found["ms"]) == 13
    assert found["iso"].endswith("Z")
    assert len(found["compact"]) == len(found["beijing"]) == 14
    assert found["compact"] != found["beijing"]


@pytest.mark.parametrize(
    ("to", "national"),
    [("+8613812345678", "13812345678"), ("+14155550123", "4155550123"), ("+390612345678", "0612345678")],
)
def test_a_number_can_be_national(to: str, national: str) -> None:
    assert request({"url": "http://x.org/{to.national}"}, to=to).target == f"/{national}"


def test_the_callback_names_the_gateway_and_its_token() -> None:
    token = "0123456789abcdef"
    body = {"cb": "{callback?}"}
    receipts = {"reference": "id", "status": "st", "delivered": ["OK"]}
    keys = {"body": body, "receipts": receipts, "receipt_token": token}
    assert json.loads(request(keys).body or b"") == {
        "cb": f"https://code.example.com/receipts/main?token={token}"
    }
    assert json.loads(request({"body": body}).body or b"")["cb"].endswith("/receipts/main")


def test_a_table_of_a_list_may_be_left_out() -> None:
    body = {"headers": [{"name": "A", "value": "{to}"}, {"name": "From", "value": "{sender??}"}]}
    kept, left_out = (json.loads(request({"body": body}, sender=name).body or b"") for name in ("Ann", None))
    assert kept["headers"][1] == {"name": "From", "value": "Ann"}
    assert left_out["headers"] == [{"name": "A", "value": "+8613812345678"}]


def test_a_table_within_another_may_be_left_out() -> None:
    body = {"to": "{to}", "from": {"name": "{sender??}", "kind": "name"}}
    kept, left_out = (json.loads(request({"body": body}, sender=name).body or b"") for name in ("Ann", None))
    assert kept["from"] == {"name": "Ann", "kind": "name"}
    assert left_out == {"to": "+8613812345678"}


def test_xml_may_hold_what_the_provider_unescapes_once_more() -> None:
    sent = request({"body": "<t>{text.url}</t>", "content_type": "text/xml"}, text="a+b %41 <")
    assert sent.body == b"<t>a%2Bb%20%2541%20%3C</t>"


def test_a_list_is_a_body() -> None:
    assert json.loads(request({"body": [{"to": "{to}"}]}).body or b"") == [{"to": "+8613812345678"}]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"method": "PATCH"}, "method: must be one of GET, POST, PUT"),
        ({"method": "GET", "body": {"a": "b"}}, "body: a GET has no body"),
        ({"query": {"to": "{too}"}}, "query: to: {too} is not a placeholder"),
        ({"query": {"to": "{ to }"}}, "write {to} without spaces"),
        ({"query": {"to": "{to"}}, "a brace without its other one"),
        ({"query": {"to": "{sender??}"}}, "query: to: `??` leaves out a table within the body"),
        ({"headers": {"To": "{sender??}"}}, "headers: To: `??` leaves out a table within the body"),
        ({"body": {"to": "{sender??}"}}, "body: `??` leaves out a table within the body"),
        ({"body": ["{sender??}"]}, "body: `??` leaves out a table within the body"),
        ({"query": {"{to}": "x"}}, "query"),
        ({"query": {"to": 5}}, "query: to: must be a text"),
        ({"query": 5}, "query: must be a table"),
        ({"url": "http://x.org/{sender?}"}, "url: {sender?}: ? and :json are for fields"),
        ({"url": "http://{sender}.org/"}, "url: only the path"),
        ({"body": "to={sender?}"}, "body: {sender?}: ? and :json are for fields"),
        ({"body": {"a": "x{to:json}"}}, "body: {to:json} must be the whole value"),
        ({"body": {"a": "{coding}"}}, "{coding} is not a placeholder"),
        ({"body": {"a": "{sign.x}"}}, "{sign.x} is not a placeholder"),
        ({"body": {"a": "{sign.x}"}, "sign": {"x": {"hash": "md5", "of": "{body}"}}}, "{sign.x}"),
        ({"body": {"a": "{body}"}}, "{body} is not a placeholder"),
        ({"query": {"from": "{callback|sendr}"}}, "query: from: {sendr} is not a placeholder"),
        ({"sign": {"x": {"hash": "md5", "of": "{to?}"}}}, "sign: x: of: {to?}: ? and :json are for fields"),
        ({"coding": {"gsm": "0"}}, "coding: unicode: is missing"),
        ({"sign": {"x": {"hash": "md4", "of": "a"}}}, "sign: x: hash: must be one of md5"),
        ({"sign": {"x": {"hash": "md5"}}}, "sign: x: of: is missing"),
        ({"sign": {"x": {"hmac": "md5", "of": "a"}}}, "sign: x: key: is missing"),
        ({"sign": {"x": {"hmac": "md5", "of": "a", "key": "s3cret", "key_as": "hex"}}}, "key: is not hex"),
        (
            {"sign": {"x": {"hmac": "md5", "of": "a", "key": "whsec_", "key_as": "whsec"}}},
            "key: is not whsec",
        ),
        ({"sign": {"x": {"hash": "md5", "of": "a", "salt": "b"}}}, "sign: x: salt: is not a known key"),
        ({"sign": {"x": "s3cret"}}, "sign: x: must be a table"),
        ({"sign": {"x": {"hash": "md5", "of": "{nothing}"}}}, "{nothing} is not a placeholder"),
        ({"auth": {"type": "digest"}}, "auth: type: must be one of basic, bearer, oauth"),
        ({"auth": {"type": "basic", "username": "a", "pasword": "b"}}, "auth: pasword"),
        ({"auth": {"type": "bearer", "token": "{to}"}}, "auth: token"),
        ({"auth": SIGV4, "query": {"a": "b"}}, "auth: sigv4 signs a POST without a query only"),
        ({"auth": SIGV4, "method": "PUT"}, "auth: sigv4 signs a POST without a query only"),
        ({"auth": {**SIGV4, "region": "eu/x"}}, "auth: region"),
        ({"auth": {**SIGV4, "service": ""}}, "auth: service: must not be empty"),
        ({"auth": {"type": "bearer", "token": ""}}, "auth: token"),
        ({"auth": {"type": "oauth", "token_url": "x", "client_id": "a", "client_secret": "b"}}, "token_url"),
        (
            {"auth": {"type": "bearer", "token": "a"}, "headers": {"authorization": "b"}},
            "Authorization is set",
        ),
        ({"errors": {"later": ["1"]}}, "errors: later: needs json, xml, header or matches"),
        ({"errors": {"json": "c", "later": ["1"], "final": [1]}}, "errors: final: 1 is on two lists"),
        ({"errors": {"statuses": {"soon": [1]}}}, "errors: statuses: soon: is not a known key"),
        ({"errors": {"otherwise": "maybe"}}, "errors: otherwise: must be one of later"),
        ({"errors": {"json": "c", "matches": "d"}}, "errors: matches: can't be used together with json"),
        ({"reference": {"path": "x"}}, "reference: path: is not a known key"),
        ({"reference": {"matches": "("}}, "reference: matches: is not a regular expression"),
        ({"reference": 5}, "reference: must be a list of texts"),
        ({"receipt_token": "0123456789abcdef"}, "receipt_token: needs the table `receipts`"),
        ({"preset_key": "x"}, "preset_key: is not a known key"),
    ],
)
def test_a_mistake_is_named(keys: Mapping[str, Any], told: str) -> None:
    problem = refused(**keys)
    assert told in problem
    assert "s3cret" not in problem
