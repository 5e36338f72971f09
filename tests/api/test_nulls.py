"""`null` for an optional field, at every call with a body."""

import pytest

NUMBER = "+8613800138000"
WITH_OPTIONAL = {
    "/api/v1/verifications": (
        {"channel": "sms", "to": NUMBER},
        ("purpose", "locale", "metadata", "client_ip"),
    ),
    "/api/v1/verifications/check": ({"to": NUMBER, "code": "123456"}, ("purpose", "channel")),
    "/api/v1/messages": (
        {"channel": "sms", "to": NUMBER, "text": "Hello"},
        ("template", "params", "locale", "subject", "html", "send_at"),
    ),
    "/api/v1/broadcasts": (
        {"channel": "sms", "text": "Hello", "recipients": [{"to": NUMBER, "params": None}]},
        ("template", "locale", "subject", "html", "send_at"),
    ),
}


@pytest.mark.parametrize("path", WITH_OPTIONAL)
def test_null_for_an_optional_field_is_the_same_as_leaving_it_out(caller, path):
    body, optional = WITH_OPTIONAL[path]
    caller.verify() if path.endswith("check") else None
    answer = caller.post(path, body | dict.fromkeys(optional))
    assert answer.status_code == (200 if path.endswith("check") else 202), answer.text
    if path.endswith("verifications"):
        assert (answer.json["purpose"], answer.json["metadata"]) == ("default", {})
    if path.endswith("broadcasts"):
        assert answer.json["accepted"] == 1


@pytest.mark.parametrize("path", WITH_OPTIONAL)
def test_null_for_a_required_or_unknown_field_is_refused(caller, path):
    body, _ = WITH_OPTIONAL[path]
    for field in body:
        if (path, field) not in {("/api/v1/messages", "text"), ("/api/v1/broadcasts", "text")}:
            assert caller.post(path, body | {field: None}).status_code == 422, field
    answer = caller.post(path, body | {"clour": None})
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"field": "clour", "message": "is not a known field"}]


def test_the_document_knows_every_optional_field_that_may_be_null(app, client):
    """Every schema of a request is read, so that the next one is right, too."""
    schemas = client.get("/api/openapi.json").json["components"]["schemas"]
    checked = 0
    for schema in schemas.values():
        if schema.get("additionalProperties") is False:
            for name, field in schema["properties"].items():
                checked += 1
                may = "null" in str(field.get("type")) or None in field.get("enum", [])
                assert may == (name not in schema.get("required", [])), name
    assert checked > 15
