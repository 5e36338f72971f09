"""Invalid request bodies."""

import json

import pytest

from tests.api.conftest import NUMBER, problem

URL = "/api/v1/verifications"
GOOD = {"channel": "sms", "to": NUMBER}
FIELDS = ("channel", "to", "purpose", "locale", "client_ip")
SEPARATOR = "\u2028"


@pytest.fixture(autouse=True)
def _nothing_is_sent(sms, mails):
    yield
    assert sms.sent == []
    assert mails.sent == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null null",
        b"{'channel': 'sms'}",
        b'{"channel": "sms",}',
        b'{"channel": "sms", "to": NaN}',
        b'{"channel": "sms", "to": -Infinity}',
        b'{"channel": "sms", "to": "+8613800138000", "to": "+8613800138001"}',
        b'{"channel": "sms", "to": "+8613800138000", "metadata": {"a": "1", "a": "2"}}',
        b'{"channel": "sms", "to": "\xff\xfe"}',
        b'\xef\xbb\xbf{"channel": "sms", "to": "+8613800138000"}',
        '{"channel": "sms", "to": "+8613800138000"}'.encode("utf-16"),
        b'{"channel": "sms", "to": "\x00"}',
        b'{"channel": "sms", "to": "a\nb"}',
        b"[" * 60_000,
        b'{"metadata":' * 4_000 + b"1" + b"}" * 4_000,
        b'{"to": ' + b"9" * 60_000 + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_not_plain_json_is_400(caller, body):
    refused = problem(caller.send(URL, body), 400, "bad_request")
    assert "138" not in refused["detail"]


@pytest.mark.parametrize("body", ["null", "[]", '"sms"', "1", "true", '[{"channel": "sms"}]'])
def test_a_body_that_is_not_an_object_is_422(caller, body):
    refused = problem(caller.send(URL, body.encode()), 422, "invalid_input")
    assert refused["errors"] == [{"field": "body", "message": "must be an object"}]


@pytest.mark.parametrize("field", FIELDS)
def test_a_value_that_is_not_a_string_is_refused(caller, field):
    required = [None] if field in ("channel", "to") else []  # an optional field may be null
    for value in (1, 1.5, True, [], {}, ["+8613800138000"], {"to": "x"}, "", *required):
        refused = problem(caller.post(URL, {**GOOD, field: value}), 422, "invalid_input")
        assert [error["field"] for error in refused["errors"]] == [field]


def test_metadata_is_an_object_of_a_few_short_strings(caller):
    no_objects = [[], "x", 1]
    no_texts = [{"a": 1}, {"a": None}, {"a": ["b"]}, {"a": {"b": "c"}}]
    odd_texts = [{"": "a"}, {"a": "b\n"}, {"a\0": "b"}, {"a": "\ud800"}, {"\udfff": "a"}]
    too_much = [{f"k{n}": "v" for n in range(21)}, {"a": "x" * 4_096}, {"a": "x" * 4_097}]
    for metadata in (*no_objects, *no_texts, *odd_texts, *too_much):
        refused = problem(caller.post(URL, {**GOOD, "metadata": metadata}), 422, "invalid_input")
        assert [error["field"] for error in refused["errors"]] == ["metadata"]


