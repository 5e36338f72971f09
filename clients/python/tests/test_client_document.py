"""The client against the OpenAPI document of the service."""

import inspect
import json
import re
from typing import Any

import pytest
from api.schemas import broadcast_files, broadcasts, messages, stats, verifications

import sendcode.answers
from sendcode import Sendcode
from sendcode.calls import Call, Operation, Resource
from sendcode.reading import read

SAMPLES = {
    "channel": "sms",
    "recipients": [{"to": "+8613800138000", "params": {"name": "Kim"}}],
    "metadata": {"user": "42"},
    "fallback": [{"channel": "email", "to": "kim@example.org"}],
    "params": {"number": 4711},
    "events": ["message.sent"],
    "days": 7,
    "limit": 10,
    "enabled": True,
    "failed_only": True,
}


def operations() -> dict[str, tuple[Resource[Any], Operation[Any, Any]]]:
    client = Sendcode("http://sendcode.test", "sc_test_key")
    resources = [one for one in vars(client).values() if isinstance(one, Resource)]
    return {
        operation.operation_id: (resource, operation)
        for resource in resources
        for operation in vars(type(resource)).values()
        if isinstance(operation, Operation)
    }


@pytest.fixture
def document(app):
    return app.test_client().get("/api/openapi.json").json


@pytest.fixture
def documented(document):
    return {
        one["operationId"]: (method.upper(), path, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        if method != "parameters" and one.get("security") != []
    }


def test_every_operation_that_needs_a_key_can_be_called(documented):
    assert set(documented) - set(operations()) == set()
    assert set(operations()) - set(documented) == set()


@pytest.mark.slow
def test_every_call_has_the_method_path_and_fields_of_the_document(document, documented):
    for name, (method, path, one) in documented.items():
        resource, operation = operations()[name]
        parameters = list(inspect.signature(operation.build).parameters)[1:]
        call: Call[Any] = operation.build(
            resource, **{given: SAMPLES.get(given, "x") for given in parameters}
        )
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        assert call.method == method, name
        assert re.fullmatch(pattern, f"/api/v1{call.path}"), name
        assert set(call.body or {}) == fields(document, one), name
        assert set(call.query) == {
            query["name"] for query in one.get("parameters", []) if query.get("in") == "query"
        }


def fields(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Return the names of the fields of an operation's body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return set(document["components"]["schemas"][name]["properties"]) if name else set()


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("Verification", verifications.EXAMPLE),
        ("CheckResult", verifications.RESULT_EXAMPLE),
        ("Message", messages.EXAMPLE),
        ("Broadcast", broadcasts.EXAMPLE),
        ("Accepted", broadcasts.ACCEPTED_EXAMPLE),
        ("FileAccepted", broadcast_files.ACCEPTED_EXAMPLE),
        ("Statistics", stats.EXAMPLE),
    ],
)
def test_every_answer_has_the_members_of_the_document(document, name, example):
    schema = document["components"]["schemas"][name]
    kind = getattr(sendcode.answers, name)
    assert set(kind.__dataclass_fields__) == set(schema["properties"])
    answer = read(kind, json.loads(json.dumps({**example, "new_member": 1})))
    assert all(getattr(answer, member) == example[member] for member in ("id", "status") if member in example)


def test_an_answer_without_a_required_member_is_refused():
    with pytest.raises(ValueError, match="lacks members of CheckResult"):
        read(sendcode.answers.CheckResult, {"id": "x"})
