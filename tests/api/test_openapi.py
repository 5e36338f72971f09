"""The OpenAPI document, and whether it is true."""

import json
import re

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from api.schemas import verifications as wire
from app import create_app


@pytest.fixture
def document(client):
    answer = client.get("/api/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    return answer.json


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield path, method, operation


def test_the_document_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    errors = [error.message for error in jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(document)]
    assert errors == []


@pytest.mark.parametrize("public_url", ["", "https://code.example.org/", "https://example.org/codes"])
def test_the_document_says_where_the_api_is_and_under_which_terms(settings, public_url):
    app = create_app(settings | {"PUBLIC_URL": public_url}, doors=["api"])
    document = app.test_client().get("/api/openapi.json").json
    assert document["servers"] == [{"url": public_url.rstrip("/") or "/"}]
    assert document["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert document["info"]["contact"]["name"]


def test_operations_without_a_key_say_so(document):
    keyless = {path for path, _, operation in operations(document) if operation["security"] == []}
    assert keyless == {"/healthz", "/readyz", "/metrics", "/receipts/{name}"}


def test_options_offers_only_what_is_there(app, caller, document):
    offered = {}
    for path, method, _ in operations(document):
        offered.setdefault(re.sub(r"\{\w+\}", "0" * 32, path), set()).add(method.upper())
    for path, methods in offered.items():
        allowed = set(caller.client.options(path, headers=caller.headers).headers["Allow"].split(", "))
        assert allowed - {"OPTIONS", "HEAD"} == methods, path
    refused = caller.get("/api/v1/verifications/check")
    assert (refused.status_code, refused.json["code"]) == (405, "method_not_allowed")


def test_every_reference_resolves(document):
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        place = document
        for part in reference.split("/"):
            place = place[part]


def test_every_route_is_documented(app, document):
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api/v1", "/receipts/")) or rule.rule in ("/healthz", "/readyz", "/metrics")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in operations(document)} == routes


def test_every_operation_has_a_name_a_summary_an_example_and_its_problems(document):
    names = [operation["operationId"] for *_, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation["summary"]
        assert operation["description"]
        assert any(status.startswith("4") for status in operation["responses"]), path
        if path.startswith("/api/v1"):
            assert operation["security"] == [{"key": []}]
            wanted = {"401", "403", "429", "500", "503"} | (
                {"422", "413", "415"} if method == "post" else set()
            )
            assert wanted <= set(operation["responses"])
            successes = [
                answer
                for status, answer in operation["responses"].items()
                if status < "300" and status != "204"
            ]
            assert all("example" in answer["content"]["application/json"] for answer in successes)
        if method == "post" and path.startswith("/api/v1"):
            assert {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]
    for name, response in document["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name


def test_the_examples_fit_their_schemas(document):
    checked = 0
    for *_, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for content in body.get("content", {}).values():
                if "example" in content:
                    schema = {**content["schema"], "components": document["components"]}
                    jsonschema_rs.validate(schema, content["example"])
                    checked += 1
    assert checked >= 10
    assert wire.NewVerification().load(wire.NEW_EXAMPLE)


def test_answers_fit_what_is_documented(caller, code, document):
    def assert_fits(answer, name):
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema_rs.Draft202012Validator(schema).validate(answer)

    made = caller.verify()
    assert_fits(made, "Verification")
    assert_fits(
        caller.post(f"/api/v1/verifications/{made['id']}/check", {"code": code()}).json, "CheckResult"
    )
    assert_fits(caller.get("/api/v1/stats").json, "Statistics")
    assert_fits(caller.post("/api/v1/verifications", {}).json, "Problem")
    assert_fits(caller.get("/api/v1/verifications/x").json, "Problem")
    unready = caller.get("/readyz").json
    assert_fits(unready, "Problem")
    assert_fits(unready, "Ready")


def test_the_docs_page_requests_no_other_host(client):
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    files = re.findall(r'(?:src|href)="(/[^"]+)"', answer.text)
    assert len(files) >= 4
    assert re.findall(r'(?:src|href)="(?!/|#)', answer.text) == []
    assert "<script>" not in answer.text
    assert len(answer.data) < 400_000
    assert "style=" not in answer.text
    for file in files:
        with client.get(file) as found:
            assert found.status_code == 200