@pytest.mark.parametrize("field", FIELDS)
def test_control_characters_and_lone_surrogates_are_refused_in_every_field(caller, field):
    good = {**GOOD, "purpose": "login", "locale": "en", "client_ip": "203.0.113.7"}
    value = good[field]
    for bad in ("\0", "\r", "\n", "\x1b", "\x85", SEPARATOR, "\u2029", "\ud800", "\udc00\ud800"):
        for text in (bad + value, value + bad, value[:2] + bad + value[2:]):
            refused = problem(caller.post(URL, {**good, field: text}), 422, "invalid_input")
            assert [error["field"] for error in refused["errors"]] == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channel", "SMS"),
        ("channel", "fax"),
        ("to", "12"),
        ("to", "+8613800138000,+8613800138001"),
        ("to", "+8613800138000 x 5"),
        ("to", "9" * 400),
        ("to", "9" * 401),
        ("purpose", "Login"),
        ("purpose", "a" * 65),
        ("locale", "english please"),
        ("client_ip", "localhost"),
        ("client_ip", "203.0.113.7, 203.0.113.8"),
        ("client_ip", "203.0.113.256"),
    ],
)
def test_values_that_break_a_rule_name_their_field(caller, field, value):
    answer = caller.post(URL, {**GOOD, field: value})
    refused = problem(answer, 422, answer.json["code"])
    assert [error["field"] for error in refused["errors"]] == [field]


@pytest.mark.parametrize(
    "to", ["a@b.org,c@d.org", "a@b.org c@d.org", "a@b.org\n", "<a@b.org>", "A <a@b.org>", "a@b"]
)
def test_a_value_that_is_not_one_mail_address_is_refused(caller, to):
    answer = caller.post(URL, {"channel": "email", "to": to})
    assert [error["field"] for error in problem(answer, 422, answer.json["code"])["errors"]] == ["to"]


def test_unknown_fields_are_named_unless_they_look_like_values(caller):
    body = {**GOOD, "chanel": "sms", "123456": "x", "<script>": 1, "_schema": 1}
    refused = problem(caller.post(URL, body), 422, "invalid_input")
    assert sorted(error["field"] for error in refused["errors"]) == ["body", "body", "body", "chanel"]
    assert {error["message"] for error in refused["errors"]} == {"is not a known field"}
    for call in ("resend", "cancel"):
        made = f"{URL}/{'0' * 32}/{call}"
        problem(caller.post(made, {"x": 1}), 422, "invalid_input")


def test_a_long_list_of_errors_is_cut(caller):
    refused = problem(caller.post(URL, {f"f{n}": 1 for n in range(3000)}), 422, "invalid_input")
    assert len(refused["errors"]) == 20


def test_values_are_not_repeated(caller):
    body = {
        "channel": "secret",
        "to": "secret-to",
        "purpose": "SECRET",
        "locale": "!",
        "client_ip": "secret-ip",
    }
    for field in body:
        answer = caller.post(URL, {**GOOD, field: body[field]})
        assert answer.status_code == 422
        assert "secret" not in answer.text.lower()


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_another_content_type_is_415(caller, content_type):
    problem(caller.send(URL, json.dumps(GOOD).encode(), content_type), 415, "unsupported_media_type")


def test_a_form_is_415(caller):
    form = caller.client.post(URL, data=GOOD, headers=caller.headers)
    problem(form, 415, "unsupported_media_type")


def test_a_body_of_exactly_64_kib_is_read_and_one_byte_more_is_413(caller):
    empty = json.dumps({**GOOD, "x": ""})
    fits = json.dumps({**GOOD, "x": "y" * (65_536 - len(empty))}).encode()
    assert len(fits) == 65_536
    problem(caller.send(URL, fits), 422, "invalid_input")
    problem(caller.send(URL, fits + b" "), 413, "request_entity_too_large")
    for call in ("check", "resend", "cancel"):
        problem(caller.send(f"{URL}/{'0' * 32}/{call}", fits + b" "), 413, "request_entity_too_large")


def test_a_body_without_a_length_is_413_as_soon_as_it_is_too_long(caller):
    class Endless:
        taken = 0

        def read(self, size=-1):
            self.taken += max(size, 1)
            return b" " * max(size, 1)

    stream = Endless()
    answer = caller.client.post(
        URL,
        headers=caller.headers,
        environ_overrides={
            "wsgi.input": stream,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
            "CONTENT_TYPE": "application/json",
        },
    )
    problem(answer, 413, "request_entity_too_large")
    assert stream.taken < 200_000
