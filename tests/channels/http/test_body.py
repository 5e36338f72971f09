"""Request bodies for other providers' interfaces."""

import json
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest

from channels.http.body import Body
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError
from tests.channels.conftest import CODE, sms

NASTY = "a\"b\\c&d=e%f+g <h>'i\n{to} {params.code} 你好"


def test_a_table_is_sent_as_json() -> None:
    body = Body(
        {"to": ["{to}"], "text": "Hi {text}!", "inner": {"n": 1, "code": "{params.code}"}, "on": True}
    )
    assert body.content_type == "application/json"
    assert json.loads(body.render(sms(text=NASTY))) == {
        "to": ["+8613812345678"],
        "text": f"Hi {NASTY}!",
        "inner": {"n": 1, "code": CODE},
        "on": True,
    }


def test_a_table_is_sent_as_a_form_if_the_content_type_says_so() -> None:
    body = Body({"mobile": "{to.digits}", "msg": "{text}", "type": 1}, "application/x-www-form-urlencoded")
    fields = parse_qs(body.render(sms(text=NASTY)).decode(), strict_parsing=True)
    assert fields == {"mobile": ["8613812345678"], "msg": [NASTY], "type": ["1"]}


def test_a_text_is_a_form_by_default() -> None:
    body = Body("mobile={to}&msg={text}&ref={reference}")
    assert body.content_type == "application/x-www-form-urlencoded"
    fields = parse_qs(body.render(sms(text=NASTY)).decode(), strict_parsing=True)
    assert fields == {"mobile": ["+8613812345678"], "msg": [NASTY], "ref": ["msg-0123456789abcdef"]}


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.x+json"])
def test_a_json_text_stays_json_whatever_the_values_hold(content_type: str) -> None:
    body = Body('{"to": "{to}", "a": {}, "text": "{text}"}', content_type)
    assert json.loads(body.render(sms(text=NASTY))) == {"to": "+8613812345678", "a": {}, "text": NASTY}


@pytest.mark.parametrize("content_type", ["text/xml", "application/xml", "application/soap+xml"])
def test_an_xml_text_stays_xml_whatever_the_values_hold(content_type: str) -> None:
    body = Body('<sms to="{to}" t="{params.note}"><text>{text}</text></sms>', content_type)
    root = ElementTree.fromstring(body.render(sms(text=NASTY, params={"note": 'x" y="1'})))
    assert root.attrib == {"to": "+8613812345678", "t": 'x" y="1'}
    assert root.findtext("text") == NASTY


def test_other_texts_are_sent_as_they_are() -> None:
    assert Body("{to}|{text}", "text/plain").render(sms(text="a&b")) == b"+8613812345678|a&b"


def test_values_are_not_filled_in_twice() -> None:
    body = Body({"text": "{text}"})
    assert json.loads(body.render(sms(text="{params.code}")))["text"] == "{params.code}"


def test_a_message_without_a_named_parameter_is_refused() -> None:
    with pytest.raises(GatewayError, match=r"params\.code"):
        Body("code={params.code}").render(sms(params={}))


@pytest.mark.parametrize("content_type", ["", "text/xml", "text/plain", "application/json"])
def test_lone_surrogates_break_nothing(content_type: str) -> None:
    Body("{text}", content_type).render(sms(text="\ud800"))
    Body({"t": "{text}"}, content_type).render(sms(text="\ud800"))
    Body().render(sms(text="\ud800"))


@pytest.mark.parametrize("template", ["mobile={too}", {"a": ["{phone}"]}, {"a": {"b": "{to.nation}"}}])
def test_an_unknown_placeholder_is_a_mistake_in_the_configuration(template: Any) -> None:
    with pytest.raises(ConfigurationError, match="is not a placeholder"):
        Body(template)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ({"{to}": "x"}, "only in values"),
        ({"a": [{"{params.code}": "x"}]}, "only in values"),
        ("mobile={ to }", r"write \{to\} without spaces"),
        ({"a": "{ params.code}"}, r"write \{params.code\} without spaces"),
        ('{"to": "{to.digits }"}', r"write \{to.digits\} without spaces"),
    ],
)
def test_a_placeholder_that_would_be_sent_as_it_is_is_a_mistake(template: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Body(template)


def test_a_json_text_with_spaces_is_no_placeholder() -> None:
    text = '{ "to": "{to}", "text" : { "to" : 1 } }'
    assert json.loads(Body(text, "application/json").render(sms()))["text"] == {"to": 1}


def test_a_body_is_a_table_or_a_text() -> None:
    with pytest.raises(ConfigurationError, match="body"):
        Body(5)
